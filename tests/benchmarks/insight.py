"""Rollups of two years of sessions, and what its pages cost then, on SQLite.

Run: `python tests/benchmarks/insight.py [connectors]` (1,000: a tenth of the fleet of the goal, 10 million sessions in
2 minutes). Beside the rollup stands reading the same sessions as rows without making anything of them, in this run, as
the machine may be busy with other things; beside an incremental one the whole one; beside a question of whole days
one of odd hours.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import repeat
from pathlib import Path
from statistics import quantiles
from time import perf_counter

import numpy as np

from monitor.register import Register, RegisterFile
from monitor.state.database import Database
from monitor.state.finished import finished
from monitor.state.insight import Chosen, InsightStore
from monitor.state.insight_due import note_span
from monitor.state.rollups import Rollups
from monitor.state.session_tables import sessions
from monitor.units import to_us

DAYS = 730
PER_DAY = 1.37
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SITE = 10
"""Connectors of a site."""


def register(connectors: int) -> Register:
    """Sites of ten: eight AC of 22 kW and two DC of 150 kW."""
    connector = [{"current": "AC", "rated": "22 kW"}] * 8 + [{"current": "DC", "rated": "150 kW"}] * 2
    sites = {
        f"site-{n:04d}": {"stations": {f"s-{k // 2}": {"connectors": {}} for k in range(SITE)}}
        for n in range(connectors // SITE)
    }
    for site in sites.values():
        for k in range(SITE):
            site["stations"][f"s-{k // 2}"]["connectors"][str(k % 2 + 1)] = connector[k]
    return Register(RegisterFile.model_validate({"sites": sites}))


def fill(database: Database, connectors: int) -> int:
    """Sessions one after the other at each connector, more by day than by night, priced."""
    names = [column.name for column in sessions.c]
    statement = f"INSERT INTO sessions ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    with database.begin() as tx:
        indices = tx.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'sessions' AND type = 'index' AND sql IS NOT NULL"
        ).all()
        for name, _ in indices:  # rows into a table without them, and them at last, takes a third of the time
            tx.exec_driver_sql(f"DROP INDEX {name}")
        for number in range(connectors):
            columns = _of_connector(number)
            rows = zip(*(columns.get(name, repeat(None)) for name in names), strict=False)
            tx.exec_driver_sql(statement, list(rows))
        for _, made_by in indices:
            tx.exec_driver_sql(made_by)
    return connectors * len(columns["id"])


def _of_connector(number: int) -> dict[str, Iterable[object]]:
    """Columns of `sessions`."""
    chance = np.random.default_rng(number)
    count = int(DAYS * PER_DAY)
    start = to_us(NOW) - DAYS * 86_400_000_000
    begin = start + (np.arange(count) / PER_DAY * 86.4e9 + chance.uniform(0, 6e10, count)).astype(np.int64)
    stay = (chance.gamma(2, 1.6e9, count) + 6e7).astype(np.int64)
    stay = np.minimum(stay, np.append(np.diff(begin), stay[-1]) - 1)
    charging = (stay * chance.uniform(0.3, 1, count)).astype(np.int64)
    energy = (charging / 3.6e9 * 11e6).astype(np.int64)
    ended = (begin + stay).tolist()
    same: dict[str, object] = {
        "site": f"site-{number // SITE:04d}", "station": f"s-{number % SITE // 2}", "connector": str(number % 2 + 1),
        "flags": "[]", "services": "[]", "details": json.dumps({"seen_by": "transactions"}), "state": "priced",
        "peak_power_w": 11e3, "tariff_reason": "", "currency": "SEK", "first_kwh_us": 330_000_000, "tariff": "t",
    }  # fmt: skip
    return {name: repeat(value) for name, value in same.items()} | {
        "id": [f"{number:06d}-{k:05d}" for k in range(count)],
        "transaction_id": list(map(str, range(count))),
        "plug_in_us": begin.tolist(), "started_us": begin.tolist(), "stopped_us": ended, "plug_out_us": ended,
        "closed_us": ended, "user_token": [f"u{user}" for user in chance.integers(0, 40_000, count)],
        "energy_mwh": energy.tolist(), "charging_us": charging.tolist(), "idle_us": (stay - charging).tolist(),
        "excl_vat_micro": (energy * 3).tolist(),
    }  # fmt: skip


def timed(what: Callable[[], object]) -> tuple[float, float]:
    """Real seconds, and those of the processor, with ended child processes."""
    real, cpu = perf_counter(), sum(os.times()[:4])
    what()
    return perf_counter() - real, sum(os.times()[:4]) - cpu


def main(connectors: int) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.sqlite"
        with closing(Database(f"sqlite:///{path}")) as database:
            database.migrate()
            whole = register(connectors)
            count = fill(database, connectors)
            print(
                f"{count:,} sessions of {connectors:,} connectors in {DAYS} days, {path.stat().st_size / 1e6:,.0f} MB"
            )
            real, cpu = timed(lambda: Rollups(database).bring_up_to_date(whole))
            print(f"rolled up: {real:.1f} s ({cpu:.1f} s of processor), {count / real:,.0f} sessions a second")
            print(f"  10 million at that rate: {10e6 / count * real:.0f} s (goal 120 s)")
            sites = list(whole.file.sites)

            def read() -> None:
                with database.read() as connection:
                    for site in sites:
                        finished(connection, sessions.c.site == site)

            read_real, _ = timed(read)
            print(f"  reading them alone: {read_real:.1f} s, so the rollup takes {real / read_real:.1f} times that")
            with database.begin() as tx:
                for site in sites[:20]:
                    note_span(tx, site, to_us(NOW) - 86_400_000_000, to_us(NOW))
            once = Rollups(database)
            again, _ = timed(lambda: once.bring_up_to_date(whole))
            print(f"sessions that ended at 20 sites: {again:.2f} s, {real / again:.0f} times faster than all")
            _pages(database, whole)


def _pages(database: Database, whole: Register) -> None:
    month = NOW.replace(hour=0) - timedelta(days=30, hours=2)
    year = NOW.replace(hour=0) - timedelta(days=365, hours=2)
    questions = {
        "performance by station, 30 days": lambda s: s.performance(whole, "station", Chosen(month), NOW),
        "performance by connector, a year": lambda s: s.performance(whole, "connector", Chosen(year), NOW),
        "performance of a site, 30 days": lambda s: s.performance(
            whole, "connector", Chosen(month, site="site-0003"), NOW
        ),
        "performance by site, odd hours": lambda s: s.performance(
            whole, "site", Chosen(month + timedelta(hours=7), NOW - timedelta(days=3, hours=5)), NOW
        ),
        "behaviour, 30 days": lambda s: s.behaviour(whole, Chosen(month), NOW),
        "behaviour of a site, a year": lambda s: s.behaviour(whole, Chosen(year, site="site-0003"), NOW),
        "revenue, 30 days": lambda s: s.revenue(whole, Chosen(month), NOW),
        "revenue of a site, a year": lambda s: s.revenue(whole, Chosen(year, site="site-0003"), NOW),
        "congestion, 30 days": lambda s: s.congestion(whole, Chosen(month), NOW, timedelta(minutes=5)),
        "congestion, a year": lambda s: s.congestion(whole, Chosen(year), NOW, timedelta(minutes=5)),
    }
    for name, ask in questions.items():
        store = InsightStore(database)
        first, *times = [timed(lambda ask=ask, store=store: ask(store))[0] for _ in range(41)]
        print(f"{name}: p95 {1000 * quantiles(times, n=20)[-1]:.0f} ms, who asks first {1000 * first:.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
