"""What the service asks of a readings store. The contract suite (tests/contract) runs over every implementation."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from monitor.ids import Place
from monitor.readings.samples import Samples


@dataclass(frozen=True)
class Batch:
    """Rows that arrived together, one table per measurement, in wire units.

    Columns of each table: `site`, `station` (string), `connector` (string; not on link), `event` (transaction only),
    `time_us` (int64 epoch microseconds), then any of the measurement's fields by wire name: float64 or string, null
    where missing. `received_at` is kept beside every row, but where a table has a column `received_us` (int64): rows of
    a file that says when each of them arrived.

    `transaction` and `link` may have `claimed_us` (int64): null where the charger's clock was believed, else the time
    it claimed while `time_us` is `received_at`. A session with such a transaction row is flagged `clock_skew`.
    """

    tables: Mapping[str, pa.Table]
    received_at: datetime

    @property
    def rows(self) -> int:
        """How many rows there are in all tables."""
        return sum(table.num_rows for table in self.tables.values())


class Snapshot(Protocol):
    """One consistent picture of the window, a DuckDB read transaction with a cursor of its own.

    Relations: `connectors(connector_key, station_key, site, station, connector)`,
    `stations(station_key, site, station)`; `meter`, `status`, `"transaction"` with `connector_key`, `link` with
    `station_key`; each also `time_us`, `received_us`, `seq` and the stored columns of the schema (`claimed_us` too on
    `"transaction"` and `link`); and
    `latest_meter` (per connector the last value that is not null of each column, `<column>`, and when, `<column>_us`),
    `latest_status` (per connector the last row, and `since_us`: since when the status has this value),
    `latest_link` (per station: `seen_us` of any row of any measurement, `heartbeat_us`, `interval_ms`,
    `disconnected_us`, `connected_us`). The `latest_*` relations are as of the `now` of the last `bring_up_to`: a row
    of a later time is not in them yet, so that a tick sees what a backtest of the same moment sees. A row of `status`
    without a status (a later write added its `info`) is no last row. Names like `user`, `group`, `transaction` are
    keywords of SQL: quote them.
    """

    def query(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] = (), **tables: pa.Table) -> pa.Table:
        """Run one SELECT; `tables` are Arrow tables that the statement may name.

        Raises InputError when the statement itself is wrong, StoreUnavailable when the store cannot answer it.
        """
        ...

    def samples(self, columns: AbstractSet[str], after_us: int, upto_us: int) -> Samples:
        """Rows of `meter` with after_us < time <= upto_us and at least these columns (stored, whole numbers), in the
        order of connector and time, as of the last `bring_up_to`. There may be more rows, older and later ones.

        Raises StoreUnavailable when the store cannot answer.
        """
        ...


class ReadingStore(Protocol):
    """A store of record with its hot window. All methods raise StoreUnavailable when it is away."""

    @property
    def path(self) -> Path:
        """The file that this process has open, and other processes find it by."""
        ...

    def append(self, batch: Batch) -> None:
        """Store a batch; on return it survives kill -9. Writing the same point again merges field by field.

        Points are the same when measurement, all tags and `time_us` are: two link rows of one station within one
        microsecond are one row, fields of the later write winning. Raises InputError on a value that cannot be stored
        (NaN, infinite, too large) or a column that the schema does not know; nothing of the batch is stored then.
        """
        ...

    def register(self, places: Sequence[Place]) -> None:
        """Give connectors that have not sent anything yet a key, so that they are watched."""
        ...

    def bring_up_to(self, now: datetime) -> None:
        """Merge late rows and make the window end at `now`."""
        ...

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """A consistent picture, valid inside the `with`."""
        ...

    def arrivals(self, measurement: str, after: int, upto: int | None = None) -> tuple[pa.Table, int]:
        """Rows that arrived after sequence number `after` (not by their time), late ones too, and the last number.

        Columns as `scan`, and `seq`.
        """
        ...

    @property
    def arrivals_are_all(self) -> bool:
        """Whether `arrivals(measurement, 0)` is every row there ever was; else `scan` alone has the older ones."""
        ...

    def scan(
        self,
        measurement: str,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        place: Place | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Rows with start <= time < end in wire units, late ones too, ordered by time.

        Columns: `site`, `station`, (`connector`), (`event`), `time_us`, `received_us`, every field by wire name.
        `place` restricts to a site, station or connector. `received_us` of a point that was written again is that of
        its first write, but where a server of record knows only the last.
        """
        ...

    def forget(self, measurement: str, before: datetime) -> int:
        """Delete rows older than `before`; how many there were, at least: a server of record may count values only."""
        ...

    def forget_users(self, before: datetime) -> int:
        """Erase `user` from transaction rows older than `before`; how many had one. The rows stay, and do not
        arrive again. Raises InputError where the server of record cannot clear a single field.
        """
        ...

    def erase_user(self, tokens: Collection[str]) -> int:
        """Erase all that leads to a user from the transaction rows that name one of the tokens, and from the other rows
        of those sessions; how many had anything. The rows stay. A repetition goes on where one was cut short.
        """
        ...

    def health(self) -> "StoreHealth":
        """What the health page shows."""
        ...

    def close(self) -> None:
        """Finish the writes under way and close."""
        ...


@dataclass(frozen=True)
class StoreHealth:
    """How the store is doing."""

    reachable: bool
    rows: Mapping[str, int]
    newest: datetime | None
    late_rows: int
    size_bytes: int
    details: Mapping[str, str] = field(default_factory=dict)
