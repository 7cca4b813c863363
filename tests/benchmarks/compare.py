"""How fast stored sessions are priced again: `python tests/benchmarks/compare.py [sessions] [processes]`.

Target: a million sessions of 60 periods in 60 s on two cores (design.md, section 11), that is 8,300 a second and core;
the Rust crate ocpi-tariffs 0.48 priced 3,100 such CDRs a second and core, parsing included. Processor time of all
processes counts, so that others on the machine do not matter; the sessions are read from SQLite.
"""

import os
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.authoring.compare import Prices, compare
from monitor.ids import Place
from monitor.register import Register
from monitor.sessions.billing import bill
from monitor.sessions.model import Period, Session
from monitor.state.database import Database
from monitor.state.repricing import Selection
from monitor.state.sessions import SessionStore
from monitor.tariffs.files import load
from monitor.tariffs.rounding import Policy

RULES = Path(__file__).parents[2] / "rules"
PERIODS = 60
DIFFERENT = 200


def session(chance: random.Random) -> Session:
    """One of 60 periods of a minute or two some time in 2026, the last quarter of them parked."""
    started = at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(365 * 86_400))
    periods = []
    for index in range(PERIODS):
        end = at + timedelta(seconds=chance.randrange(60, 120))
        parked = index >= PERIODS * 3 // 4
        energy = 0.0 if parked else chance.randrange(200_000, 2_000_000) / 1000
        kind = "parking" if parked else "charging"
        periods.append(Period(at, end, kind, "Charging", energy, energy * 50, None))
        at = end
    energy = sum(each.energy_wh for each in periods)
    return Session(
        id=f"{chance.getrandbits(64):016x}", place=Place("s", "t", "1"), transaction="1", plug_in=started,
        started=started, stopped=at, plug_out=at, closed_at=at, user=f"u{chance.randrange(1000)}", group=None,
        stop_reason=None, energy_wh=energy, register_start_wh=0, register_stop_wh=energy, integrated_wh=None,
        charging_time=timedelta(), idle_time=timedelta(), average_power_w=None, peak_power_w=None, soc_in=None,
        soc_out=None, phases=None, flags=frozenset(), diagnosis=None, state="open", periods=tuple(periods),
    )  # fmt: skip


def fill(url: str, count: int) -> None:
    """Save so many sessions, all different in their times and energies, with a price."""
    chance, book = random.Random(7), load(RULES)
    database = Database(url)
    database.migrate()
    store = SessionStore(database)
    for _ in range(0, count, DIFFERENT):
        store.save([bill(session(chance), book, Register(), "plug_out") for _ in range(DIFFERENT)])
    database.close()


def main() -> None:
    """Print sessions a second of processor time, and of the clock, for each shipped tariff."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/state.sqlite"
        fill(url, count)
        for tariff in load(RULES).tariffs.values():
            prices = Prices(Register(), "plug_out", Policy(), tariff)
            began, used = time.perf_counter(), _used()
            found = compare(url, prices, Selection(), processes=processes)
            clock, cpu = time.perf_counter() - began, _used() - used
            rates = f"{count / cpu:7.0f} a second of processor time (target 8300), {count / clock:7.0f} by the clock"
            print(f"{tariff.id:10} {found.sessions} sessions of {PERIODS} periods, {processes} processes: {rates}")


def _used() -> float:
    """Processor seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


if __name__ == "__main__":
    main()
