"""What a reading of five values takes in the hot window, in its file and in memory.

`python tests/benchmarks/window_memory.py [--connectors 20000 ...] [--minutes 30] [--beyond 15]`: the window beside
InfluxDB, filled tick by tick as pulls do, and kept up for `--beyond` minutes more as the thread beside the ticks does.
3 connectors of 10 charge, or all of them, at a power that is noise to the milliwatt.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from monitor.readings.influx.window import Window
from monitor.readings.schema import METER
from monitor.units import to_us

START = datetime(2026, 5, 1, tzinfo=UTC)
EVERY_US = 30_000_000


class Fleet:
    """Readings of power, register, offered power, state of charge and session, one of each connector a turn."""

    def __init__(self, connectors: int, charging: float) -> None:
        self._n = np.arange(connectors)
        self._random = np.random.default_rng(1)
        self._charges = self._random.random(connectors) < charging
        self._register_wh = self._random.integers(0, 10**8, connectors).astype(float)
        self._places = {
            "site": pa.array([f"site-{n % 500}" for n in self._n]),
            "station": pa.array([f"st-{n // 2}" for n in self._n]),
            "connector": pa.array([str(n % 2 + 1) for n in self._n]),
        }
        self._sessions = pa.array([f"{n:08x}-4f2c" if busy else None for n, busy in enumerate(self._charges)])
        self._phase_us = self._random.integers(0, EVERY_US, connectors)

    def readings(self, turn: int) -> pa.Table:
        """In the columns of `InfluxServer.read`."""
        power_w = np.where(self._charges, self._random.integers(20_000_000, 150_000_000, len(self._n)) / 1000, 0.0)
        self._register_wh += power_w * 30 / 3600
        time_us = to_us(START) + turn * EVERY_US + self._phase_us
        values = {
            "power_w": power_w,
            "energy_wh": np.round(self._register_wh),
            "offered_w": np.full(len(self._n), 150_000.0),
            "soc": np.where(self._charges, 20.0 + turn % 80, 0.0),
            "session": self._sessions,
        }
        missing = {
            field.name: pa.nulls(len(self._n), pa.float64()) for field in METER.fields if field.name not in values
        }
        received_us = time_us + self._random.integers(200_000, 900_000, len(self._n))
        return pa.table({**self._places, "time_us": time_us, "received_us": received_us, **values, **missing})


def ticks(window: Window, fleet: Fleet, turns: int, keep: timedelta) -> Iterator[int]:
    """After each tick the moment it was of; old rows are dropped in steps of a sixth, as `Upkeep` does."""
    dropped_us = to_us(START)
    for turn in range(turns):
        now_us = to_us(START) + (turn + 1) * EVERY_US
        window.take({"meter": fleet.readings(turn)}, now_us)
        window.bring_up_to(START + timedelta(microseconds=now_us - to_us(START)))
        before_us = now_us - keep // timedelta(microseconds=1)
        if before_us - dropped_us >= keep // timedelta(microseconds=1) // 6:
            window.drop(before_us, 2**62)
            dropped_us = before_us
        yield now_us


def sizes(window: Window) -> tuple[float, float, float]:
    """Bytes a reading of the file with its log, of the blocks in use, and of what DuckDB holds of tables in memory."""
    with window._reading() as cursor:
        [(rows,)] = cursor.execute("SELECT count(*) FROM meter").fetchall()
        [(used,)] = cursor.execute("SELECT sum(used_blocks * block_size) FROM pragma_database_size()").fetchall()
        [(memory,)] = cursor.execute("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchall()
    return window.health().size_bytes / rows, used / rows, memory / rows


def measure(connectors: int, minutes: int, beyond: int, charging: float) -> None:
    """Fill and keep; print after each third."""
    keep = timedelta(minutes=minutes)
    with tempfile.TemporaryDirectory() as folder, \
            closing(Window(Path(folder) / "window.duckdb", keep, "benchmark", START)) as window:  # fmt: skip
        window.begin_ledger(to_us(START), to_us(START))
        turns = (minutes + beyond) * 2
        for turn, _ in enumerate(ticks(window, Fleet(connectors, charging), turns, keep), 1):
            if turn in {minutes * 2, turns}:
                file, used, memory = sizes(window)
                print(
                    f"{connectors:,} connectors, {charging:.0%} charge, after {turn // 2} min: bytes a reading "
                    f"{file:.1f} in the file with its log, {used:.1f} in blocks, {memory:.1f} in memory; wanted: 40",
                    flush=True,
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connectors", type=int, nargs="*", default=[20_000])
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--beyond", type=int, default=15)
    chosen = parser.parse_args()
    print(f"DuckDB {duckdb.__version__}")
    for connectors in chosen.connectors:
        for charging in (0.3, 1.0):
            measure(connectors, chosen.minutes, chosen.beyond, charging)


if __name__ == "__main__":
    main()
