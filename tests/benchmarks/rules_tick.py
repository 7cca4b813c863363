"""What a tick of ten rules costs, warm: `python tests/benchmarks/rules_tick.py [--connectors 10000 ...] [--every 10]`.

The ten rules of design.md section 11 over ten minutes of readings. Printed: the tick, its part that every evaluation
has (the frame and the picture), and each rule alone beyond that. Run it on a machine that does nothing else; on a busy
one the CPU time says more.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from statistics import median

from monitor import documents
from monitor.readings.embedded import EmbeddedStore
from monitor.register import Register, RegisterFile
from monitor.rules import files
from monitor.rules.evaluate import Facts, evaluate
from monitor.rules.program import Program, compile_rules
from tests.benchmarks import fleet

WINDOW = timedelta(minutes=10)
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


def timed(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median seconds of the rounds, and the least CPU seconds of one."""
    took, cpu = [], []
    for _ in range(rounds):
        began, used = time.perf_counter(), time.process_time()
        work()
        took.append(time.perf_counter() - began)
        cpu.append(time.process_time() - used)
    return median(took), min(cpu)


def register(connectors: int) -> Register:
    """Every connector with its rating."""
    sites: dict[str, dict[str, dict[str, object]]] = {}
    for n in range(0, connectors, 2):
        stations = sites.setdefault(f"site-{n // 2 % fleet.SITES}", {"stations": {}})["stations"]
        stations[f"st-{n // 2}"] = {"connectors": {key: {"current": "DC", "rated": "150 kW"} for key in ("1", "2")}}
    return Register(RegisterFile.model_validate({"sites": sites}))


def measure(connectors: int, every: timedelta, rounds: int) -> None:
    """Fill a store, evaluate all rules together, then one by one."""
    with tempfile.TemporaryDirectory() as folder, \
            closing(EmbeddedStore(Path(folder) / "store.duckdb", WINDOW)) as store:  # fmt: skip
        rows = fleet.fill(store, connectors, every, WINDOW)
        store.bring_up_to(fleet.END)
        facts = Facts(register(connectors), fleet.sessions(connectors))

        def tick(*ids: str) -> tuple[float, float]:
            chosen = program(*ids)

            def once() -> None:
                with store.snapshot() as snapshot:
                    found = evaluate(chosen, snapshot, facts, fleet.END)
                assert not found.failures, found.failures

            once()  # warm
            return timed(once, rounds)

        ten, bare = tick(*RULES), tick()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(
            f"{connectors:>9,} connectors, {rows:,} rows, memory {peak:.2f} GB: ten rules {ten[0]:.3f} s, "
            f"CPU {ten[1]:.3f} s; of that frame and picture {bare[0]:.3f} s, CPU {bare[1]:.3f} s",
            flush=True,
        )
        for name in RULES:
            alone = tick(name)
            print(f"{name:>28} {alone[0] - bare[0]:>7.3f} s, CPU {alone[1] - bare[1]:>6.3f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connectors", type=int, nargs="*", default=[10_000, 30_000, 100_000])
    parser.add_argument("--every", type=float, default=10, help="seconds between two readings of a connector")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    for connectors in chosen.connectors:
        measure(connectors, timedelta(seconds=chosen.every), chosen.rounds)
    print("wanted: 0.25 s with 100,000 connectors and 6,000,000 rows; 3 s and 4 GB with 1,000,000 at 60 s")


if __name__ == "__main__":
    main()
