"""Rows of one connector read back from the store: to take in late ones, and to go on after a restart."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from monitor.ids import STATION_CONNECTOR, Place
from monitor.readings.store import ReadingStore
from monitor.sessions.fold import State, holding
from monitor.sessions.rows import Row, StationRow, StatusRow, TransactionRow, key_of, rows_by_place
from monitor.units import from_us

LOOK_BACK = (timedelta(days=1), timedelta(days=7), timedelta(days=37))
"""How far back a clean beginning is looked for, step by step. The last covers late rows of 30 days and a session."""


@dataclass(frozen=True)
class Beginning:
    """Where a connector can be folded from with nothing known: the rows from `from_us` on.

    Sessions that began before `since_us` may lack their own beginning, or a row that is about the one before them.
    """

    from_us: int
    since_us: int


def gather(store: ReadingStore, place: Place, start_us: int) -> list[Row]:
    """All rows with time >= `start_us` that concern the connector, in the order of folding."""
    sources = [
        ("transaction", place),
        ("status", place),
        ("status", _station(place, STATION_CONNECTOR)),
        ("meter", place),
        ("link", _station(place)),
    ]
    start = from_us(start_us)
    rows = [
        row
        for measurement, where in sources
        for batch in store.scan(measurement, start, place=where)
        for _, row in rows_by_place(measurement, batch)
    ]
    return sorted(rows, key=key_of)


def state_before(store: ReadingStore, place: Place, start_us: int) -> State:
    """What the last statuses of the connector and of its station before `start_us` say; nothing else is known then."""
    state = State()
    for where in (place, _station(place, STATION_CONNECTOR)):
        for batch in store.scan("status", end=from_us(start_us), place=where, newest_first=True, limit=1):
            for _, row in rows_by_place("status", batch):
                state = holding(state, row)
    return state


def beginning_before(store: ReadingStore, place: Place, at_us: int) -> Beginning:
    """The nearest clean beginning that leaves room for one whole session before the one of `at_us`.

    Borders are the moments where the connector was free, else the starts of transactions.
    """
    span_us = 0
    for span in LOOK_BACK:
        span_us = span // timedelta(microseconds=1)
        free, starts = _borders(store, place, at_us - span_us, at_us)
        for borders in (free, starts):
            if len(borders) >= 3:
                return Beginning(borders[-3], borders[-2])
    return Beginning(at_us - span_us, at_us - span_us)


def _borders(store: ReadingStore, place: Place, start_us: int, end_us: int) -> tuple[list[int], list[int]]:
    free, starts, was_free = [], [], False
    for row in sorted(_events(store, place, start_us, end_us), key=key_of):
        is_free = isinstance(row, StatusRow) and row.status == "Available"
        # Available said again and again is one border: no session lies between.
        if is_free and not was_free:
            free.append(row.time_us)
        elif isinstance(row, TransactionRow) and row.event == "start":
            starts.append(row.time_us)
        was_free = is_free
    return free, starts


def _events(store: ReadingStore, place: Place, start_us: int, end_us: int) -> Iterator[Row]:
    for measurement in ("status", "transaction"):
        for batch in store.scan(measurement, from_us(start_us), from_us(end_us), place=place):
            yield from (row for _, row in rows_by_place(measurement, batch) if not isinstance(row, StationRow))


def _station(place: Place, connector: str | None = None) -> Place:
    return Place(place.site, place.station, connector)
