"""What judging many slots at once costs, as a backtest does it: `python tests/benchmarks/rules_slots.py`.

At every connector a car comes every two hours, charges for 40 minutes and stays ten more; readings once a minute,
heartbeats every five. Five shipped rules are asked of pieces of slots half a minute apart, the store holding seven
hours of rows. Printed: pairs of a slot and a connector a second, what 30 days of 1,000 connectors take at that pace,
the memory at its highest, and the same rules slot by slot, as ticks ask them.
"""

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from monitor.readings.embedded import EmbeddedStore
from monitor.rules import files
from monitor.rules.evaluate import evaluate_slots
from monitor.rules.frame import SESSIONS, Facts
from monitor.rules.program import Program, compile_rules
from monitor.units import to_us
from tests.benchmarks import fleet
from tests.benchmarks.rules_tick import register

RULES = ("slow-charging", "stalled-charging", "connector-faulted", "station-offline", "site-congested")
SHIPPED = Path(__file__).parents[2] / "rules"
INTERVAL, HELD = timedelta(seconds=30), timedelta(hours=7)
GOAL = 30 * 1000 * (timedelta(days=1) // INTERVAL)
"""Pairs of a slot and a connector in design.md's backtest: 30 days of 1,000 connectors."""

MINUTE_US = 60_000_000
CYCLE_US, CHARGES_US, STAYS_US = 120 * MINUTE_US, 40 * MINUTE_US, 50 * MINUTE_US

_BEGUN = f"$first_us + cycle * {CYCLE_US} + n * 7919 % 120 * {MINUTE_US} + n % 60 * 1_000_000"
_VISITS = f"""
    SELECT n, cycle, {_BEGUN} AS begun_us FROM range($connectors) AS every(n), range(-1, $cycles) AS of_all(cycle)"""
_STATUS = f"""
    INSERT INTO status BY NAME SELECT n::INTEGER AS connector_key, begun_us + after_us AS time_us,
        time_us AS received_us, 2 AS seq, status, 'NoError' AS error_code
    FROM ({_VISITS}), (VALUES (0, 'Preparing'), ({MINUTE_US}, 'Charging'), ({CHARGES_US}, 'SuspendedEV'),
        ({STAYS_US}, 'Available')) AS steps(after_us, status)
    WHERE begun_us + after_us < $end_us ORDER BY time_us"""
_TRANSACTION = f"""
    INSERT INTO "transaction" BY NAME SELECT n::INTEGER AS connector_key, begun_us + after_us AS time_us,
        time_us AS received_us, 2 AS seq, event, 'session-' || n || '-' || cycle AS session
    FROM ({_VISITS}), (VALUES ({MINUTE_US}, 'start'), ({STAYS_US}, 'stop')) AS steps(after_us, event)
    WHERE begun_us + after_us < $end_us ORDER BY time_us"""
_METER = f"""
    INSERT INTO meter BY NAME SELECT n::INTEGER AS connector_key, at_us AS time_us, at_us AS received_us, 2 AS seq,
        CASE WHEN charges THEN 100_000_000 + hash(n, turn) % 20_000_000 ELSE 0 END::BIGINT AS power_mw,
        n * 1_000_000 + turn * 400_000 AS energy_mwh, 150_000_000 AS offered_mw,
        CASE WHEN charges THEN 20_000 + into_us // {MINUTE_US} * 1000 END AS soc_mpct
    FROM (
        SELECT *, (at_us - ({_BEGUN.replace("cycle", "-1")})) % {CYCLE_US} AS into_us,
            into_us BETWEEN {MINUTE_US} AND {CHARGES_US} AS charges
        FROM (SELECT n, turn, $first_us + turn * {MINUTE_US} + n % 60 * 1_000_000 AS at_us
            FROM range($turns) AS every(turn), range($connectors) AS of_all(n))
    ) ORDER BY turn, n"""
_LINK = """
    INSERT INTO link BY NAME SELECT n::INTEGER AS station_key, $first_us + turn * 300_000_000 + n AS time_us,
        time_us AS received_us, 2 AS seq, 'heartbeat' AS event, 300_000 AS interval_ms
    FROM range(-25, $turns // 5) AS every(turn), range($connectors // 2) AS of_all(n) ORDER BY turn, n"""


def fill(store: EmbeddedStore, connectors: int, first: datetime, end: datetime) -> None:
    """Visits, readings and heartbeats from `first` to `end`."""
    span = end - first
    values = {"connectors": connectors, "first_us": to_us(first), "end_us": to_us(end),
              "turns": span // timedelta(minutes=1), "cycles": span // timedelta(hours=2) + 1}  # fmt: skip
    fleet.places(store, connectors, sites_of(connectors))
    for sql in (_STATUS, _TRANSACTION, _METER, _LINK, "UPDATE store_state SET seq = 2"):
        fleet.write(store, sql, values)


def sites_of(connectors: int) -> int:
    """Ten stations of two connectors each."""
    return max(1, connectors // 20)


def sessions(connectors: int, first: datetime, slots: Sequence[datetime]) -> pa.Table:
    """What was known at each slot of the session under way at each connector."""
    numbers = np.arange(connectors)
    offsets = numbers * 7919 % 120 * MINUTE_US + numbers % 60 * 1_000_000
    pieces = [SESSIONS.empty_table()]
    for slot in slots:
        into = (to_us(slot) - to_us(first) - offsets) % CYCLE_US
        there = numbers[(into >= MINUTE_US) & (into < STAYS_US)]
        into, size = into[there], len(there)
        of = [
            pa.array([f"site-{n // 2 % sites_of(connectors)}" for n in there]),
            pa.array([f"st-{n // 2}" for n in there]),
            pa.array([str(n % 2 + 1) for n in there]), pa.array([f"session-{n}" for n in there]),
            pa.array(to_us(slot) - into + MINUTE_US), pa.nulls(size, pa.int64()),
            pa.array(np.full(size, 120_000.0)), pa.array(into / 1e6 * 30), pa.nulls(size, pa.int64()),
            pa.array([[]] * size, pa.list_(pa.string())), pa.array(np.full(size, 20.0)),
            pa.array(np.full(size, to_us(slot))),
        ]  # fmt: skip
        pieces.append(pa.table(of, SESSIONS))
    return pa.concat_tables(pieces)


def measure(connectors: int, at_once: int, pieces: int) -> None:
    """Judge pieces of slots, then slots one by one."""
    slots_each = max(1, at_once // connectors)
    first = fleet.END - HELD - pieces * slots_each * INTERVAL
    program = compile_rules([rule for rule in files.load(SHIPPED).rules if rule.id in RULES])
    assert len(program.rules) == len(RULES)
    with tempfile.TemporaryDirectory() as folder, \
            closing(EmbeddedStore(Path(folder) / "store.duckdb", timedelta(minutes=30))) as store:  # fmt: skip
        fill(store, connectors, first, fleet.END)
        of_register, begin = register(connectors, sites_of(connectors)), first + HELD
        slots = [begin + number * INTERVAL for number in range(pieces * slots_each)]
        facts = [Facts(of_register, sessions(connectors, first, slots[n : n + slots_each]))
                 for n in range(0, len(slots), slots_each)]  # fmt: skip
        took, cpu, answers = [], [], 0
        for piece in range(pieces):
            chosen = slots[piece * slots_each : (piece + 1) * slots_each]
            store.bring_up_to(chosen[-1])
            began, used = time.perf_counter(), time.process_time()
            answers += _judge(program, store, facts[piece], chosen)
            took.append(time.perf_counter() - began)
            cpu.append(time.process_time() - used)
        best = min(took)
        pairs = connectors * slots_each
        print(
            f"{connectors:>7,} connectors, {slots_each:,} slots at once, load {os.getloadavg()[0]:.1f}: "
            f"{pairs / best / 1e6:.2f} M pairs/s, CPU {pairs / min(cpu) / 1e6:.2f} M pairs/s; "
            f"30 days of 1,000 connectors {GOAL / pairs * best:.0f} s, CPU {GOAL / pairs * min(cpu):.0f} s; "
            f"{answers:,} answers; memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB",
            flush=True,
        )
        alone = Facts(of_register, sessions(connectors, first, slots[-1:]))
        began = time.perf_counter()
        for _ in range(3):
            _judge(program, store, alone, slots[-1:])
        each = (time.perf_counter() - began) / 3
        print(f"{'slot by slot':>40}: {connectors / each / 1e6:.2f} M pairs/s, {GOAL / connectors * each:.0f} s")


def _judge(program: Program, store: EmbeddedStore, facts: Facts, slots: Sequence[datetime]) -> int:
    with store.snapshot() as snapshot:
        answers, failures, waits = evaluate_slots(program, snapshot, facts, slots)
    assert not failures, failures
    assert not waits
    return len(answers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connectors", type=int, nargs="*", default=[1000, 100])
    parser.add_argument("--at-once", type=int, default=2_000_000, help="pairs of a slot and a connector")
    parser.add_argument("--pieces", type=int, default=2)
    chosen = parser.parse_args()
    for connectors in chosen.connectors:
        measure(connectors, chosen.at_once, chosen.pieces)
    print("wanted: a backtest of 30 days, 1,000 connectors and five rules in 60 s, all told")


if __name__ == "__main__":
    main()
