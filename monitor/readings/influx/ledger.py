"""How much the window had of each station and hour when it let go of them: what the nightly comparison compares with.

Statements on tables of the window's own file, so that they live and die with it, inside the caller's transaction.
Counts are of values, as InfluxDB counts.
"""

import duckdb
import pyarrow as pa

from monitor.ids import Place
from monitor.readings.database import number
from monitor.readings.schema import MEASUREMENTS, Measurement
from monitor.readings.tables import main_table, quoted, subject_key

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
_NIGHT_AT_US = 2 * HOUR_US
"""02:00 UTC."""
_KEPT_US = 32 * DAY_US


def night_of(now_us: int) -> int:
    """The number of the night that began last."""
    return (now_us - _NIGHT_AT_US) // DAY_US


CREATE = (
    "CREATE TABLE IF NOT EXISTS hours(measurement VARCHAR, station_key INTEGER, hour_us BIGINT, values BIGINT)",
    "CREATE TABLE IF NOT EXISTS ledger_state(known_us BIGINT, dropped_us BIGINT, night BIGINT, first_night BIGINT)",
)


def begin(connection: duckdb.DuckDBPyConnection, first_us: int, night: int) -> None:
    """The window is loaded from `first_us` on, in this night: the next one is the first that is compared.

    Of the hours before `first_us` that one only notes what is there.
    """
    connection.execute("DELETE FROM hours")
    connection.execute("DELETE FROM ledger_state")
    known_us = -(-first_us // HOUR_US) * HOUR_US
    connection.execute("INSERT INTO ledger_state VALUES (?, ?, ?, ?)", [known_us, first_us, night, night])


def let_go(connection: duckdb.DuckDBPyConnection, before_us: int) -> None:
    """Note what there is of the time from the last call's `before_us` to this one's."""
    for name, measurement in MEASUREMENTS.items():
        values = " + ".join(f"count({quoted(field.column)})" for field in measurement.fields)
        places = "JOIN connectors USING (connector_key)" if subject_key(measurement) == "connector_key" else ""
        connection.execute(
            f"""INSERT INTO hours
            SELECT ?, station_key, time_us // {HOUR_US} * {HOUR_US} AS hour, {values}
            FROM {main_table(measurement)} {places}
            WHERE time_us >= (SELECT dropped_us FROM ledger_state) AND time_us < ? GROUP BY station_key, hour""",
            [name, before_us],
        )
    connection.execute("UPDATE ledger_state SET dropped_us = greatest(dropped_us, ?)", [before_us])


def progress(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """The last night that was compared, and up to where hours are complete. Call it after the first load only."""
    [found] = connection.execute("SELECT night, dropped_us // ? * ? FROM ledger_state", [HOUR_US, HOUR_US]).fetchall()
    night, complete_us = found
    return night, complete_us


def note_night(connection: duckdb.DuckDBPyConnection, night: int) -> None:
    """All was compared; what is too old to be compared again is forgotten."""
    connection.execute("UPDATE ledger_state SET night = ?", [night])
    connection.execute(f"DELETE FROM hours WHERE hour_us < (SELECT dropped_us FROM ledger_state) - {_KEPT_US}")


def differing(
    connection: duckdb.DuckDBPyConnection, measurement: Measurement, counts: pa.Table
) -> list[tuple[Place, int]]:
    """Stations and the begin of hours of which the server has another count than the window had."""
    connection.register("there", counts)
    try:
        found = connection.execute(
            """SELECT there.site, there.station, there.time_us FROM there LEFT JOIN stations USING (site, station)
            LEFT JOIN (SELECT station_key, hour_us, sum(values) AS held FROM hours WHERE measurement = ? GROUP BY ALL)
                AS noted ON noted.station_key = stations.station_key AND noted.hour_us = there.time_us
            WHERE there.values <> coalesce(held, 0)
              AND (there.time_us >= (SELECT known_us FROM ledger_state)
                   OR (SELECT night > first_night FROM ledger_state))
            ORDER BY ALL""",
            [measurement.name],
        ).fetchall()
    finally:
        connection.unregister("there")
    return [(Place(site, station), hour_us) for site, station, hour_us in found]


def record(connection: duckdb.DuckDBPyConnection, measurement: Measurement, counts: pa.Table) -> int:
    """The window was given all that the server counted: that is what is known of these hours now. How many they are."""
    connection.register("there", counts)
    try:
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE counted AS SELECT station_key, time_us AS hour_us, values "
            "FROM there JOIN stations USING (site, station)"
        )
    finally:
        connection.unregister("there")
    connection.execute(
        "DELETE FROM hours WHERE measurement = ? "
        "AND (station_key, hour_us) IN (SELECT station_key, hour_us FROM counted)",
        [measurement.name],
    )
    connection.execute("INSERT INTO hours SELECT ?, station_key, hour_us, values FROM counted", [measurement.name])
    return number(connection, "SELECT count(*) FROM counted")
