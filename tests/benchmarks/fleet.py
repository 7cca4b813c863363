"""A fleet of any size in a store's file: its readings are written by SQL, since only what reads them is measured."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa

from monitor.readings.embedded import EmbeddedStore
from monitor.readings.influx.server import InfluxServer
from monitor.readings.store import Batch
from monitor.rules.frame import SESSIONS
from monitor.units import to_us

END = datetime(2026, 5, 1, 12, tzinfo=UTC)
SITES = 500

_PLACES = """
    SELECT n::INTEGER AS connector_key, (n // 2)::INTEGER AS station_key, 'site-' || (n // 2) % $sites AS site,
        'st-' || n // 2 AS station, (n % 2 + 1)::VARCHAR AS connector FROM range($connectors) AS every(n)"""
# Five values a reading. Connectors of 3 in 10 charge at a power that falters, the others show none.
_METER = """
    INSERT INTO meter BY NAME SELECT n::INTEGER AS connector_key, at_us + n % 9_000_000 AS time_us,
        at_us + n % 9_000_000 + 400_000 AS received_us, 2 + turn AS seq,
        CASE WHEN n % 10 < 3 THEN (hash(n, turn) % 120_000_000)::BIGINT ELSE 0 END AS power_mw,
        n * 1_000_000 + turn * 40_000 * (n % 10 < 3)::INTEGER AS energy_mwh, 150_000_000 AS offered_mw,
        CASE WHEN n % 10 < 3 THEN (20 + (n + turn) % 70) * 1000 END AS soc_mpct,
        CASE WHEN n % 10 < 3 THEN 'session-' || n END AS session
    FROM (SELECT turn, $first_us + turn * $every_us AS at_us FROM range($from_turn, $turns) AS every(turn)),
        range($connectors) AS every(n) ORDER BY turn, n"""
_STATUS = """
    INSERT INTO status BY NAME SELECT n::INTEGER AS connector_key, $first_us - 600_000_000 + n AS time_us,
        time_us AS received_us, 1 AS seq, CASE WHEN n % 10 < 3 THEN 'Charging' ELSE 'Available' END AS status
    FROM range($connectors) AS every(n)"""
# Every station sends a heartbeat every five minutes, for as long back as gaps are looked for.
_LINK = """
    INSERT INTO link BY NAME SELECT n::INTEGER AS station_key, $first_us + turn * 300_000_000 + n AS time_us,
        time_us AS received_us, 1 AS seq, 'heartbeat' AS event, 300_000 AS interval_ms
    FROM range(-25, 2) AS every(turn), range($connectors // 2) AS every_station(n) ORDER BY turn, n"""


def fill(store: EmbeddedStore, connectors: int, every: timedelta, span: timedelta) -> int:
    """One reading of five values of each connector every `every`, up to END; how many rows those are."""
    turns = span // every
    values = {"connectors": connectors, "from_turn": 0, "turns": turns, "every_us": every // timedelta(microseconds=1),
              "first_us": to_us(END - span)}  # fmt: skip
    places(store, connectors)
    for sql in (_STATUS, _LINK, _METER, "UPDATE store_state SET seq = 2 + $turns"):
        write(store, sql, values)
    return turns * connectors


def places(store: EmbeddedStore, connectors: int, sites: int = SITES) -> None:
    """Two connectors a station, the stations dealt out to the sites."""
    write(store, f"INSERT INTO connectors BY NAME {_PLACES}", {"connectors": connectors, "sites": sites})
    write(store, "INSERT INTO stations SELECT DISTINCT station_key, site, station FROM connectors ORDER BY 1", {})


def write(store: EmbeddedStore, sql: str, values: Mapping[str, int]) -> None:
    """One statement with those of the values that it names."""
    named = {name: value for name, value in values.items() if f"${name}" in sql}
    store._writer.run("fill it", lambda connection, _: connection.execute(sql, named))


def more(store: EmbeddedStore, connectors: int, every: timedelta, turn: int) -> None:
    """One reading more of each connector, the `turn`-th after END."""
    values = {"connectors": connectors, "from_turn": turn, "turns": turn + 1, "first_us": to_us(END),
              "every_us": every // timedelta(microseconds=1)}  # fmt: skip

    def write(connection: duckdb.DuckDBPyConnection, _: object) -> None:
        connection.execute("UPDATE store_state SET seq = seq + 1")
        connection.execute(_METER.replace("2 + turn AS seq", "(SELECT seq FROM store_state) AS seq"), values)

    store._writer.run("fill it", write)


def sessions(connectors: int) -> pa.Table:
    """What is under way: one session at each connector that charges."""
    n = [each for each in range(connectors) if each % 10 < 3]
    rows = {
        "site": [f"site-{each // 2 % SITES}" for each in n],
        "station": [f"st-{each // 2}" for each in n],
        "connector": [str(each % 2 + 1) for each in n],
        "session": [f"session-{each}" for each in n],
        "started_us": [to_us(END) - 1_800_000_000] * len(n),
        "stopped_us": [None] * len(n),
        "peak_w": [120_000.0] * len(n),
        "energy_wh": [10_000.0] * len(n),
        "idle_since_us": [None] * len(n),
        "flags": [[] for _ in n],
        "soc_in": [20.0] * len(n),
        "known_at_us": [None] * len(n),
    }
    return pa.table(rows, schema=SESSIONS)


def copy(store: EmbeddedStore, server: InfluxServer) -> None:
    """The same rows into InfluxDB."""
    for measurement in ("status", "meter"):
        for rows in store.scan(measurement):
            server.write(Batch({measurement: pa.Table.from_batches([rows])}, END))
