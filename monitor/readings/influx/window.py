"""The hot window beside InfluxDB: an embedded store of its own file, into which only what is new or changed goes.

The file is a copy: what it holds is in InfluxDB too, but for a moment. It is kept over a restart, so that only the
gap is read again, and made anew when the settings name another server or bucket.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitor.ids import Place
from monitor.readings.appending import Appender
from monitor.readings.database import number, translated
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.influx import ledger
from monitor.readings.influx.foreign import staged_rows
from monitor.readings.late import has_late, merge_late, whole
from monitor.readings.schema import MEASUREMENTS, Measurement
from monitor.readings.staging import stage
from monitor.readings.store import Batch
from monitor.readings.tables import columns, main_table, mergeable, point_key, quoted, subject_key
from monitor.units import to_us

MINUTE_US = 60_000_000
_NOTHING_US = -(2**62)
_LOG_LIMIT = "16MB"
"""Rows in the log are held in memory uncompressed, at about a hundred bytes each; here nobody waits for one batch."""


class Window(EmbeddedStore):
    """What the evaluator reads. Any thread may call any method."""

    def __init__(self, path: Path, window: timedelta, source: str, opened_at: datetime) -> None:
        """`source`: what the rows are a copy of. Numbers of commits in a new file begin at `opened_at` in epoch
        milliseconds: above all that a lost file of the same source ever gave, because there are fewer a second.
        """
        super().__init__(path, window, _LOG_LIMIT)
        first_seq = to_us(opened_at) // 1000
        self._writer.run("prepare the window", lambda connection, _: _prepare(connection, source, first_seq))

    @property
    def pulled_us(self) -> int | None:
        """Up to when the source was read; None before the first load has ended."""
        with self._reading() as cursor, translated("read its position"):
            upto_us = number(cursor, "SELECT pulled_us FROM window_state")
        return None if upto_us == _NOTHING_US else upto_us

    def note_pulled(self, upto_us: int) -> None:
        """The source was read up to a moment, and what it had was taken."""
        self._writer.run(
            "note its position",
            lambda connection, _: connection.execute("UPDATE window_state SET pulled_us = ?", [upto_us]),
        )

    def append_all(self, batches: Iterable[Batch]) -> None:
        """What `append` does with each of them, in order, in few commits."""
        self._writer.append(*(staged for batch in batches if (staged := stage(batch))))

    def take(self, tables: Mapping[str, pa.Table], seen_us: int | None) -> int:
        """Put in what is new or changed of rows as the source gave them; how many those were.

        A row that is there already gets no new number, so nothing is done again for it. `seen_us` stands in where a
        row does not say when it was received; None: its own time does (what was there before we looked).
        """
        staged = {name: rows for name, table in tables.items() if (rows := staged_rows(name, table, seen_us)).num_rows}
        if not staged:
            return 0
        return self._writer.run("take rows in", lambda connection, appender: _take(connection, appender, staged))

    def values(self, measurement: str, start_us: int, end_us: int) -> Mapping[int, int]:
        """How many values of fields there are with start <= time < end, by the begin of their minute, none left out."""
        known = MEASUREMENTS[measurement]
        counted = " + ".join(f"count({quoted(field.column)})" for field in known.fields)
        with self._reading() as cursor, translated("count what it holds"):
            found = cursor.execute(
                f"SELECT time_us // {MINUTE_US} * {MINUTE_US} AS minute, {counted} "
                f"FROM ({whole(known, late=has_late(cursor, known))}) WHERE time_us >= ? AND time_us < ? GROUP BY 1",
                [start_us, end_us],
            ).fetchall()
        return dict(found)

    def resumed(self, lateness: timedelta) -> list[tuple[Place, int, int]]:
        """Stations that sent nothing for longer than `lateness` and than two of their heartbeats, and have rows again
        since the last `bring_up_to`: their silence as place, begin and end.
        """
        with self._reading() as cursor, translated("look for stations that are back"):
            found = cursor.execute(_RESUMED, {"lateness": lateness // timedelta(microseconds=1)}).fetchall()
        return [(Place(site, station), begin_us, end_us) for site, station, begin_us, end_us in found]

    def drop(self, before_us: int, consumed: int) -> int:
        """Forget rows older than `before_us` with numbers up to `consumed`; how many. Last values stay."""
        gone = self._writer.run("drop old rows", lambda connection, _: _drop(connection, before_us, consumed))
        self._hot.forget(before_us)
        return gone

    def begin_ledger(self, first_us: int, now_us: int) -> None:
        """The first load has ended; it went back to `first_us`."""
        night = ledger.night_of(now_us)
        self._writer.run("begin its ledger", lambda connection, _: ledger.begin(connection, first_us, night))

    @property
    def compared(self) -> tuple[int, int]:
        """See `ledger.progress`."""
        with self._reading() as cursor, translated("read its ledger"):
            return ledger.progress(cursor)

    def note_night(self, night: int) -> None:
        """See `ledger.note_night`."""
        self._writer.run("note a night", lambda connection, _: ledger.note_night(connection, night))

    def differing(self, measurement: str, counts: pa.Table) -> list[tuple[Place, int]]:
        """See `ledger.differing`; `counts` as the server gives them by station and hour."""
        known = MEASUREMENTS[measurement]
        return self._writer.run("compare counts", lambda connection, _: ledger.differing(connection, known, counts))

    def record(self, measurement: str, counts: pa.Table) -> None:
        """See `ledger.record`."""
        known = MEASUREMENTS[measurement]
        self._writer.run("note counts", lambda connection, _: ledger.record(connection, known, counts))


_NEW = " UNION ALL ".join(
    f"SELECT station_key, time_us FROM {main_table(each)} "
    + ("JOIN connectors USING (connector_key) " if subject_key(each) == "connector_key" else "")
    + "WHERE seq > (SELECT applied_seq FROM store_state)"
    for each in MEASUREMENTS.values()
)
_RESUMED = f"""
    SELECT site, station, any_value(seen_us) + 1 AS begin_us, min(time_us) AS end_us
    FROM ({_NEW}) JOIN latest_link USING (station_key) JOIN stations USING (station_key)
    WHERE time_us > seen_us GROUP BY site, station
    HAVING end_us - begin_us > greatest($lateness, coalesce(2000 * any_value(interval_ms), 0) + {MINUTE_US})
    ORDER BY site, station"""


def _prepare(connection: duckdb.DuckDBPyConnection, source: str, first_seq: int) -> None:
    for statement in ("CREATE TABLE IF NOT EXISTS window_state(source VARCHAR, pulled_us BIGINT)", *ledger.CREATE):
        connection.execute(statement)
    known = connection.execute("SELECT source FROM window_state").fetchall()
    if known == [(source,)]:
        return
    for table in (*_tables(), "window_state", "hours", "ledger_state"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("INSERT INTO window_state VALUES (?, ?)", [source, _NOTHING_US])
    connection.execute(
        "UPDATE store_state SET seq = ?, applied_seq = ?, applied_us = ?", [first_seq, first_seq, _NOTHING_US]
    )


def _tables() -> list[str]:
    """Every table with rows; the keys of places may stay."""
    return [quoted(f"{kind}{name}") for name in MEASUREMENTS for kind in ("", "late_", "latest_")]


def _take(connection: duckdb.DuckDBPyConnection, appender: Appender, staged: Mapping[str, pa.Table]) -> int:
    fresh = {
        name: rows
        for name, table in staged.items()
        if (rows := _new_or_changed(connection, appender, MEASUREMENTS[name], table)).num_rows
    }
    if fresh:
        appender.append([fresh], number(connection, "SELECT seq FROM store_state") + 1)
    return sum(rows.num_rows for rows in fresh.values())


def _new_or_changed(
    connection: duckdb.DuckDBPyConnection, appender: Appender, measurement: Measurement, staged: pa.Table
) -> pa.Table:
    """Rows that the window lacks, or has with another value; a value that is missing here changes nothing."""
    keyed = staged.append_column(subject_key(measurement), pa.array(appender.keys.of(staged)))
    keyed = keyed.append_column("row", pa.array(np.arange(staged.num_rows)))
    times = pc.min_max(staged["time_us"]).as_py()
    differs = " OR ".join(
        f"coalesce(pulled.{name} <> stored.{name}, pulled.{name} IS NOT NULL)"
        for name in map(quoted, mergeable(measurement))
    )
    wanted = ", ".join(quoted(name) for name, _ in columns(measurement))
    connection.register("pulled", keyed)
    try:
        rows = connection.sql(f"""
            SELECT pulled.row FROM pulled LEFT JOIN (
                SELECT {wanted} FROM ({whole(measurement, late=has_late(connection, measurement))})
                WHERE time_us >= {times["min"]} AND time_us <= {times["max"]}
            ) AS stored USING ({", ".join(point_key(measurement))})
            WHERE stored.seq IS NULL OR {differs} ORDER BY 1""").to_arrow_table()
    finally:
        connection.unregister("pulled")
    return staged if rows.num_rows == staged.num_rows else staged.take(rows["row"])


def _drop(connection: duckdb.DuckDBPyConnection, before_us: int, consumed: int) -> int:
    merge_late(connection)
    ledger.let_go(connection, before_us)
    return sum(
        number(connection, _drop_statement(measurement), [before_us, consumed]) for measurement in MEASUREMENTS.values()
    )


def _drop_statement(measurement: Measurement) -> str:
    old = f"DELETE FROM {main_table(measurement)} WHERE time_us < ? AND seq <= ?"
    if measurement.name != "status":
        return old
    # Where a late status comes, since when the last one holds is computed from the table: its run and the row before it
    # have to be there.
    return f"""{old} AND rowid IN (SELECT row FROM (
        SELECT status.rowid AS row, since_us,
               lead(status.time_us) OVER (PARTITION BY connector_key ORDER BY status.time_us) AS next_us
        FROM status JOIN latest_status USING (connector_key)) WHERE next_us < since_us)"""
