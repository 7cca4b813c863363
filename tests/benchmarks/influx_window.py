"""What a tick costs with InfluxDB as the source: `python tests/benchmarks/influx_window.py [--connectors 10000 ...]`.

A real influxd 1.x with its own folder; readings every 30 s of eight fields. Printed beside what the same questions cost
when their answers are thrown away, in the same run. Run it on a machine that does nothing else.
"""

import argparse
import os
import tempfile
import urllib.parse
import urllib.request
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import numpy as np
import pyarrow as pa

from monitor.readings.influx import questions
from monitor.readings.influx.server import InfluxServer
from monitor.readings.influx.store import Bounds, InfluxStore
from monitor.readings.store import Batch
from monitor.units import to_us
from tests import influx

START = datetime(2026, 5, 1, tzinfo=UTC)
EVERY = timedelta(seconds=30)
BATCH = 10_000


def readings(connectors: int, at: datetime) -> list[Batch]:
    """One reading of each connector, spread over the time up to the next one."""
    batches = []
    for first in range(0, connectors, BATCH):
        n = np.arange(first, min(first + BATCH, connectors))
        table = pa.table(
            {
                "site": [f"site-{each % 500}" for each in n],
                "station": [f"st-{each // 2}" for each in n],
                "connector": [str(each % 2 + 1) for each in n],
                "time_us": to_us(at) + n * (EVERY // timedelta(microseconds=1)) // connectors,
                "power_w": n % 150 + 0.5,
                "energy_wh": n * 10.25,
                "offered_w": np.full(len(n), 150_000.0),
                "current_a": n % 16 + 0.25,
                "voltage_v": 230 + n % 10 / 10,
                "phases": np.full(len(n), 3.0),
                "soc": n % 100 * 1.0,
                "session": [f"{each}" for each in n],
            }
        )
        batches.append(Batch({"meter": table}, at))
    return batches


def thrown_away(server: InfluxServer, start_us: int, end_us: int) -> float:
    """Seconds until the server has sent the answer to the pull's question for meter rows; nobody reads it."""
    naming = server._namings["meter"]
    question = questions.rows(naming, start_us, end_us, None, newest_first=False, limit=None)
    query = urllib.parse.urlencode({"db": server.settings.bucket, "q": question, "epoch": "u"})
    request = urllib.request.Request(f"{server.settings.url}/query?{query}", headers={"Accept": "application/csv"})
    began = perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer, Path(os.devnull).open("wb") as nowhere:
        while piece := answer.read(1 << 20):
            nowhere.write(piece)
    return perf_counter() - began


def measure(connectors: int, minutes: int, ticks: int) -> None:
    """Fill a window of `minutes`, load it, then tick on with new rows."""
    with tempfile.TemporaryDirectory() as folder, influx.influxd_1(Path(folder) / "influxd") as running:
        settings = running.settings.model_copy(update={"timeout": timedelta(seconds=120)})
        bounds = Bounds(timedelta(minutes=minutes), timedelta(minutes=5), 10**11, 10**9)
        with closing(InfluxServer(settings)) as writer:
            now, rows = START, 0
            for _ in range(minutes * 60 // 30):
                for batch in readings(connectors, now):
                    writer.write(batch)
                    rows += batch.rows
                now += EVERY
            with closing(InfluxStore(InfluxServer(settings), Path(folder) / "var", bounds, now)) as store:
                began = perf_counter()
                store.bring_up_to(now)
                load = perf_counter() - began
                size = sum(file.stat().st_size for file in (Path(folder) / "var").glob("window.duckdb*"))
                print(f"{connectors:>9,} connectors, window of {rows:,} rows: first load {load:.2f} s "
                      f"({rows / load:,.0f} rows/s), file {size / rows:.0f} bytes a row")  # fmt: skip
                tick(store, writer, connectors, now, ticks)


def tick(store: InfluxStore, writer: InfluxServer, connectors: int, now: datetime, ticks: int) -> None:
    """Ticks 30 s apart, each with one new row a connector, and the same question to nobody."""
    took, pulls, answers, sweeps, counts = [], [], [], [], []
    for _ in range(ticks):
        for batch in readings(connectors, now):
            writer.write(batch)
        start_us = to_us(now) - 30_000_000
        now += EVERY
        answers.append(thrown_away(writer, start_us, to_us(now) + 1))
        began = perf_counter()
        store._puller.pull(to_us(now))
        pulls.append(perf_counter() - began)
        store._window.bring_up_to(now)
        took.append(perf_counter() - began)
        began = perf_counter()
        store.look_for_late_rows(now)
        sweeps.append(perf_counter() - began)
        began = perf_counter()
        writer.counts("meter", to_us(now) - 300_000_000, to_us(now) - 30_000_000, 60)
        counts.append(perf_counter() - began)
    tick_s, pull_s, answer_s, sweep_s, count_s = map(np.median, (took, pulls, answers, sweeps, counts))
    print(f"{'':>9} {connectors:,} new rows to the window {pull_s:.3f} s, {pull_s / answer_s:.2f} times the "
          f"server's own answer ({answer_s:.3f} s); with last values {tick_s:.3f} s, "
          f"{1e6 * tick_s / connectors:.0f} us a new row; late rows beside it {sweep_s:.3f} s, "
          f"of which InfluxDB counts for {count_s:.3f} s", flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connectors", type=int, nargs="*", default=[10_000, 30_000, 100_000])
    parser.add_argument("--minutes", type=int, nargs="*", default=[10])
    parser.add_argument("--ticks", type=int, default=5)
    chosen = parser.parse_args()
    if influx.installed() is None:
        print("no influxd 1.x on PATH: nothing measured")
        return
    for minutes in chosen.minutes:
        for connectors in chosen.connectors:
            measure(connectors, minutes, chosen.ticks)


if __name__ == "__main__":
    main()
