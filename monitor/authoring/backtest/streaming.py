"""Rows of a feed on their way to the rules: sessions see them at once, the store gets many slots' rows together."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyarrow as pa

from monitor.authoring.backtest.feeding import Feed, Tables, wire
from monitor.ids import Place
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.schema import MEASUREMENTS
from monitor.readings.store import Batch
from monitor.units import EPOCH

_MOMENT = timedelta(microseconds=1)
_NOTHING = {name: wire(measurement).empty_table() for name, measurement in MEASUREMENTS.items()}


@dataclass
class Streamed:
    """Implements `playing.Rows`; each point comes once and whole, as sources give them."""

    store: EmbeddedStore
    feed: Feed
    arrivals_are_all: bool = True
    _now: datetime = field(default=EPOCH, init=False)
    _came: Tables = field(default_factory=dict, init=False)
    _position: int = field(default=0, init=False)
    _waiting: list[Tables] = field(default_factory=list, init=False)

    def take(self, slot: datetime, came: Tables) -> None:
        self._now, self._came = slot, came
        self._position += 1
        if came:
            self._waiting.append(came)

    def flush(self) -> None:
        names = {name for tables in self._waiting for name in tables}
        together = {
            name: pa.concat_tables([tables[name] for tables in self._waiting if name in tables]) for name in names
        }
        self._waiting.clear()
        if together:
            self.store.append(Batch(together, self._now))

    def arrivals(self, measurement: str, after: int, upto: int | None = None) -> tuple[pa.Table, int]:  # noqa: ARG002
        """See `ReadingStore.arrivals`: of the slot that is being taken."""
        return self._came.get(measurement, _NOTHING[measurement]), self._position

    def scan(
        self,
        measurement: str,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        place: Place,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """See `ReadingStore.scan`: nothing that the slot does not know. Few sessions ask, when a row comes late."""
        known = self._now + _MOMENT
        table = self.feed.of_place(measurement, start, known if end is None else min(end, known), place)
        if newest_first:
            table = table.take(pa.array(range(table.num_rows - 1, -1, -1), pa.int64()))
        yield from (table if limit is None else table.slice(0, limit)).to_batches()
