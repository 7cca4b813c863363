"""What a tick's sessions cost: up to 10,000 connectors with a row each 10 s, ticks of 30 s, embedded store and SQLite.

Run: `python tests/benchmarks/sessions.py [ticks] [connectors...]`. Beside each figure stands what it can be compared
with in the same run: the tick's share of its 30 s, the time that the store alone takes to give the same rows as Arrow,
and what a row cost in the first and in the last ticks, as sessions grow longer. Processor time, as the machine may be
busy with other things.
"""

import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

import numpy as np
import pyarrow as pa

from monitor.cli import serve
from monitor.config import Sessions
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.store import Batch
from monitor.register import Register, RegisterFile
from monitor.state.database import Database
from monitor.state.session_tick import SessionTick
from monitor.state.sessions import SessionStore
from monitor.tariffs.files import TariffBook, load
from monitor.units import to_us

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
EVERY, TICK = timedelta(seconds=10), timedelta(seconds=30)
RULES = Path(__file__).parents[2] / "rules"


class Fleet:
    """Connectors of which a part has a car; each row is 10 s after the one before it."""

    def __init__(self, connectors: int, busy: int) -> None:
        self.busy = busy
        numbers = np.arange(connectors)
        self._tags = {
            "site": pa.array([f"site-{n // 100}" for n in numbers]),
            "station": pa.array([f"s-{n // 2}" for n in numbers]),
            "connector": pa.array([str(n % 2 + 1) for n in numbers]),
        }
        self._numbers = numbers

    def starts(self) -> Batch:
        """Statuses and transactions of the connectors that have a car."""
        tags = {name: column.slice(0, self.busy) for name, column in self._tags.items()}
        times = pa.array(np.full(self.busy, to_us(NOON)), pa.int64())
        statuses = pa.table({**tags, "time_us": times, "status": pa.array(["Charging"] * self.busy)})
        sessions = pa.array([str(n) for n in range(self.busy)])
        starts = pa.table({
            **tags, "time_us": times, "event": pa.array(["start"] * self.busy), "session": sessions,
            "meter_wh": pa.array(np.full(self.busy, 1_000.0)),
        })  # fmt: skip
        return Batch({"status": statuses, "transaction": starts}, NOON)

    def readings(self, now: datetime) -> Batch:
        """One row of every connector."""
        charged = 11_000 * (now - NOON).total_seconds() / 3600
        power = np.where(self._numbers < self.busy, 11_000.0, 0.0)
        times = pa.array(to_us(now) + self._numbers % 1_000, pa.int64())
        register = np.where(self._numbers < self.busy, 1_000 + charged, 1_000.0)
        return Batch(
            {"meter": pa.table({**self._tags, "time_us": times, "power_w": power, "energy_wh": register})}, now
        )


def ticks(connectors: int, busy: int, count: int, folder: Path) -> Iterator[tuple[float, float, int]]:
    """Seconds that each tick's sessions took, that the store alone took for their rows, and how many rows."""
    register, book = registered(connectors), load(RULES / "tariffs")
    database = Database(f"sqlite:///{folder / 'state.sqlite'}")
    database.migrate()
    with closing(EmbeddedStore(folder / "readings.duckdb", timedelta(minutes=30))) as store:
        tick = SessionTick(store, SessionStore(database), Sessions(), register)
        fleet, now = Fleet(connectors, busy), NOON
        store.append(fleet.starts())
        for _ in range(count):
            for _ in range(TICK // EVERY):
                now += EVERY
                store.append(fleet.readings(now))
            store.bring_up_to(now)
            yield one_tick(store, tick, now, register, book)
    database.close()


def one_tick(
    store: EmbeddedStore, tick: SessionTick, now: datetime, register: Register, book: TariffBook
) -> tuple[float, float, int]:
    """See `ticks`."""
    begin = process_time()
    rows = store.arrivals("meter", tick.position)[0].num_rows
    alone = process_time() - begin
    begin = process_time()
    tick.bring_up_to(now, register, book)
    return process_time() - begin, alone, rows


def registered(connectors: int) -> Register:
    """Two connectors of 22 kW a station, fifty stations a site."""
    connector = {"current": "AC", "rated": "22 kW", "phases": 3}
    sites: dict[str, dict[str, dict[str, object]]] = {}
    for number in range(connectors):
        stations = sites.setdefault(f"site-{number // 100}", {"stations": {}})["stations"]
        stations.setdefault(f"s-{number // 2}", {"connectors": {}})["connectors"][str(number % 2 + 1)] = connector  # type: ignore[index]
    return Register(RegisterFile.model_validate({"sites": sites}))


def main(count: int, sizes: Sequence[int]) -> None:
    """Print a line for each number of connectors and share of them that have a car."""
    print(f"a row each 10 s, ticks of 30 s; medians of {count} ticks; CPU time of all threads")
    print("connectors  with a car  new rows  s a tick  of the tick  us a row with a car  last/first  store alone")
    for connectors in sizes:
        for share in (0.0, 0.1, 0.3, 1.0):
            with tempfile.TemporaryDirectory() as folder:
                measured = list(ticks(connectors, round(connectors * share), count + 1, Path(folder)))[1:]
            took, alone, rows = (statistics.median(column) for column in zip(*measured, strict=True))
            third = max(count // 3, 1)
            first, last = (
                statistics.median(each[0] for each in some) for some in (measured[:third], measured[-third:])
            )
            each = f"{1e6 * took / (rows * share):19.1f}" if share else f"{'':19}"
            print(
                f"{connectors:10,}  {share:10.0%}  {rows:8,.0f}  {took:8.3f}  {took / TICK.total_seconds():11.2%}"
                f"  {each}  {last / first:10.2f}  {alone:9.3f} s",
                flush=True,
            )


if __name__ == "__main__":
    serve.look_less_often_for_garbage()  # as `laddvakt run` does
    numbers = [int(argument) for argument in sys.argv[1:]]
    main(numbers[0] if numbers else 9, numbers[1:] or (1_000, 3_000, 10_000))
