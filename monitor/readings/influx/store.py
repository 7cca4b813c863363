"""InfluxDB as the store of record: a server, the hot window beside it, and a spool for when it is away."""

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa

from monitor.errors import InputError, StoreUnavailable, Unavailable
from monitor.ids import Place
from monitor.readings.influx import erasing, ranges
from monitor.readings.influx.draining import Drain
from monitor.readings.influx.late import LateRows
from monitor.readings.influx.nightly import Nightly
from monitor.readings.influx.patience import Patience, StillBusy
from monitor.readings.influx.pulling import Puller, Reach
from monitor.readings.influx.server import InfluxServer, wrong_clock
from monitor.readings.influx.upkeep import Upkeep
from monitor.readings.influx.window import Window
from monitor.readings.spool import Spool
from monitor.readings.staging import stage
from monitor.readings.store import Batch, Snapshot, StoreHealth
from monitor.units import from_us, to_us

_DIRECT_WRITES = 4
"""Threads that may wait for InfluxDB at once. When it hangs, the others of the web server spool, and stay free."""
_TURN_S = 1.0
_PATIENCE = 2
"""How many times `influxdb.timeout` a tick waits for its rows."""
_DRAINED_S = 5.0
"""How long a tick waits for the spool to be empty again before it is given up."""


@dataclass(frozen=True)
class Bounds:
    """What of [evaluate] and [spool] the store needs; sizes in bytes."""

    window: timedelta
    lateness: timedelta
    window_limit: int
    spool_limit: int


