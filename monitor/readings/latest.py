"""The `latest_*` tables: brought from one `now` to the next by the rows that came in between.

A row counts from when `now` reaches its time, so that a tick sees what a backtest of the same moment sees, and what
the tables hold survives a crash because it is committed with the position up to which rows were taken in.
"""

import duckdb

from monitor.readings.schema import MEASUREMENTS, Measurement
from monitor.readings.tables import main_table, quoted, subject_key

_METER_COLUMNS = tuple(field.column for field in MEASUREMENTS["meter"].fields)


def advance(connection: duckdb.DuckDBPyConnection, now_us: int) -> None:
    """Take in what arrived since the last call and what `now` has reached since, inside the caller's transaction.

    An earlier `now` than the last one takes nothing back.
    """
    [(seq, applied_seq, applied_us)] = connection.execute(
        "SELECT seq, applied_seq, applied_us FROM store_state"
    ).fetchall()
    upto_us = max(now_us, applied_us)
    for name, measurement in MEASUREMENTS.items():
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {_new(name)} AS {_arrived(measurement)}",
            {"seq": applied_seq, "after": applied_us, "upto": upto_us},
        )
    _meter(connection)
    _status(connection, upto_us)
    _transaction(connection)
    _link(connection)
    for name in MEASUREMENTS:
        connection.execute(f"DROP TABLE {_new(name)}")
    connection.execute("UPDATE store_state SET applied_seq = ?, applied_us = ?", [seq, upto_us])


def _new(name: str) -> str:
    return quoted(f"new_{name}")


def _arrived(measurement: Measurement) -> str:
    """Rows that are new to the latest tables. Two SELECTs, so that minima and maxima of row groups can skip the old."""
    table, key = main_table(measurement), subject_key(measurement)
    arrived = f"SELECT * FROM {table} WHERE seq > $seq AND time_us <= $upto"
    reached = f"SELECT * FROM {table} WHERE time_us > $after AND time_us <= $upto AND seq <= $seq"
    rows = f"{arrived} UNION ALL {reached}"
    if measurement.name != "meter":
        return rows
    newest = ", ".join(
        f"arg_max({column}, time_us) AS {column}, max(time_us) FILTER ({column} IS NOT NULL) AS {column}_us"
        for column in _METER_COLUMNS
    )
    return f"SELECT {key}, max(time_us) AS row_us, {newest} FROM ({rows}) GROUP BY {key}"


def _meter(connection: duckdb.DuckDBPyConnection) -> None:
    # `>=`: a value written again at the same time replaces the one that was there.
    values = ", ".join(
        f"{column} = CASE WHEN new.{column}_us >= coalesce(old.{column}_us, new.{column}_us) "
        f"THEN new.{column} ELSE old.{column} END, "
        f"{column}_us = greatest(old.{column}_us, new.{column}_us)"
        for column in _METER_COLUMNS
    )
    connection.execute(
        f"UPDATE latest_meter AS old SET row_us = greatest(old.row_us, new.row_us), {values} "
        "FROM new_meter AS new WHERE old.connector_key = new.connector_key"
    )
    connection.execute("INSERT INTO latest_meter SELECT * FROM new_meter ANTI JOIN latest_meter USING (connector_key)")


