"""InfluxQL, the one query language of all generations. Every identifier is quoted: `user` is a keyword."""

from collections.abc import Sequence
from typing import Literal

from monitor.ids import Place
from monitor.readings.influx.bucket import Bucket
from monitor.readings.influx.mapping import Naming

EARLIEST_US = 0
LATEST_US = 4_102_444_800_000_000
"""1970 and 2100: both bounds always stand in a question, because what an absent one means differs."""


def identifier(name: str) -> str:
    """A name of a measurement, tag or field."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def literal(text: str) -> str:
    """A text to compare a tag with."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def rows(
    naming: Naming,
    start_us: int,
    end_us: int,
    place: Place | None,
    *,
    newest_first: bool,
    limit: int | None,
) -> str:
    """Rows with start <= time < end; columns have our names."""
    conditions = " AND ".join([_between(start_us, end_us), *_at(naming, place)])
    order = " ORDER BY time DESC" if newest_first else " ORDER BY time ASC"
    most = f" LIMIT {limit}" if limit is not None else ""
    chosen = ", ".join(_renamed(naming, name) for name in naming.columns)
    return f"SELECT {chosen} FROM {identifier(naming.called)} WHERE {conditions}{order}{most}"


def last_status(naming: Naming, start_us: int, end_us: int) -> str:
    """Of each connector the last row with start <= time < end that has a status.

    The inner question keeps the moment; in the outer one tags become columns.
    """
    values = [name for name in naming.columns if name not in {*naming.tags, "status"}]
    inner = (
        f'SELECT last({identifier(naming.theirs("status"))}) AS "status", '
        f"{', '.join(_renamed(naming, name) for name in values)} FROM {identifier(naming.called)} "
        f"WHERE {_between(start_us, end_us)} GROUP BY {_tags(naming, naming.tags)}"
    )
    tags = ", ".join(_renamed(naming, name) for name in naming.tags)
    return f"SELECT {tags}, {_names(['status', *values])} FROM ({inner}) WHERE {_between(start_us, end_us)}"


def counts(naming: Naming, start_us: int, end_us: int, every_s: int, *, by_station: bool) -> str:
    """How many values of each field there are per `every_s` seconds, and per station where asked: `n_<field>`."""
    fields = [each.name for each in naming.measurement.fields]
    places = [name for name in ("site", "station") if name in naming.tags] if by_station else []
    grouped = ", ".join([f"time({every_s}s)", *([_tags(naming, places)] if places else [])])
    inner = (
        f"SELECT {_counted(naming, fields)} FROM {identifier(naming.called)} WHERE {_between(start_us, end_us)} "
        f"GROUP BY {grouped} fill(none)"
    )
    if not places:
        return inner
    tags = ", ".join(_renamed(naming, name) for name in places)
    return (
        f"SELECT {tags}, {_names(['n_' + name for name in fields])} FROM ({inner}) WHERE {_between(start_us, end_us)}"
    )


def totals(naming: Naming, start_us: int, end_us: int) -> str:
    """How many values of each field, our own times too, there are with start <= time < end: `n_<field>`."""
    names = [*(each.name for each in naming.measurement.fields), *naming.times]
    return f"SELECT {_counted(naming, names)} FROM {identifier(naming.called)} WHERE {_between(start_us, end_us)}"


def delete(naming: Naming, before_us: int) -> str:
    """1.x: rows before a moment."""
    return f"DELETE FROM {identifier(naming.called)} WHERE time < {before_us * 1000}"


def keys(naming: Naming, kind: Literal["FIELD", "TAG"]) -> str:
    """The names that stand in the measurement."""
    return f"SHOW {kind} KEYS FROM {identifier(naming.called)}"


MEASUREMENTS = "SHOW MEASUREMENTS"


def policies(database: str) -> str:
    """The retention policies of a database; on 2.x the second parts of its buckets' names."""
    return f"SHOW RETENTION POLICIES ON {identifier(database)}"


def create(bucket: Bucket) -> list[str]:
    """1.x: a database, and the policy that is named; both forget nothing. What is there already stays as it is."""
    database = f"CREATE DATABASE {identifier(bucket.database)}"
    if not bucket.policy:
        return [database]
    policy = f"CREATE RETENTION POLICY {identifier(bucket.policy)} ON {identifier(bucket.database)}"
    return [database, f"{policy} DURATION INF REPLICATION 1"]


def _counted(naming: Naming, names: Sequence[str]) -> str:
    return ", ".join(f"count({identifier(naming.theirs(name))}) AS {identifier('n_' + name)}" for name in names)


def _between(start_us: int, end_us: int) -> str:
    # A bare number is in nanoseconds, in every generation.
    return f"time >= {start_us * 1000} AND time < {end_us * 1000}"


def _at(naming: Naming, place: Place | None) -> list[str]:
    """Conditions on tags; of another site than the constant one there are no rows."""
    found = []
    for name, value in (place._asdict() if place else {}).items():
        if value is not None and name not in naming.constants:
            found.append(f"{identifier(naming.theirs(name))} = {literal(value)}")
        elif value is not None and naming.constants[name] != value:
            found.append("time < 0")
    return found


def _renamed(naming: Naming, name: str) -> str:
    theirs = naming.theirs(name)
    return identifier(name) if theirs == name else f"{identifier(theirs)} AS {identifier(name)}"


def _tags(naming: Naming, names: Sequence[str]) -> str:
    return ", ".join(identifier(naming.theirs(name)) for name in names)


def _names(names: Sequence[str]) -> str:
    return ", ".join(identifier(name) for name in names)
