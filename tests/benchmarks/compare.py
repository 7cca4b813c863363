"""How fast stored sessions are priced again: `python tests/benchmarks/compare.py [sessions] [processes] [random|real]`.

Target: a million sessions of 60 periods in 60 s on two cores (design.md, section 11), that is 8,300 a second and core;
the Rust crate ocpi-tariffs 0.48 priced 3,100 such CDRs a second and core, parsing included. Processor time of all
processes counts, so that others on the machine do not matter; the sessions are read from SQLite.

Random sessions of 60 periods, and the DC sessions of ../shared/data (a period a minute, 34 on average) where they are
there; both over and over at other times of the year 2026.
"""

import csv
import gzip
import os
import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from monitor.authoring.compare import Prices, compare
from monitor.ids import Place
from monitor.register import Register
from monitor.sessions.billing import bill
from monitor.sessions.model import Period, Session
from monitor.state.database import Database
from monitor.state.repricing import Selection
from monitor.state.session_rows import periods_to_blob, row_of
from monitor.state.session_tables import session_periods, sessions
from monitor.tariffs.files import load
from monitor.tariffs.rounding import Policy

RULES = Path(__file__).parents[2] / "rules"
PERIODS = 60
DIFFERENT = 2_000
CHUNK = 5_000
REAL = Path(__file__).parents[3] / "shared" / "data" / "dc_sessions" / "reconstructed_1min.csv.gz"


def session(chance: random.Random) -> Session:
    """One of 60 periods of a minute or two some time in 2026, the last quarter of them parked."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(86_400))
    periods = []
    for index in range(PERIODS):
        end = at + timedelta(seconds=chance.randrange(60, 120))
        parked = index >= PERIODS * 3 // 4
        energy = 0.0 if parked else chance.randrange(200_000, 2_000_000) / 1000
        kind = "parking" if parked else "charging"
        periods.append(Period(at, end, kind, "Charging", energy, energy * 50, None))
        at = end
    return _session("random", f"u{chance.randrange(1000)}", periods, sum(each.energy_wh for each in periods))


def _session(name: str, user: str, periods: list[Period], energy: float) -> Session:
    start, end = periods[0].start, periods[-1].end
    return Session(
        id=name, place=Place("s", "t", "1"), transaction="1", plug_in=start, started=start, stopped=end, plug_out=end,
        closed_at=end, user=user, group=None, stop_reason=None, energy_wh=energy, register_start_wh=0,
        register_stop_wh=energy, integrated_wh=None, charging_time=timedelta(), idle_time=timedelta(),
        average_power_w=None, peak_power_w=None, soc_in=None, soc_out=None, phases=None, flags=frozenset(),
        diagnosis=None, state="open", periods=tuple(periods),
    )  # fmt: skip


def real() -> list[Session]:
    """The reconstructed DC sessions, one period a row; empty where the data are not here."""
    rows: dict[str, list[dict[str, str]]] = {}
    if REAL.exists():
        with gzip.open(REAL, "rt", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                rows.setdefault(row["session"], []).append(row)
    return [_real(name, each) for name, each in rows.items() if len(each) > 1]


def _real(name: str, rows: list[dict[str, str]]) -> Session:
    moments = [datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC) for row in rows]
    energies = [float(row["energy_wh"]) for row in rows]
    periods = [
        Period(moments[i], moments[i + 1], "charging", "Charging", energies[i + 1] - energies[i],
               float(rows[i]["power_w"]), None, float(rows[i]["soc_pct"]))
        for i in range(len(rows) - 1)
    ]  # fmt: skip
    return _session(name, f"u{name}", periods, energies[-1])


def fill(url: str, bases: list[Session], count: int) -> None:
    """Save so many sessions with a price: each base over and over, at other minutes of the year."""
    chance, book, register = random.Random(7), load(RULES), Register()
    database = Database(url)
    database.migrate()
    rows = [row_of(bill(base, book, register, "plug_out")) for base in bases]
    tables = [pa.ipc.open_stream(periods_to_blob(base.periods)).read_all() for base in bases]
    for first in range(0, count, CHUNK):
        numbers = range(first, min(first + CHUNK, count))
        shifts = [timedelta(minutes=chance.randrange(365 * 1440)) for _ in numbers]
        pairs = list(zip(numbers, shifts, strict=True))
        with database.begin() as tx:
            tx.execute(sessions.insert(), [_moved(rows[i % len(rows)], i, shift) for i, shift in pairs])
            tx.execute(
                session_periods.insert(),
                [
                    {
                        "session": f"{i:016x}",
                        "periods": _blob(tables[i % len(tables)], shift // timedelta(microseconds=1)),
                    }
                    for i, shift in pairs
                ],
            )
    database.close()


def _moved(row: dict[str, Any], number: int, shift: timedelta) -> dict[str, Any]:
    moments = ("plug_in_us", "started_us", "stopped_us", "plug_out_us", "closed_us")
    return {**row, "id": f"{number:016x}", **{name: row[name] + shift for name in moments}}


def _blob(table: pa.Table, shift_us: int) -> bytes:
    for name in ("start_us", "end_us"):
        at = table.schema.get_field_index(name)
        table = table.set_column(at, table.schema.field(at), pc.add(table[name], shift_us))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table)
    blob: bytes = sink.getvalue().to_pybytes()
    return blob


def main() -> None:
    """Print sessions a second of processor time, and of the clock, and the memory of the largest process."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    chance = random.Random(7)
    for name, bases in (("random", [session(chance) for _ in range(DIFFERENT)]), ("real", real())):
        if not bases or name not in (sys.argv[3:] or [name]):
            continue
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/state.sqlite"
            fill(url, bases, count)
            periods = sum(len(base.periods) for base in bases) / len(bases)
            for tariff in load(RULES).tariffs.values():
                _run(f"{name:6} {tariff.id}", url, Prices(Register(), "plug_out", Policy(), tariff), processes, periods)


def _run(name: str, url: str, prices: Prices, processes: int, periods: float) -> None:
    began, used = time.perf_counter(), _used()
    found = compare(url, prices, Selection(), processes=processes)
    clock, cpu = time.perf_counter() - began, _used() - used
    largest = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    rates = (
        f"{found.sessions / cpu:6.0f} a second of processor time (target 8300), {found.sessions / clock:6.0f} by clock"
    )
    print(
        f"{name:17} {found.sessions} sessions of {periods:.0f} periods, {processes} processes: {rates} "
        f"({clock:.0f} s), largest process {largest / 1024:.0f} MB",
        flush=True,
    )


def _used() -> float:
    """Processor seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


if __name__ == "__main__":
    main()
