"""What a tick of ten rules costs, warm: `python tests/benchmarks/rules_tick.py [--connectors 10000 ...] [--every 10]`.

The ten rules of design.md section 11 over ten minutes of readings. Printed: the tick, its part that every evaluation
has (the frame and the picture), each rule alone beyond that, all shipped rules, and what it takes to bring the window
up to new readings; with `--costs` tables of a tick against connectors, rows, rules and windows instead. Run it on a
machine that does nothing else; on a busy one the CPU time says more.
"""

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from monitor import documents
from monitor.readings.embedded import EmbeddedStore
from monitor.register import Register, RegisterFile
from monitor.rules import files
from monitor.rules.evaluate import Facts, evaluate
from monitor.rules.program import Program, compile_rules
from monitor.units import to_us
from tests.benchmarks import fleet

WINDOW = timedelta(minutes=10)
LONGEST = timedelta(minutes=30)
"""How far back rules may look: those that are shipped do."""
SHIPPED = Path(__file__).parents[2] / "rules"
RULES = {
    "average": "connector: avg(power_w, 10m) > 1 MW",
    "least": "connector: min(power_w, 10m) > 1 MW",
    "most": "connector: max(power_w, 10m) > 1 MW",
    "average-of-offered": "connector: avg(offered_w, 10m) > 1 MW",
    "last-power": "connector: power_w > 1 MW",
    "last-charge": "connector: soc > 99 %",
    "delta": "connector: delta(energy_wh, 10m) > 1 MWh",
    "changes": "connector: changes(power_w, 10m) > 100",
    "share": "connector: share(power_w > 1 MW, 10m) > 99 %",
    "sites": "site: count(power_w > 1 MW) > 3",
}


def program(*ids: str) -> Program:
    """Of the rules of these names, or of none."""
    text = (
        "rules: []\n"
        if not ids
        else "rules:\n"
        + "".join(
            "- {{id: {id}, title: x, on: {on}, when: '{when}', message: {{summary: x}}}}\n".format(
                id=id_, on=RULES[id_].split(": ")[0], when=RULES[id_].split(": ")[1]
            )
            for id_ in ids
        )
    )
    return compile_rules(files.parse_rules(documents.parse(text, "rules.yaml")))


def shipped() -> Program:
    """The rules about places that `laddvakt init` writes."""
    return compile_rules([rule for rule in files.load(SHIPPED).rules if rule.on != "source"])