def _status(connection: duckdb.DuckDBPyConnection, upto_us: int) -> None:
    """`since_us`: the first row of the last run of one status.

    While rows come in order the old latest row stands for all before it. Where one came late, the connector's whole
    history is read again: such rows are rare, and a run may begin anywhere in it.
    """
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE touched AS
        SELECT new.connector_key, greatest(max(new.time_us), any_value(old.row_us)) AS row_us,
               coalesce(min(new.time_us) <= any_value(old.row_us), false) AS late
        FROM new_status AS new LEFT JOIN latest_status AS old USING (connector_key) GROUP BY new.connector_key""")
    columns = "connector_key, time_us, status, error_code, vendor_code, info"
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE next_status AS
        WITH history AS (
            SELECT since_us AS at_us, {columns} FROM latest_status SEMI JOIN touched USING (connector_key)
                WHERE connector_key NOT IN (SELECT connector_key FROM touched WHERE late)
            UNION ALL SELECT time_us, {columns} FROM new_status
                WHERE connector_key NOT IN (SELECT connector_key FROM touched WHERE late)
            UNION ALL SELECT time_us, {columns} FROM status
                WHERE connector_key IN (SELECT connector_key FROM touched WHERE late) AND time_us <= $upto
        ), changes AS (
            SELECT *, lag(status) OVER (PARTITION BY connector_key ORDER BY at_us) AS before
            FROM history WHERE status IS NOT NULL
        ), last AS (
            SELECT connector_key, max(at_us) FILTER (status IS DISTINCT FROM before) AS since_us,
                   arg_max({{time_us: time_us, status: status, error_code: error_code,
                             vendor_code: vendor_code, info: info}}, at_us) AS row
            FROM changes GROUP BY connector_key
        )
        SELECT connector_key, touched.row_us, row.time_us, since_us,
               row.status, row.error_code, row.vendor_code, row.info
        FROM touched LEFT JOIN last USING (connector_key)""",
        {"upto": upto_us},
    )
    _replace(connection, "latest_status", "next_status", "connector_key")
    connection.execute("DROP TABLE touched")


def _transaction(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE next_transaction AS
        SELECT connector_key, event, max(row_us) AS row_us FROM (
            SELECT connector_key, event, time_us AS row_us FROM new_transaction
            UNION ALL SELECT * FROM latest_transaction SEMI JOIN new_transaction USING (connector_key)
        ) GROUP BY connector_key, event""")
    _replace(connection, "latest_transaction", "next_transaction", "connector_key")


def _link(connection: duckdb.DuckDBPyConnection) -> None:
    """Stations: their links, and when any row of any measurement was there."""
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE next_link AS
        WITH rows AS (
            SELECT connector_key, row_us AS time_us FROM new_meter
            UNION ALL SELECT connector_key, time_us FROM new_status
            UNION ALL SELECT connector_key, time_us FROM new_transaction
        ), parts AS (
            SELECT station_key, NULL::BIGINT AS row_us, time_us AS seen_us, NULL::BIGINT AS heartbeat_us,
                   NULL::BIGINT AS interval_ms, NULL::BIGINT AS interval_ms_us,
                   NULL::BIGINT AS disconnected_us, NULL::BIGINT AS connected_us
            FROM rows JOIN connectors USING (connector_key)
            UNION ALL SELECT station_key, time_us, time_us, CASE WHEN event = 'heartbeat' THEN time_us END,
                   interval_ms, CASE WHEN interval_ms IS NOT NULL THEN time_us END,
                   CASE WHEN event = 'disconnected' THEN time_us END, CASE WHEN event = 'connected' THEN time_us END
            FROM new_link
        ), touched AS (SELECT DISTINCT station_key FROM parts)
        SELECT station_key, max(row_us) AS row_us, max(seen_us) AS seen_us, max(heartbeat_us) AS heartbeat_us,
               arg_max(interval_ms, interval_ms_us) AS interval_ms, max(interval_ms_us) AS interval_ms_us,
               max(disconnected_us) AS disconnected_us, max(connected_us) AS connected_us
        FROM (SELECT * FROM latest_link SEMI JOIN touched USING (station_key) UNION ALL SELECT * FROM parts)
        GROUP BY station_key""")
    _replace(connection, "latest_link", "next_link", "station_key")


def _replace(connection: duckdb.DuckDBPyConnection, table: str, by: str, key: str) -> None:
    """Put the rows of temporary table `by` in the place of the keys' rows; then drop it."""
    connection.execute(f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {by})")
    connection.execute(f"INSERT INTO {table} SELECT * FROM {by}")
    connection.execute(f"DROP TABLE {by}")
