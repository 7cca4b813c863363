"""One user erased from InfluxDB, which cannot clear a field: it is written over with an empty text, which no server
tells from a missing one in what it answers us.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pyarrow as pa

from monitor.errors import InputError
from monitor.readings.influx import ranges
from monitor.readings.influx.server import InfluxServer
from monitor.readings.schema import IDENTITY, NAMES_OF_USERS, TRANSACTION
from monitor.readings.store import Batch
from monitor.units import EPOCH

_PLACE = ("site", "station", "connector")


def erase_user(server: InfluxServer, tokens: Collection[str]) -> int:
    """See `ReadingStore.erase_user`. Raises InputError where the user is a tag there, which nothing can change."""
    theirs = {_session(row) for row in _rows(server) if _names(row, tokens) and row["session"] is not None}
    count = 0
    for page in ranges.pages(server, TRANSACTION.name, (None, None)):
        found = [row for row in page.to_pylist() if _is_of(row, tokens, theirs)]
        if found:
            server.write(Batch({TRANSACTION.name: _blank(page.schema, found)}, EPOCH))
            count += len(found)
    if any(_names(row, tokens) for row in _rows(server)):
        raise InputError(
            "the user is still there: in this InfluxDB it is a tag, which nothing can change; it goes with the rows, "
            "by the retention of its bucket"
        )
    return count


def _rows(server: InfluxServer) -> Iterator[Mapping[str, Any]]:
    for page in ranges.pages(server, TRANSACTION.name, (None, None)):
        yield from page.select([*_PLACE, "session", *NAMES_OF_USERS]).to_pylist()


def _session(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (*(row[name] for name in _PLACE), row["session"])


def _names(row: Mapping[str, Any], tokens: Collection[str]) -> bool:
    return any(row[name] in tokens for name in NAMES_OF_USERS)


def _is_of(row: Mapping[str, Any], tokens: Collection[str], sessions: Collection[tuple[Any, ...]]) -> bool:
    mine = _names(row, tokens) or _session(row) in sessions
    return mine and any(row[name] is not None for name in IDENTITY)


def _blank(schema: pa.Schema, rows: list[dict[str, Any]]) -> pa.Table:
    """The points with nothing but an empty text in place of what they have of a person."""
    kept = (*_PLACE, "event", "time_us", "received_us")
    blank = [
        {name: row[name] for name in kept} | {name: None if row[name] is None else "" for name in IDENTITY}
        for row in rows
    ]
    return pa.Table.from_pylist(blank, pa.schema([schema.field(name) for name in (*kept, *IDENTITY)]))
