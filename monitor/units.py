"""Quantities as operators write them (`150 kW`, `80 %`, `10m`) and as people read them (`11.2 kW`, `14 min`)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple

Dimension = Literal["power", "energy", "current", "voltage", "share", "time", "temperature", "count", "text", "truth"]

UNITS: dict[str, tuple[Dimension, Decimal]] = {
    "W": ("power", Decimal(1)),
    "kW": ("power", Decimal(1000)),
    "MW": ("power", Decimal(1_000_000)),
    "Wh": ("energy", Decimal(1)),
    "kWh": ("energy", Decimal(1000)),
    "MWh": ("energy", Decimal(1_000_000)),
    "A": ("current", Decimal(1)),
    "V": ("voltage", Decimal(1)),
    "%": ("share", Decimal(1)),
    "C": ("temperature", Decimal(1)),
    "ms": ("time", Decimal("0.001")),
    "s": ("time", Decimal(1)),
    "m": ("time", Decimal(60)),
    "min": ("time", Decimal(60)),
    "h": ("time", Decimal(3600)),
    "d": ("time", Decimal(86400)),
    "w": ("time", Decimal(604800)),
}
"""Unit as written -> its dimension and its factor to the base unit (W, Wh, A, V, percent, degree Celsius, second)."""

_QUANTITY = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*([A-Za-z%]+)\s*")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|min|[smhdw])\s*")


@dataclass(frozen=True)
class Quantity:
    """A number in the base unit of its dimension: `3 kW` is Quantity(3000, "power")."""

    value: Decimal
    dimension: Dimension


def parse_quantity(text: str) -> Quantity:
    """Read `150 kW`; raise ValueError naming the units that exist when the unit is missing or unknown."""
    found = _QUANTITY.fullmatch(text)
    if not found or found[2] not in UNITS:
        raise ValueError(f"{text!r} is not a number with a unit; units are {', '.join(UNITS)}")
    dimension, factor = UNITS[found[2]]
    return Quantity(Decimal(found[1]) * factor, dimension)


def parse_duration(text: str) -> timedelta:
    """Read `30s`, `10m`, `2h`, `1h30m`; raise ValueError with an example otherwise."""
    position, seconds = 0, Decimal(0)
    stripped = text.strip()
    while position < len(stripped):
        part = _DURATION_PART.match(stripped, position)
        if not part:
            break
        seconds += Decimal(part[1]) * UNITS[part[2]][1]
        position = part.end()
    if not stripped or position != len(stripped):
        raise ValueError(f"{text!r} is not a duration; write for example 30s, 10m, 2h or 1h30m")
    return timedelta(microseconds=int(seconds * 1_000_000))


def duration_text(span: timedelta) -> str:
    """The shortest exact way to write a duration that `parse_duration` reads back: `90s` is `1m30s`."""
    milliseconds, parts = round(span / timedelta(milliseconds=1)), []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, milliseconds = divmod(milliseconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


class Money(NamedTuple):
    """An amount with the digits of its currency, as a customer pays it; `taxed` False: taxes come on top."""

    amount: Decimal
    currency: str
    taxed: bool = True

    def __str__(self) -> str:
        return f"{decimal_comma(f'{self.amount:f}')} {'kr' if self.currency == 'SEK' else self.currency}"


def decimal_comma(text: str) -> str:
    """A formatted number as texts for people have it, in both languages: `11.2` is `11,2`."""
    return text.replace(".", ",")


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(moment: datetime) -> int:
    """Epoch microseconds of an aware datetime, exactly (no float on the way)."""
    return (moment - EPOCH) // _MICROSECOND


def from_us(epoch_us: int) -> datetime:
    """The aware UTC datetime of epoch microseconds."""
    return EPOCH + timedelta(microseconds=epoch_us)
