"""Staged batches into the tables: what is newer than its connector's last row is appended, the rest waits as late."""

from collections.abc import Mapping, Sequence

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from monitor.readings.database import insert
from monitor.readings.keys import KeyBook
from monitor.readings.points import each_once
from monitor.readings.schema import MEASUREMENTS, TRANSACTION_EVENTS, Measurement
from monitor.readings.tables import NEVER_US, late_table, main_table, quoted, subject_key

Longs = npt.NDArray[np.int64]
Staged = Mapping[str, pa.Table]


class Appender:
    """What the writer's thread knows of the file: the keys, and per key the time of the last row.

    Main tables have no index: a row strictly newer than its key's last one cannot be there yet, and any other goes to
    the late table, which is merged in bulk. So each point is in its main table once. After a transaction that failed
    this is built anew from the file.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.keys = KeyBook(connection)
        self._newest = {name: _read_newest(connection, measurement) for name, measurement in MEASUREMENTS.items()}

    @property
    def newest_us(self) -> int | None:
        """The time of the newest row of all, None while there is none."""
        newest = max((int(times.max(initial=NEVER_US)) for times in self._newest.values()), default=NEVER_US)
        return None if newest == NEVER_US else newest

    def append(self, group: Sequence[Staged], seq: int) -> None:
        """Insert batches, in the order they came, inside the caller's transaction; all rows get `seq`."""
        for name, measurement in MEASUREMENTS.items():
            tables = [staged[name] for staged in group if name in staged]
            if tables:
                self._append(measurement, pa.concat_tables(tables), seq)
        self.keys.save(self._connection)
        self._connection.execute("UPDATE store_state SET seq = ?", [seq])

    def _append(self, measurement: Measurement, named: pa.Table, seq: int) -> None:
        keys = self.keys.of(named)
        rows = _with_key(measurement, named, keys, seq)
        slots = _slots(keys, rows)
        times = rows["time_us"].to_numpy()
        rows, slots, times = each_once(rows, slots, times)
        newest = _grown(self._newest[measurement.name], int(slots.max()) + 1)
        fresh = times > newest[slots]
        for table, chosen in ((main_table(measurement), fresh), (late_table(measurement), ~fresh)):
            if chosen.all():
                insert(self._connection, table, rows)
            elif chosen.any():
                insert(self._connection, table, rows.filter(pa.array(chosen)))
        np.maximum.at(newest, slots, times)
        self._newest[measurement.name] = newest


def _with_key(measurement: Measurement, named: pa.Table, keys: npt.NDArray[np.int32], seq: int) -> pa.Table:
    names = [name for name in named.column_names if name not in {"site", "station", "connector"}]
    return pa.table(
        {
            subject_key(measurement): pa.array(keys),
            "seq": pa.array(np.full(len(keys), seq)),
            **{name: named[name] for name in names},
        }
    )


def _slots(keys: npt.NDArray[np.int32], rows: pa.Table) -> Longs:
    """Where each row's key stands in the array of last times: a transaction's start and stop are two points."""
    slots = keys.astype(np.int64)
    if "event" not in rows.column_names or "connector_key" not in rows.column_names:
        return slots  # a link's event is a field, not part of its key
    stops: Longs = pc.equal(rows["event"], TRANSACTION_EVENTS[1]).cast(pa.int64()).to_numpy()
    return slots * 2 + stops


def _grown(newest: Longs, size: int) -> Longs:
    if size <= len(newest):
        return newest
    grown = np.full(max(size, 2 * len(newest)), NEVER_US)
    grown[: len(newest)] = newest
    return grown


def _read_newest(connection: duckdb.DuckDBPyConnection, measurement: Measurement) -> Longs:
    """The last times from the `latest_*` table, and from the rows that it has not taken in yet.

    Row groups that neither arrived since nor lie in the future are skipped by their minima and maxima, so this does
    not grow with the age of the file.
    """
    key, table = subject_key(measurement), main_table(measurement)
    slot = f"{key} * 2 + (event = '{TRANSACTION_EVENTS[1]}')::INTEGER" if "event" in measurement.tags else key
    latest = quoted(f"latest_{measurement.name}")
    slots = connection.sql(f"""
        SELECT slot::BIGINT AS slot, max(time_us) AS time_us FROM (
            SELECT {slot} AS slot, row_us AS time_us FROM {latest}
            UNION ALL SELECT {slot}, time_us FROM {table} WHERE seq > (SELECT applied_seq FROM store_state)
            UNION ALL SELECT {slot}, time_us FROM {table} WHERE time_us > (SELECT applied_us FROM store_state))
        WHERE time_us IS NOT NULL GROUP BY slot""").to_arrow_table()
    newest = np.full(1024, NEVER_US)
    if slots.num_rows:
        index = slots["slot"].to_numpy()
        newest = _grown(newest, int(index.max()) + 1)
        newest[index] = slots["time_us"].to_numpy()
    return newest
