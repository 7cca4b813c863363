"""The short notation of a series: `120 kW x 10, 120..30 kW over 20, _ x 5, 80 %`."""

import re
from collections.abc import Iterator

from monitor.readings.schema import Field
from monitor.units import UNITS, Dimension

_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_ITEM = re.compile(
    rf"(?P<missing>_)(?:\s*x\s*(?P<gap>\d+))?"
    rf"|(?P<first>{_NUMBER})\s*\.\.\s*(?P<last>{_NUMBER})\s*(?P<ramp_unit>[A-Za-z%]+)?\s+over\s+(?P<steps>\d+)"
    rf"|(?P<value>{_NUMBER})\s*(?P<unit>(?!x\b)[A-Za-z%]+)?(?:\s*x\s*(?P<times>\d+))?"
)
MOST = 100_000
"""Values of one series; a test is about minutes or hours."""

_DIMENSIONS: dict[str, Dimension] = {
    "W": "power",
    "Wh": "energy",
    "A": "current",
    "V": "voltage",
    "%": "share",
    "C": "temperature",
    "s": "time",
}


def values(text: str, field: Field) -> list[float | None]:
    """The values in the field's wire unit, None where one is missing (`_`). A number without a unit is in that unit.

    Raises ValueError that names the part it cannot read, and what would be right.
    """
    found: list[float | None] = []
    for part in text.split(","):
        found += _values(part.strip(), field)
        if len(found) > MOST:
            raise ValueError(f"a series has at most {MOST:,} values")
    return found


def _values(part: str, field: Field) -> Iterator[float | None]:
    item = _ITEM.fullmatch(part)
    if item is None:
        unit = f" {field.unit}" if field.unit else ""
        raise ValueError(
            f"{part!r} is no part of a series; write for example 120{unit} x 10, 120..30{unit} over 20, or _ x 5"
        )
    count = int(item["gap"] or item["times"] or item["steps"] or 1)
    if count > MOST:
        raise ValueError(f"{part!r}: a series has at most {MOST:,} values")
    if item["missing"]:
        yield from [None] * count
    elif item["steps"]:
        factor = _factor(item["ramp_unit"], field, part)
        first, last = float(item["first"]), float(item["last"])
        yield from ((first + (last - first) * n / max(count - 1, 1)) * factor for n in range(count))
    else:
        yield from [float(item["value"]) * _factor(item["unit"], field, part)] * count


def _factor(unit: str | None, field: Field, part: str) -> float:
    if unit is None:
        return 1
    dimension, factor = UNITS.get(unit, (None, 1))
    if dimension is None or dimension != _DIMENSIONS.get(field.unit):
        wanted = [name for name, (other, _) in UNITS.items() if other == _DIMENSIONS.get(field.unit)]
        raise ValueError(
            f"{part!r}: {field.name} has no unit {unit!r}; it has {', '.join(wanted)}"
            if wanted
            else f"{part!r}: {field.name} is a number without a unit"
        )
    return float(factor)
