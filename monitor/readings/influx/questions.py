"""InfluxQL, the one query language of all generations. Every identifier is quoted: `user` is a keyword."""

from monitor.ids import Place
from monitor.readings.schema import Measurement

EARLIEST_US = 0
LATEST_US = 4_102_444_800_000_000
"""1970 and 2100: both bounds always stand in a question, because what an absent one means differs."""

RECEIVED = "received_at"
"""A field that we add to each row we write: when it came in, epoch seconds."""


def identifier(name: str) -> str:
    """A name of a measurement, tag or field."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def literal(text: str) -> str:
    """A text to compare a tag with."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def tags_of(measurement: Measurement) -> tuple[str, ...]:
    """All tags, site first."""
    return ("site", "station", *measurement.tags)


def columns_of(measurement: Measurement) -> tuple[str, ...]:
    """Tags, fields and when it was received, as they stand in a question."""
    return (*tags_of(measurement), *(field.name for field in measurement.fields), RECEIVED)


def rows(
    measurement: Measurement,
    start_us: int | None,
    end_us: int | None,
    place: Place | None,
    *,
    newest_first: bool,
    limit: int | None,
) -> str:
    """Rows with start <= time < end."""
    chosen = ", ".join(identifier(name) for name in columns_of(measurement))
    conditions = [_between(start_us, end_us), *_at(place)]
    order = " ORDER BY time DESC" if newest_first else " ORDER BY time ASC"
    most = f" LIMIT {limit}" if limit is not None else ""
    return f"SELECT {chosen} FROM {identifier(measurement.name)} WHERE {' AND '.join(conditions)}{order}{most}"


def last_status(measurement: Measurement) -> str:
    """The last row of each connector that has a status. The inner question keeps the moment; tags become columns."""
    tags = [identifier(name) for name in tags_of(measurement)]
    others = [identifier(name) for name in columns_of(measurement) if identifier(name) not in {*tags, '"status"'}]
    inner = (
        f'SELECT last("status") AS "status", {", ".join(others)} FROM {identifier(measurement.name)} '
        f"WHERE {_between(None, None)} GROUP BY {', '.join(tags)}"
    )
    return f"SELECT {', '.join([*tags, identifier('status'), *others])} FROM ({inner}) WHERE {_between(None, None)}"


def counts(measurement: Measurement, start_us: int, end_us: int, every_s: int, *, by_station: bool) -> str:
    """How many values of each field there are per `every_s` seconds, and per station where asked."""
    counted = ", ".join(
        f"count({identifier(field.name)}) AS {identifier('n_' + field.name)}" for field in measurement.fields
    )
    grouped = f"time({every_s}s)" + (', "site", "station"' if by_station else "")
    inner = (
        f"SELECT {counted} FROM {identifier(measurement.name)} WHERE {_between(start_us, end_us)} "
        f"GROUP BY {grouped} fill(none)"
    )
    if not by_station:
        return inner
    names = ", ".join(['"site"', '"station"', *(identifier("n_" + field.name) for field in measurement.fields)])
    return f"SELECT {names} FROM ({inner}) WHERE {_between(start_us, end_us)}"


def delete(measurement: Measurement, before_us: int) -> str:
    """1.x: rows before a moment."""
    return f"DELETE FROM {identifier(measurement.name)} WHERE time < {before_us * 1000}"


def create_database(name: str) -> str:
    """1.x: a database with its default retention, which forgets nothing."""
    return f"CREATE DATABASE {identifier(name)}"


def _between(start_us: int | None, end_us: int | None) -> str:
    first = EARLIEST_US if start_us is None else start_us
    last = LATEST_US if end_us is None else end_us
    # A bare number is in nanoseconds, in every generation.
    return f"time >= {first * 1000} AND time < {last * 1000}"


def _at(place: Place | None) -> list[str]:
    if place is None:
        return []
    return [f"{identifier(name)} = {literal(value)}" for name, value in place._asdict().items() if value is not None]
