"""100,000 rows of 10,000 series from InfluxDB into Arrow, beside the server's own answer time and influxdb-client.

Debian's influxd 1.6.7, and a server that LADDVAKT_TEST_INFLUX_URL names. The figure to reach is 1.3 times the time in
which the server answers the same question to who throws the answer away.
"""

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from uuid import uuid4

import numpy as np
import pyarrow as pa
from influxdb_client.client.influxdb_client import InfluxDBClient

sys.path.insert(0, str(Path(__file__).parents[2]))

from monitor.config import InfluxDB, Mapping
from monitor.readings.influx import questions
from monitor.readings.influx.mapping import namings
from monitor.readings.influx.server import InfluxServer
from monitor.readings.store import Batch
from tests import influx

NOON_US = 1_777_636_800_000_000
CONNECTORS, EACH, ROUNDS = 10_000, 10, 7


def rows() -> Batch:
    """Ten readings of five values of each connector, ten seconds apart."""
    connector = np.repeat(np.arange(CONNECTORS), EACH)
    moment = np.tile(np.arange(EACH), CONNECTORS)
    meter = pa.table({
        "site": pa.array([f"site-{n // 100}" for n in connector]),
        "station": pa.array([f"s-{n // 2}" for n in connector]),
        "connector": pa.array([str(n % 2 + 1) for n in connector]),
        "time_us": pa.array(NOON_US + moment * 10_000_000 + connector),
        "power_w": pa.array(11_000.0 + connector / 7),
        "energy_wh": pa.array(1_000_000.0 + moment * 30),
        "offered_w": pa.array(np.full(len(connector), 22_000.0)),
        "soc": pa.array(40.0 + moment),
        "session": pa.array([f"t{n}" for n in connector]),
    })  # fmt: skip
    return Batch({"meter": meter}, datetime(2026, 5, 1, 12, tzinfo=UTC))


def medians(*ways: Callable[[], object]) -> list[float]:
    """Seconds of each way, of several rounds in which they take turns: these machines are noisy."""
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(ROUNDS):
        for way, found in zip(ways, times, strict=True):
            began = perf_counter()
            way()
            found.append(perf_counter() - began)
    return [statistics.median(each) for each in times]


def measure(name: str, settings: InfluxDB) -> None:
    """Print one server's lines."""
    fresh = settings.model_copy(update={"bucket": f"bench-{uuid4().hex[:8]}"})
    with closing(InfluxServer(fresh)) as server:
        generation = server.connect()
        began = perf_counter()
        server.write(rows())
        written = perf_counter() - began
        found = server.read("meter", None, None).num_rows
        question = questions.rows(
            namings(Mapping())["meter"],
            questions.EARLIEST_US,
            questions.LATEST_US,
            None,
            newest_first=False,
            limit=None,
        )
        own, ours = medians(lambda: server._connection.answer(question), lambda: server.read("meter", None, None))
        print(f"{name} ({generation.version}): {found} rows written in {written:.2f} s")
        print(f"  the server's own answer {own:.3f} s; into Arrow {ours:.3f} s: {ours / own:.2f} times (to reach: 1.3)")
        if generation.major == 2:
            [frames] = medians(lambda: by_client(fresh))
            print(f"  influxdb-client's query_data_frame {frames:.3f} s: {frames / own:.2f} times")


def by_client(settings: InfluxDB) -> int:
    """The same rows as a pandas frame by Flux."""
    flux = (
        f'from(bucket: "{settings.bucket}") |> range(start: 0) |> filter(fn: (r) => r._measurement == "meter") '
        '|> pivot(rowKey: ["_time", "site", "station", "connector"], columnKey: ["_field"], valueColumn: "_value")'
    )
    with InfluxDBClient(settings.url, settings.token, org=settings.org, timeout=120_000) as client:
        return len(client.query_api().query_data_frame(flux))


@contextmanager
def debian() -> Iterator[InfluxDB | None]:
    """Debian's influxd, None where it is not installed."""
    if influx.installed() is None:
        print("no influxd 1.x on PATH (Debian: apt-get install influxdb): not measured")
        yield None
        return
    with tempfile.TemporaryDirectory() as folder, influx.influxd_1(Path(folder)) as running:
        yield running.settings


if __name__ == "__main__":
    with debian() as settings:
        if settings is not None:
            measure("influxd", settings)
    for name, settings in influx.others().items():
        measure(name, settings)