def timed(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median seconds of the rounds, and the least CPU seconds of one."""
    took, cpu = [], []
    for _ in range(rounds):
        began, used = time.perf_counter(), time.process_time()
        work()
        took.append(time.perf_counter() - began)
        cpu.append(time.process_time() - used)
    return median(took), min(cpu)


def register(connectors: int, of_sites: int = fleet.SITES) -> Register:
    """Every connector with its rating."""
    sites: dict[str, dict[str, dict[str, object]]] = {}
    for n in range(0, connectors, 2):
        stations = sites.setdefault(f"site-{n // 2 % of_sites}", {"stations": {}})["stations"]
        stations[f"st-{n // 2}"] = {"connectors": {key: {"current": "DC", "rated": "150 kW"} for key in ("1", "2")}}
    return Register(RegisterFile.model_validate({"sites": sites}))


Tick = Callable[[Program], tuple[float, float]]


@contextmanager
def filled(
    connectors: int, every: timedelta, window: timedelta, rounds: int
) -> Iterator[tuple[EmbeddedStore, int, Tick]]:
    """A store, its rows, and what a warm tick of a program over it takes: seconds, and CPU seconds."""
    with tempfile.TemporaryDirectory() as folder, \
            closing(EmbeddedStore(Path(folder) / "store.duckdb", LONGEST)) as store:  # fmt: skip
        rows = fleet.fill(store, connectors, every, window)
        store.bring_up_to(fleet.END)
        facts = Facts(register(connectors), fleet.sessions(connectors))

        def tick(chosen: Program, now: datetime = fleet.END) -> None:
            with store.snapshot() as snapshot:
                found = evaluate(chosen, snapshot, facts, now)
            assert not found.failures, found.failures

        def warm(chosen: Program) -> tuple[float, float]:
            tick(chosen)
            return timed(lambda: tick(chosen), rounds)

        yield store, rows, warm


def measure(connectors: int, every: timedelta, rounds: int) -> None:
    """Fill a store, evaluate all rules together, then one by one, then with readings that come in."""
    with filled(connectors, every, WINDOW, rounds) as (store, rows, tick):
        ten, bare = tick(program(*RULES)), tick(program())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(
            f"{connectors:>9,} connectors, {rows:,} rows, load {os.getloadavg()[0]:.1f}, memory {peak:.2f} GB: "
            f"ten rules {ten[0]:.3f} s, CPU {ten[1]:.3f} s; of that frame and picture {bare[0]:.3f} s, "
            f"CPU {bare[1]:.3f} s",
            flush=True,
        )
        for name in RULES:
            alone = tick(program(name))
            print(f"{name:>28} {alone[0] - bare[0]:>7.3f} s, CPU {alone[1] - bare[1]:>6.3f} s", flush=True)
        every_shipped = tick(shipped())
        print(f"{'all shipped rules':>28} {every_shipped[0]:>7.3f} s, CPU {every_shipped[1]:>6.3f} s", flush=True)
        taking = [arrivals(store, connectors, every, turn) for turn in range(3)]
        print(f"{'new readings, brought up':>28} {min(taking)[0]:>7.3f} s, CPU {min(taking)[1]:>6.3f} s", flush=True)


def arrivals(store: EmbeddedStore, connectors: int, every: timedelta, turn: int) -> tuple[float, float]:
    """What it takes to bring the window, and the samples that are kept, up to the readings of another turn."""
    now = fleet.END + (turn + 1) * every
    fleet.more(store, connectors, every, turn)

    def bring_up() -> None:
        store.bring_up_to(now)
        with store.snapshot() as snapshot:
            snapshot.samples(frozenset({"power_mw", "offered_mw", "energy_mwh"}), to_us(now - WINDOW), to_us(now))

    return timed(bring_up, 1)


def many(rules: int, windows: int) -> Program:
    """So many rules, which look back on so many different windows."""
    entry = (
        "- {{id: r-{n}, title: x, on: connector, when: 'avg(power_w, {span}s) > {kw} kW', message: {{summary: x}}}}\n"
    )
    entries = (entry.format(n=n, span=30 + 30 * (n % windows), kw=1000 + n) for n in range(rules))
    return compile_rules(files.parse_rules(documents.parse("rules:\n" + "".join(entries), "rules.yaml")))


def costs(rounds: int) -> None:
    """What a tick costs as one of connectors, rows, rules and windows grows, with a bar of 10 ms of CPU a mark."""

    def row(kind: str, number: int, cost: tuple[float, float]) -> None:
        bar = "▇" * round(cost[1] * 100)
        print(f"{kind:>12} {number:>10,} {cost[0]:>8.3f} s, CPU {cost[1]:>7.3f} s {bar}", flush=True)

    for connectors in (3_000, 10_000, 30_000, 100_000):
        with filled(connectors, timedelta(seconds=60), WINDOW, rounds) as (_, _, tick):
            row("connectors", connectors, tick(program(*RULES)))
    for seconds in (120, 60, 20, 10, 5):
        with filled(30_000, timedelta(seconds=seconds), WINDOW, rounds) as (_, rows, tick):
            row("rows", rows, tick(program(*RULES)))
    with filled(30_000, timedelta(seconds=20), WINDOW, rounds) as (_, _, tick):
        for rules in (1, 10, 40, 100):
            row("rules", rules, tick(many(rules, 1)))
        for windows in (1, 5, 10, 20):
            row("windows", windows, tick(many(20, windows)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connectors", type=int, nargs="*", default=[10_000, 30_000, 100_000])
    parser.add_argument("--every", type=float, default=10, help="seconds between two readings of a connector")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--costs", action="store_true", help="tables of cost against connectors, rows, rules, windows")
    chosen = parser.parse_args()
    if chosen.costs:
        costs(chosen.rounds)
        return
    for connectors in chosen.connectors:
        measure(connectors, timedelta(seconds=chosen.every), chosen.rounds)
    print(
        "wanted: 0.25 s with 100,000 connectors and 6,000,000 rows; 3 s and 4 GB with 1,000,000 at 60 s; "
        "shipped rules 0.8 s with 100,000"
    )


if __name__ == "__main__":
    main()
