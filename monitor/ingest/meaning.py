"""What a line means under the schema: the row it becomes, or why it cannot become one."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from monitor.documents import nearest
from monitor.ingest import clock
from monitor.ingest.syntax import BadLine, Line, Value
from monitor.readings.schema import (
    CLOCK_STANDS_IN,
    LINK_EVENTS,
    MEASUREMENTS,
    STATUSES,
    TRANSACTION_EVENTS,
    Field,
    Measurement,
)

VOCABULARIES = {
    ("status", "status"): STATUSES,
    ("link", "event"): LINK_EVENTS,
    ("transaction", "event"): TRANSACTION_EVENTS,
}
"""Tags and fields that take only these words."""


@dataclass(frozen=True)
class Row:
    """A row of a batch: its measurement and its columns in wire units."""

    measurement: str
    columns: Mapping[str, int | float | str | None]


def interpret(line: Line, received_us: int, precision: clock.Precision, unknown: Counter[str]) -> Row | None:
    """The row of a line; None when nothing of it is known. Raises BadLine.

    Unknown names of lines that are not rejected are counted in `unknown`: `weather` (a measurement), `meter.colour`
    (a field), `meter,host` (a tag).
    """
    measurement = MEASUREMENTS.get(line.measurement)
    if measurement is None:
        unknown[line.measurement] += 1
        return None
    names = ("site", "station", *measurement.tags)
    tags = dict(line.tags)
    for name in names:
        if name not in tags:
            raise BadLine(f"tag {name!r} is missing; {measurement.name} needs {', '.join(names)}")
        _check_word(measurement, name, tags[name])
    columns: dict[str, int | float | str | None] = {name: tags[name] for name in names}
    columns.update(_times(measurement, line.time, received_us, precision))
    known, strange = _fields(measurement, line)
    unknown.update(strange)
    unknown.update(f"{measurement.name},{name}" for name in tags if name not in names)
    return Row(measurement.name, {**columns, **known}) if known else None


def _fields(measurement: Measurement, line: Line) -> tuple[dict[str, float | str], list[str]]:
    known: dict[str, float | str] = {}
    strange = []
    for name, value in line.fields:
        field = measurement.field(name)
        if field is None:
            strange.append(f"{measurement.name}.{name}")
        else:
            known[name] = _checked(field, value)
            _check_word(measurement, name, value)
    return known, strange


def _checked(field: Field, value: Value) -> float | str:
    if field.kind == "text":
        if not isinstance(value, str):
            raise BadLine(f"field {field.name!r} is text, in double quotes; {_described(value)} came")
        return value
    if isinstance(value, (str, bool)):
        raise BadLine(f"field {field.name!r} is a number; {_described(value)} came")
    if not abs(value) <= field.largest:
        raise BadLine(f"field {field.name!r} is {value:g}, more than can be stored")
    return value


def _check_word(measurement: Measurement, name: str, value: Value) -> None:
    words = VOCABULARIES.get((measurement.name, name))
    if words is not None and value not in words:
        raise BadLine(f"{name} {value!r} is not known{nearest(str(value), words)}")


def _described(value: Value) -> str:
    if isinstance(value, bool):
        return "a boolean"
    return f"text {value[:40]!r}" if isinstance(value, str) else f"the number {value:g}"


def _times(
    measurement: Measurement, written: int | None, received_us: int, precision: clock.Precision
) -> dict[str, int | None]:
    factor, divisor = clock.US_PER_UNIT[precision]
    time_us = received_us if written is None else written * factor // divisor
    if measurement.name in CLOCK_STANDS_IN:
        believed = clock.believe(time_us, received_us)
        return {"time_us": believed.time_us, "claimed_us": believed.claimed_us}
    if reason := clock.cannot_be(time_us):
        raise BadLine(reason)
    return {"time_us": time_us}
