"""The embedded store: one DuckDB file that this process owns."""

import secrets
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from monitor.errors import StoreUnavailable
from monitor.ids import Place
from monitor.readings import erasing, latest
from monitor.readings.appending import Appender
from monitor.readings.database import LOG_LIMIT, number, open_file, translated
from monitor.readings.hot import Hot
from monitor.readings.late import has_late, merge_late
from monitor.readings.schema import MEASUREMENTS, TRANSACTION, Measurement
from monitor.readings.selecting import arrivals_statement, scan_statement
from monitor.readings.snapshot import DuckSnapshot
from monitor.readings.staging import stage
from monitor.readings.store import Batch, Snapshot, StoreHealth
from monitor.readings.tables import late_table, main_table, quoted
from monitor.readings.writer import Writer
from monitor.units import from_us, to_us

_ROWS_AT_A_TIME = 50_000


class EmbeddedStore:
    """Implements `monitor.readings.store.ReadingStore` on one file; made and used from any thread.

    One thread writes, every reader has a cursor of its own. The hot window is the file itself: the relations of a
    snapshot hold at least `window`, in fact every row that was not forgotten.
    """

    def __init__(self, path: Path, window: timedelta, log_limit: str = LOG_LIMIT) -> None:
        """Open or create the file; raise StoreUnavailable saying what to do when another process has it."""
        self.path = path
        self.window = window
        self.arrivals_are_all = True
        self._log_limit = log_limit
        self._connection = open_file(path, log_limit)
        self._cursors = threading.Lock()
        self._hot = Hot(window // timedelta(microseconds=1))
        try:
            self._writer = Writer(self._connection.cursor(), self._reopened)
        except Exception:
            self._connection.close()
            raise
        self._closed = False

    def append(self, batch: Batch) -> None:
        staged = stage(batch)
        if staged:
            self._writer.append(staged)

    def register(self, places: Sequence[Place]) -> None:
        self._writer.run("register connectors", lambda connection, appender: _register(connection, appender, places))

    def bring_up_to(self, now: datetime) -> None:
        # Beside the batches most of what is late; with the writer the little that came meanwhile, and everything where
        # that failed, because the writer can open the file anew.
        with suppress(StoreUnavailable), self._cursor() as cursor:
            self._writer.beside("merge late rows", _merge_beside, cursor)
        self._writer.run("bring the window up to date", lambda connection, _: _bring_up(connection, to_us(now)))

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        with self._reading() as cursor:
            yield DuckSnapshot(cursor, self._hot)

    def arrivals(self, measurement: str, after: int, upto: int | None = None) -> tuple[pa.Table, int]:
        known = MEASUREMENTS[measurement]
        with self._reading() as cursor, translated("read what arrived"):
            committed = number(cursor, "SELECT seq FROM store_state")
            last = committed if upto is None else min(committed, upto)
            statement = arrivals_statement(known, late=has_late(cursor, known))
            return cursor.sql(statement, params={"after": after, "upto": last}).to_arrow_table(), max(last, after)

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
        known = MEASUREMENTS[measurement]
        with self._reading() as cursor, translated("read a range"):
            statement, parameters = scan_statement(
                known, start, end, place, newest_first=newest_first, limit=limit, late=has_late(cursor, known)
            )
            yield from cursor.sql(statement, params=parameters or None).to_arrow_reader(_ROWS_AT_A_TIME)

    def forget(self, measurement: str, before: datetime) -> int:
        known = MEASUREMENTS[measurement]
        gone = self._writer.run("forget old rows", lambda connection, _: _forget(connection, known, to_us(before)))
        self._hot.forget(to_us(before))
        return gone

    def forget_users(self, before: datetime) -> int:
        return self._writer.run("erase users", lambda connection, _: _forget_users(connection, to_us(before)))

    def erase_user(self, tokens: Collection[str]) -> int:
        return self._writer.run("erase a user", lambda connection, _: erasing.erase_user(connection, tokens))

    def health(self) -> StoreHealth:
        with self._reading() as cursor, translated("count its rows"):
            rows = {name: _count(cursor, main_table(measurement)) for name, measurement in MEASUREMENTS.items()}
            late = {name: _count(cursor, late_table(measurement)) for name, measurement in MEASUREMENTS.items()}
        newest_us = self._writer.newest_us
        return StoreHealth(
            reachable=True,
            rows={name: rows[name] + late[name] for name in rows},
            newest=None if newest_us is None else from_us(newest_us),
            late_rows=sum(late.values()),
            size_bytes=sum(
                file.stat().st_size
                for file in (self.path, self.path.with_name(self.path.name + ".wal"))
                if file.exists()
            ),
            details={"kind": f"embedded, DuckDB {duckdb.__version__}", "file": str(self.path)},
        )

    def copy_to(self, target: Path) -> None:
        """Write all of it to a new file as of one moment, while others go on writing."""
        name, file = f"copy_{secrets.token_hex(4)}", str(target).replace("'", "''")
        with self._cursor() as cursor, translated("copy its file"):
            cursor.execute(f"ATTACH '{file}' AS {name}")
            try:
                [(own,)] = cursor.execute("SELECT current_database()").fetchall()
                cursor.execute(f"COPY FROM DATABASE {quoted(own)} TO {name}")
                cursor.execute(f"CHECKPOINT {name}")
            finally:
                cursor.execute(f"DETACH {name}")

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        with self._cursors, translated("close its file"):
            self._connection.close()

    def _reopened(self) -> duckdb.DuckDBPyConnection:
        """A connection to the file opened anew, after DuckDB gave up what was open.

        As long as a reader of before is at it, DuckDB hands out the same useless database; readers fail soon.
        """
        with self._cursors:
            self._connection.close()
            self._connection = open_file(self.path, self._log_limit)
            return self._connection.cursor()

    @contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor inside a read transaction that has begun, closed afterwards."""
        with self._cursor() as cursor:
            with translated("begin to read"):
                cursor.execute("BEGIN TRANSACTION READ ONLY")
                # DuckDB takes its picture at the first read, not at BEGIN.
                number(cursor, "SELECT seq FROM store_state")
            yield cursor

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own to the file, closed afterwards; what it has not committed is rolled back."""
        with self._cursors, translated("open its file"):
            if self._closed:
                raise StoreUnavailable("the readings store is closed")
            cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()


def rows_of(file: Path) -> dict[str, int]:
    """How many rows of each measurement a file that nobody has open holds; raises StoreUnavailable for another file."""
    with closing(open_file(file)) as connection, translated("count its rows"):
        tables = {name: (main_table(known), late_table(known)) for name, known in MEASUREMENTS.items()}
        return {name: sum(_count(connection, table) for table in both) for name, both in tables.items()}


def _register(connection: duckdb.DuckDBPyConnection, appender: Appender, places: Sequence[Place]) -> None:
    for place in places:
        appender.keys.add(place)
    appender.keys.save(connection)


def _merge_beside(connection: duckdb.DuckDBPyConnection) -> None:
    """Merge what is late with one thread: on all cores the batches that come meanwhile would take twice as long."""
    if any(has_late(connection, measurement) for measurement in MEASUREMENTS.values()):
        connection.execute("SET threads = 1")
        try:
            merge_late(connection)
        finally:
            connection.execute("RESET threads")


def _bring_up(connection: duckdb.DuckDBPyConnection, now_us: int) -> None:
    merge_late(connection)
    latest.advance(connection, now_us)


def _forget(connection: duckdb.DuckDBPyConnection, measurement: Measurement, before_us: int) -> int:
    merge_late(connection)  # a late row is not another row beside the one that it changes
    return number(connection, f"DELETE FROM {main_table(measurement)} WHERE time_us < ?", [before_us])


def _forget_users(connection: duckdb.DuckDBPyConnection, before_us: int) -> int:
    merge_late(connection)
    # Their number stays: who follows what arrives has nothing to do again for them.
    erase = f'UPDATE {main_table(TRANSACTION)} SET "user" = NULL WHERE time_us < ? AND "user" IS NOT NULL'
    return number(connection, erase, [before_us])


def _count(cursor: duckdb.DuckDBPyConnection, table: str) -> int:
    return number(cursor, f"SELECT count(*) FROM {table}")
