"""The ten rules here and where they would else be: `python tests/benchmarks/rules_elsewhere.py [--connectors 10000]`.

The same readings are loaded into Prometheus and VictoriaMetrics where those are installed (Debian packages prometheus
and victoria-metrics), and each rule's expression is asked of them at the same moment, as their rule managers do at each
evaluation (vmalert sends the very same request). All in one run, warm, the best of `--rounds`: compare within a run.
Theirs differ in what they mean: no session clips a window, `delta` is extrapolated, and a share is of samples.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from monitor.readings.embedded import EmbeddedStore
from monitor.rules.evaluate import Facts, evaluate
from tests.benchmarks import fleet, rules_tick

FIELDS = {"power_w": "power_mw", "offered_w": "offered_mw", "energy_wh": "energy_mwh", "soc": "soc_mpct"}
EXPRESSIONS = {
    "average": "avg_over_time(power_w[10m]) > 1e6",
    "least": "min_over_time(power_w[10m]) > 1e6",
    "most": "max_over_time(power_w[10m]) > 1e6",
    "average-of-offered": "avg_over_time(offered_w[10m]) > 1e6",
    "last-power": "power_w > 1e6",
    "last-charge": "soc > 99",
    "delta": "delta(energy_wh[10m]) > 1e6",
    "changes": "changes(power_w[10m]) > 100",
    "share": "avg_over_time((power_w > bool 1e6)[10m:{every}s]) > 0.99",
    "sites": "count by (site) (power_w > 1e6) > 3",
}


def write_text(store: EmbeddedStore, path: Path, *, milliseconds: bool) -> int:
    """All readings in the text format of Prometheus, one sample a line, by metric; how many there are."""
    at = "time_us // 1000" if milliseconds else "time_us / 1e6"
    parts = [
        f"SELECT '{name}{{site=\"' || site || '\",station=\"' || station || '\",connector=\"' || connector || '\"}} ' "
        f"|| {column} / 1000 || ' ' || {at} AS line FROM meter JOIN connectors USING (connector_key) "
        f"WHERE {column} IS NOT NULL ORDER BY time_us"
        for name, column in FIELDS.items()
    ]
    lines = 0
    with store.snapshot() as snapshot, path.open("w") as file:
        for part in parts:
            found = snapshot.query(part)["line"]
            for chunk in found.chunks:
                file.write("\n".join(chunk.to_pylist()) + "\n")
            lines += len(found)
        file.write("# EOF\n")
    return lines


def free_port() -> int:
    """One that nothing listens on now."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], ready: str) -> Iterator[None]:
    """The server until the end of the block; `ready` is an address that answers 200 once it is up."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            try:
                with urllib.request.urlopen(ready, timeout=5):
                    break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def asked(address: str, expression: str) -> int:
    """How many series an instant query answers at the end of the readings."""
    query = urllib.parse.urlencode(
        {"query": expression, "time": fleet.END.timestamp(), "nocache": 1, "timeout": "600s"}
    )
    with urllib.request.urlopen(f"{address}/api/v1/query?{query}", timeout=900) as answer:
        return len(json.load(answer)["data"]["result"])


def elsewhere(name: str, address: str, every: float, rounds: int, ours_s: float) -> None:
    """Print what each rule takes there, and all of them beside ours."""
    print(f"{name:>16} has {asked(address, 'power_w'):,} series of power", flush=True)
    total = 0.0
    for rule, expression in EXPRESSIONS.items():
        text = expression.format(every=round(every))
        best = min(clocked(lambda text=text: asked(address, text)) for _ in range(rounds))  # type: ignore[misc]
        total += best
        print(f"{name:>16} {rule:>20} {best:>8.3f} s, {asked(address, text):,} match", flush=True)
    print(f"{name:>16} {'all ten':>20} {total:>8.3f} s, {total / ours_s:.0f} times ours", flush=True)


def clocked(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def prometheus(store: EmbeddedStore, folder: Path, every: float, rounds: int, ours_s: float) -> None:
    """Blocks made by promtool, then asked of a server over them."""
    text, blocks = folder / "readings.om", folder / "blocks"
    write_text(store, text, milliseconds=False)
    subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet", str(text), str(blocks)],
                   check=True, stdout=subprocess.DEVNULL)  # fmt: skip
    (folder / "prometheus.yml").write_text("{}\n")
    address = f"http://127.0.0.1:{free_port()}"
    command = ["prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={blocks}",
               "--storage.tsdb.retention.time=100y", f"--web.listen-address={address.removeprefix('http://')}",
               "--query.timeout=15m", "--query.max-samples=500000000"]  # fmt: skip
    with running(command, f"{address}/-/ready"):
        elsewhere("Prometheus", address, every, rounds, ours_s)


def victoria(store: EmbeddedStore, folder: Path, every: float, rounds: int, ours_s: float) -> None:
    """Imported as text, then asked as vmalert asks."""
    text = folder / "readings.txt"
    write_text(store, text, milliseconds=True)
    address = f"http://127.0.0.1:{free_port()}"
    command = ["victoria-metrics", f"-storageDataPath={folder / 'victoria'}", "-retentionPeriod=100y",
               f"-httpListenAddr={address.removeprefix('http://')}", "-search.maxUniqueTimeseries=10000000",
               "-search.maxQueryDuration=15m"]  # fmt: skip
    with running(command, f"{address}/health"):
        with text.open("rb") as body:
            request = urllib.request.Request(f"{address}/api/v1/import/prometheus", body, method="POST",
                                             headers={"Content-Length": str(text.stat().st_size)})  # fmt: skip
            urllib.request.urlopen(request, timeout=900).close()
        urllib.request.urlopen(f"{address}/internal/force_flush", timeout=60).close()
        elsewhere("VictoriaMetrics", address, every, rounds, ours_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connectors", type=int, default=10_000)
    parser.add_argument("--every", type=float, default=10, help="seconds between two readings of a connector")
    parser.add_argument("--rounds", type=int, default=2)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, \
            closing(EmbeddedStore(Path(name) / "store.duckdb", rules_tick.WINDOW)) as store:  # fmt: skip
        folder = Path(name)
        rows = fleet.fill(store, chosen.connectors, timedelta(seconds=chosen.every), rules_tick.WINDOW)
        store.bring_up_to(fleet.END)
        program = rules_tick.program(*rules_tick.RULES)
        facts = Facts(rules_tick.register(chosen.connectors), fleet.sessions(chosen.connectors))

        def tick() -> None:
            with store.snapshot() as snapshot:
                evaluate(program, snapshot, facts, fleet.END)

        tick()
        ours_s = min(clocked(tick) for _ in range(max(chosen.rounds, 3)))
        print(
            f"{chosen.connectors:,} connectors, {rows:,} readings, load {os.getloadavg()[0]:.1f}; "
            f"all ten here: {ours_s:.3f} s",
            flush=True,
        )
        for needed, load in ((("prometheus", "promtool"), prometheus), (("victoria-metrics",), victoria)):
            if all(map(shutil.which, needed)):
                load(store, folder, chosen.every, chosen.rounds, ours_s)
            else:
                print(f"{needed[0]} is not installed")


if __name__ == "__main__":
    main()
