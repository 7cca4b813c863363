"""Stored readings as the service would have come to know them: slot by slot, read in pieces of a bounded size."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitor.ids import Place
from monitor.readings.frames import schema
from monitor.readings.scanning import Source
from monitor.readings.schema import MEASUREMENTS, Measurement
from monitor.units import to_us

Tables = Mapping[str, pa.Table]

ROWS_AT_ONCE = 400_000
"""Rows that a piece should have: they are in memory as Arrow, about 150 bytes each."""

RECENT = timedelta(days=1)
"""How far before the first slot all rows are read: a car may be there for a day."""

LONG_AGO = timedelta(days=37)
"""How far statuses are: they hold for weeks. As far as sessions look for a beginning."""

FIRST_PIECE = timedelta(hours=1)

_MOMENT = timedelta(microseconds=1)
_LONGEST = timedelta(days=2)


def wire(measurement: Measurement) -> pa.Schema:
    """A piece's columns: those of `ReadingStore.scan`."""
    names = {"time": ("time_us", pa.int64()), "received_at": ("received_us", pa.int64())}
    return pa.schema([names.get(one.name, (one.name, one.type)) for one in schema(measurement)])


@dataclass
class Feed:
    """Rows of a source. `as_received`: each is known from when it came in, else at its own time."""

    source: Source
    as_received: bool = False
    _held: dict[str, pa.Table] = field(default_factory=dict)
    """Rows of times that were read already, which come in later."""

    def statuses_before(self, first: datetime) -> Iterator[tuple[datetime, Tables]]:
        """Statuses of the weeks before what `before` gives, in the order of time."""
        yield from self._pieces(first - LONG_AGO, first - RECENT, ["status"])

    def before(self, first: datetime) -> Iterator[tuple[datetime, Tables]]:
        """What is known at the first slot of the day before it, in the order of time."""
        yield from self._pieces(first - RECENT, first - _MOMENT, list(MEASUREMENTS))

    def _pieces(
        self, after: datetime, upto: datetime, measurements: Sequence[str]
    ) -> Iterator[tuple[datetime, Tables]]:
        span = FIRST_PIECE
        while after < upto:
            until = min(after + span, upto)
            tables = self._between(after, until, measurements)
            yield until, tables
            after, span = until, _next_span(span, tables)

    def slots(self, slots: Sequence[datetime]) -> Iterator[tuple[datetime, Tables]]:
        """Each slot with what came to be known since the one before; `before` has been asked."""
        spacing = slots[1] - slots[0] if len(slots) > 1 else timedelta(minutes=1)
        known, begin, span = slots[0] - _MOMENT, 0, FIRST_PIECE
        while begin < len(slots):
            end = min(begin + max(span // spacing, 1), len(slots))
            tables = self._between(known, slots[end - 1], list(MEASUREMENTS))
            yield from _cut(tables, slots[begin:end])
            known, begin, span = slots[end - 1], end, _next_span(span, tables)

    def of_place(self, measurement: str, start: datetime | None, end: datetime, place: Place) -> pa.Table:
        """One place's rows with start <= time < end that are known by then, oldest first."""
        known = MEASUREMENTS[measurement]
        begin = end - LONG_AGO if start is None else start
        batches = list(self.source.scan(known, begin, end, place))
        table = self._wired(pa.Table.from_batches(batches, schema(known)), known)
        return table.filter(pc.less(_known_us(table), to_us(end)))

    def _between(self, after: datetime, upto: datetime, measurements: Sequence[str]) -> dict[str, pa.Table]:
        """What came to be known after `after` and up to `upto`, in that order."""
        found = {}
        for name in measurements:
            known = MEASUREMENTS[name]
            batches = list(self.source.scan(known, after + _MOMENT, upto + _MOMENT))
            table = self._wired(pa.Table.from_batches(batches, schema(known)), known)
            found[name] = self._hold_back(name, table, to_us(upto)) if self.as_received else table
        return found

    def _wired(self, table: pa.Table, measurement: Measurement) -> pa.Table:
        times = {"time_us": "time", "received_us": "received_at" if self.as_received else "time"}
        wanted = wire(measurement)
        return pa.table([table[times.get(one.name, one.name)].cast(one.type) for one in wanted], schema=wanted)

    def _hold_back(self, name: str, table: pa.Table, upto_us: int) -> pa.Table:
        held = self._held.get(name)
        every = table if held is None else pa.concat_tables([held, table])
        known_us = _known_us(every)
        here = pc.less_equal(known_us, upto_us)
        self._held[name] = every.filter(pc.invert(here))
        now = every.filter(here)
        return now.take(pc.sort_indices(_known_us(now)))


def _known_us(table: pa.Table) -> pa.ChunkedArray:
    """Since when each row is known: nobody knows one before its time."""
    return pc.max_element_wise(table["time_us"], table["received_us"])


def _next_span(span: timedelta, tables: Tables) -> timedelta:
    rows = sum(table.num_rows for table in tables.values())
    wanted: timedelta = span * min(max(ROWS_AT_ONCE / max(rows, 1), 0.25), 4)
    return min(wanted, _LONGEST)


def _cut(tables: Tables, slots: Sequence[datetime]) -> Iterator[tuple[datetime, Tables]]:
    """The rows of each slot."""
    borders = np.array([to_us(slot) for slot in slots])
    ends = {name: np.searchsorted(_known_us(table).to_numpy(), borders, "right") for name, table in tables.items()}
    begins = dict.fromkeys(tables, 0)
    for number, slot in enumerate(slots):
        came = {}
        for name, table in tables.items():
            begin, end = begins[name], int(ends[name][number])
            if end > begin:
                came[name] = table.slice(begin, end - begin)
                begins[name] = end
        yield slot, came
