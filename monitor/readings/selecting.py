"""SELECTs that give rows back in wire units, with the names of their places."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from monitor.ids import Place
from monitor.readings.late import whole
from monitor.readings.schema import CLOCK_STANDS_IN, Measurement
from monitor.readings.tables import CLAIMED, quoted, subject_key
from monitor.units import to_us


def scan_statement(
    measurement: Measurement,
    start: datetime | None,
    end: datetime | None,
    place: Place | None,
    *,
    newest_first: bool,
    limit: int | None,
    late: bool,
) -> tuple[str, dict[str, Any]]:
    """The statement of `ReadingStore.scan` and its parameters."""
    parameters: dict[str, Any] = {}
    conditions = []
    if start is not None:
        conditions.append("time_us >= $start")
        parameters["start"] = to_us(start)
    if end is not None:
        conditions.append("time_us < $end")
        parameters["end"] = to_us(end)
    for name, value in place._asdict().items() if place else ():
        if value is not None:
            conditions.append(
                f"names.{name} = ${name}" if name != "connector" or "connector" in measurement.tags else "false"
            )
            if "false" not in conditions:
                parameters[name] = value
    direction = "DESC" if newest_first else "ASC"
    order = ", ".join(f"{column} {direction}" for column in _order(measurement))
    statement = f"SELECT {_wire_columns(measurement)} {_from(measurement, conditions, late=late)} ORDER BY {order}"
    if limit is not None:
        statement += " LIMIT $limit"
        parameters["limit"] = limit
    return statement, parameters


def arrivals_statement(measurement: Measurement, *, late: bool) -> str:
    """The statement of `ReadingStore.arrivals`; its parameters are `after` and `upto`."""
    source = _from(measurement, ["seq > $after", "seq <= $upto"], late=late)
    return f"SELECT {_wire_columns(measurement)}, seq {source} ORDER BY seq, {', '.join(_order(measurement))}"


def _from(measurement: Measurement, conditions: list[str], *, late: bool) -> str:
    key = subject_key(measurement)
    names = "connectors" if key == "connector_key" else "stations"
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"FROM ({whole(measurement, late=late)}) AS points JOIN {names} AS names USING ({key}) {where}"


def _order(measurement: Measurement) -> Iterator[str]:
    yield "time_us"
    yield subject_key(measurement)  # any order among rows of one moment will do, but always the same
    if "event" in measurement.tags:
        yield "event"


def _wire_columns(measurement: Measurement) -> str:
    names = ["names.site", "names.station"]
    if "connector" in measurement.tags:
        names.append("names.connector")
    if "event" in measurement.tags:
        names.append("event")
    names += ["time_us", "received_us"]
    if measurement.name in CLOCK_STANDS_IN:
        names.append(CLAIMED)
    for field in measurement.fields:
        stored = quoted(field.column)
        # One division of two exact doubles: the nearest double to the decimal number that was measured.
        names.append(
            f"{stored} / {field.scale}.0::DOUBLE AS {quoted(field.name)}" if field.kind == "number" else stored
        )
    return ", ".join(names)
