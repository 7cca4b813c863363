"""What arrived since a sequence number, by connector, without the rows that can touch no session.

At any moment most connectors are idle, and most rows are meter values of idle ones: these are dropped while they are
still columns, and only the time of the last one is kept, so that an event that comes later but lies before it is known
to be out of order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from monitor.ids import STATION_CONNECTOR, Place
from monitor.readings.store import ReadingStore
from monitor.sessions.presence import LATE_US
from monitor.sessions.rows import Row, rows_by_place

_SEPARATOR = "\x1f"
"""Between the names of a place in a column: a control character, which no name has."""


@dataclass(frozen=True)
class Arrivals:
    """`rows` by connector, and rows of stations (link, connector 0) by station; `skipped_us`: time of the last row
    that was dropped, by place; `position`: the sequence number up to which this is all.
    """

    position: int
    rows: Mapping[Place, list[Row]]
    station_rows: Mapping[Place, list[Row]]
    skipped_us: Mapping[Place, int] = field(default_factory=dict)


def read_arrivals(store: ReadingStore, after: int, busy: Iterable[Place], closed_us: Mapping[Place, int]) -> Arrivals:
    """Everything that arrived after `after`.

    `busy`: connectors whose every row matters; `closed_us`: until when others had a session that is closed.
    """
    transactions, position = store.arrivals("transaction", after)
    statuses, _ = store.arrivals("status", after, position)
    links, _ = store.arrivals("link", after, position)
    meters, _ = store.arrivals("meter", after, position)
    rows: dict[Place, list[Row]] = {}
    station_rows: dict[Place, list[Row]] = {}
    for measurement, table in (("transaction", transactions), ("status", statuses), ("link", links)):
        for place, row in rows_by_place(measurement, table):
            if place.connector in {None, STATION_CONNECTOR}:
                if measurement != "transaction":
                    station_rows.setdefault(place.station_place, []).append(row)
            else:
                rows.setdefault(place, []).append(row)
    wanted, skipped = _split(meters, {*busy, *rows}, closed_us)
    for place, row in rows_by_place("meter", wanted):
        rows.setdefault(place, []).append(row)
    return Arrivals(position, rows, station_rows, skipped)


def _split(meters: pa.Table, busy: set[Place], closed_us: Mapping[Place, int]) -> tuple[pa.Table, Mapping[Place, int]]:
    """The rows that may matter, and the newest time of each connector's others."""
    if not meters.num_rows:
        return meters, {}
    table = meters.append_column("subject", _subjects(meters))
    named = pc.not_equal(pc.fill_null(meters["session"], ""), "")
    late = pc.greater(pc.subtract(meters["received_us"], meters["time_us"]), LATE_US)
    # A connector with one row that matters gets all of them: its rows without an id belong to the same session.
    wanted = {_SEPARATOR.join(map(str, place)) for place in busy}
    wanted.update(pc.unique(table["subject"].filter(pc.or_(named, late))).to_pylist())
    spans = table.select(["subject", "time_us"]).group_by("subject").aggregate([("time_us", "min"), ("time_us", "max")])
    skipped: dict[Place, int] = {}
    for subject, first_us, last_us in zip(*(column.to_pylist() for column in spans.columns), strict=True):
        place = Place(*subject.split(_SEPARATOR))
        if first_us <= closed_us.get(place, -1):
            wanted.add(subject)
        elif subject not in wanted:
            skipped[place] = last_us
    own = pc.not_equal(meters["connector"], STATION_CONNECTOR)
    chosen = pc.and_(pc.is_in(table["subject"], value_set=pa.array(sorted(wanted), pa.string())), own)
    return meters.filter(chosen), skipped


def _subjects(table: pa.Table) -> pa.ChunkedArray:
    names = [pc.cast(table[name], pa.string()) for name in ("site", "station", "connector")]
    joined = pc.binary_join_element_wise(*names, _SEPARATOR)
    return joined if isinstance(joined, pa.ChunkedArray) else pa.chunked_array([joined])