class InfluxStore:
    """Implements `monitor.readings.store.ReadingStore`; made and used from any thread, opens no connection by itself.

    What `append` has acknowledged is in InfluxDB or in the spool; the window has it once InfluxDB does. While anything
    waits in the spool, new batches go behind it.
    """

    arrivals_are_all = False

    def __init__(self, server: InfluxServer, folder: Path, bounds: Bounds, opened_at: datetime) -> None:
        """`folder`: where the window's file and the spool are kept."""
        self._server = server
        settings = server.settings
        source = f"{settings.url} {settings.bucket} {server.mapping.model_dump_json()}"
        self._window = Window(folder / "window.duckdb", bounds.window, source, opened_at)
        self._spool = Spool(folder / "spool", bounds.spool_limit)
        self._bounds = bounds
        keep = max(bounds.window, bounds.lateness) + timedelta(minutes=1)
        self._puller = Puller(server, self._window, Reach(keep, bounds.window_limit))
        self._late = LateRows(server, self._window, self._puller, bounds.lateness)
        nightly = Nightly(server, self._window, self._puller)
        self._upkeep = Upkeep(self._window, self._late, nightly, keep)
        self._drain = Drain(self._spool, server, self._window)
        self._turns = threading.BoundedSemaphore(_DIRECT_WRITES)
        self._patience = Patience()
        self._away = ""
        self._wrong_clock = ""
        self._closed = False

    def start(self) -> None:
        """Begin to drain the spool and to look for late rows beside the ticks."""
        self._drain.start()
        self._upkeep.start()

    @property
    def path(self) -> Path:
        return self._window.path

    def append(self, batch: Batch) -> None:
        """Also raises StoreFull and DiskFull, when InfluxDB is away and the spool cannot take the batch."""
        self._check_open()
        if not stage(batch):
            return
        # Known to be away: nobody waits for it, the drain tries.
        if not self._spool and not self._away and self._written(batch):
            self._window.append(batch)
            return
        self._server.lines_of(batch)  # what could never be written is refused now, not spooled
        self._spool.append(batch)

    def register(self, places: Sequence[Place]) -> None:
        self._window.register(places)

    def bring_up_to(self, now: datetime) -> None:
        """Raises StoreUnavailable while InfluxDB is away, and until it has what came in before `now`."""
        self._check_open()
        try:
            self._wait_for_spool(now)
            self._patience.run(
                lambda: self._pull(to_us(now)), _PATIENCE * self._server.settings.timeout.total_seconds()
            )
        except StillBusy as error:
            self._away = f"still reading from InfluxDB, up to {_moment(self._puller.reached_us)}"
            raise StoreUnavailable(self._away) from error
        except Unavailable as error:
            self._away = str(error)
            raise
        self._away = ""
        self._late.note(self._window.resumed(self._bounds.lateness), to_us(now))
        self._window.bring_up_to(now)
        self._upkeep.wake(to_us(now))

    def look_for_late_rows(self, now: datetime) -> int:
        """What the thread beside the ticks does after each, done at once; how many rows were taken in."""
        return self._upkeep.work(to_us(now))

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        return self._window.snapshot()

    def arrivals(self, measurement: str, after: int, upto: int | None = None) -> tuple[pa.Table, int]:
        self._upkeep.note_consumed(after)
        return self._window.arrivals(measurement, after, upto)

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
        self._check_open()
        yield from ranges.scan(
            self._server, measurement, start, end, place=place, newest_first=newest_first, limit=limit
        )

    def forget(self, measurement: str, before: datetime) -> int:
        """At least how many there were; raises InputError on InfluxDB 3 Core, which deletes nothing by request."""
        self._check_open()
        before_us = to_us(before)
        rows = self._server.at_least(measurement, before_us)
        if rows:
            self._server.delete(measurement, before_us)
        self._window.forget(measurement, before)
        return rows

    def forget_users(self, before: datetime) -> int:  # noqa: ARG002
        raise InputError(
            "InfluxDB cannot clear one field of a row: users go from it with retention.transaction, or with the "
            "retention of its bucket"
        )

    def erase_user(self, tokens: Collection[str]) -> int:
        """Raises StoreUnavailable while batches wait for InfluxDB: the user may be in them."""
        self._check_open()
        if self._spool:
            raise StoreUnavailable("readings wait in the spool for InfluxDB; erase again when they are drained")
        rows = erasing.erase_user(self._server, tokens)
        self._window.erase_user(tokens)
        return rows

    def health(self) -> StoreHealth:
        """Of the last tick: the server is not asked, so that the page comes when it hangs. Rows are the window's."""
        waiting = self._spool.waiting
        return replace(
            self._window.health(),
            reachable=not self._away,
            details={
                "kind": "InfluxDB",
                "url": self._server.settings.url,
                "bucket": self._server.settings.bucket,
                **({"error": self._away} if self._away else {}),
                **({"clock": self._wrong_clock} if self._wrong_clock else {}),
                "window": str(self._window.path),
                "window up to": _moment(self._window.pulled_us),
                "spool, batches": f"{waiting.batches:,}",
                "spool, rows": f"{waiting.rows:,}",
                "spool, bytes": f"{waiting.size_bytes:,} of {self._bounds.spool_limit:,}",
                "spool, rows refused by InfluxDB": f"{self._drain.refused:,}",
            },
        )

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._drain.stop()
        self._upkeep.stop()
        self._spool.close()
        self._window.close()
        self._server.close()

    def _pull(self, now_us: int) -> None:
        passed_over = self._puller.pull(now_us)
        if passed_over:
            self._late.note_passed_over(*passed_over, now_us)
        offset = self._server.clock_offset(from_us(now_us))
        self._wrong_clock = wrong_clock(offset) if offset is not None else ""

    def _written(self, batch: Batch) -> bool:
        """Whether InfluxDB has it. Raises InputError when it is there and does not want it."""
        with self._turn() as mine:
            if not mine:
                return False
            try:
                self._server.write(batch)
            except StoreUnavailable as error:
                self._away = str(error)
                return False
            return True

    @contextmanager
    def _turn(self) -> Iterator[bool]:
        """Whether this thread may wait for InfluxDB."""
        mine = self._turns.acquire(timeout=_TURN_S)
        try:
            yield mine
        finally:
            if mine:
                self._turns.release()

    def _wait_for_spool(self, now: datetime) -> None:
        """Rows that wait are not in the window: evaluated without them, their stations would seem silent."""
        if self._spool and (why := self._drain.hurry(now, _DRAINED_S)):
            waiting = self._spool.waiting
            raise StoreUnavailable(f"{waiting.rows:,} readings wait in the spool for InfluxDB: {why}")

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailable("the readings store is closed")


def _moment(epoch_us: int | None) -> str:
    return "not loaded yet" if epoch_us is None else from_us(epoch_us).isoformat()
