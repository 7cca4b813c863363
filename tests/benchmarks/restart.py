"""How long a clean restart takes until the first evaluation is recorded: `python tests/benchmarks/restart.py`.

The whole service with either store, stopped and made again over the same files, in this process: `--turns` readings
30 s apart of each of `--connectors`, 3 of 10 charging, each with a session under way. With `--register` every connector
is in sites.yaml, too. Not in it: starting Python and importing (about a second).
"""

import argparse
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time

from monitor.config import Evaluate, Paths, Settings, State, Store
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.influx.server import InfluxServer
from monitor.service import Service
from tests import influx
from tests.benchmarks import fleet

EVERY = timedelta(seconds=30)
OUTLET = "{current: DC, rated: 150 kW}"


@dataclass
class Stopped:
    """A clock that stands still."""

    at: datetime
    speed: float = 1.0

    def now(self) -> datetime:
        return self.at

    def real_time_of(self, moment: datetime) -> datetime:
        return moment


def start(settings: Settings, at: datetime) -> tuple[Service, str]:
    """The service after its first tick, and how long that took."""
    began, used = perf_counter(), process_time()
    service = Service(settings, Stopped(at))
    opened = perf_counter() - began
    service.tick()
    took, cpu = perf_counter() - began, process_time() - used
    assert not service.ticks.last_error, service.ticks.last_error
    assert service.picture is not None
    return service, (f"{took:.2f} s (CPU {cpu:.2f} s), of which opening {opened:.2f} s; "
                     f"{service.picture.connectors.num_rows:,} connectors in the picture")  # fmt: skip


def restart(name: str, settings: Settings) -> None:
    """A first start that finds everything new, a stop, and the restart."""
    first, took = start(settings, fleet.END + timedelta(seconds=10))
    print(f"{name}: first start {took}", flush=True)
    first.stop()
    second, took = start(settings, fleet.END + timedelta(seconds=40))
    print(f"{name}: restart     {took}   wanted: 5 s", flush=True)
    second.stop()


def sites(connectors: int) -> str:
    """sites.yaml of them all."""
    lines: dict[str, list[str]] = {}
    for n in range(0, connectors, 2):
        lines.setdefault(f"site-{n // 2 % fleet.SITES}", []).append(
            f"      st-{n // 2}: {{connectors: {{1: {OUTLET}, 2: {OUTLET}}}}}"
        )
    return "sites:\n" + "".join(
        f"  {site}:\n    stations:\n" + "\n".join(stations) + "\n" for site, stations in lines.items()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connectors", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--register", action="store_true")
    parser.add_argument("--store", choices=("embedded", "influxdb", "both"), default="both")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules").mkdir()
        if chosen.register:
            (folder / "rules" / "sites.yaml").write_text(sites(chosen.connectors))
        settings = Settings(paths=Paths(rules=folder / "rules", var=folder / "var"), evaluate=Evaluate(interval=EVERY),
                            state=State(url=f"sqlite:///{folder}/state.sqlite"))  # fmt: skip
        with closing(EmbeddedStore(settings.readings_file, settings.evaluate.window)) as store:
            rows = fleet.fill(store, chosen.connectors, EVERY, chosen.turns * EVERY)
            store.bring_up_to(fleet.END)
            print(f"{chosen.connectors:,} connectors, {rows:,} readings")
            if chosen.store != "embedded" and influx.installed():
                beside_influxdb(settings, store, folder / "beside")
        if chosen.store != "influxdb":
            restart("embedded", settings)


def beside_influxdb(settings: Settings, filled: EmbeddedStore, folder: Path) -> None:
    """The same rows from a real influxd 1.x."""
    with influx.influxd_1(folder / "influxd") as running:
        source = running.settings.model_copy(update={"timeout": timedelta(seconds=120)})
        with closing(InfluxServer(source)) as server:
            fleet.copy(filled, server)
        restart("InfluxDB", settings.model_copy(update={
            "store": Store(kind="influxdb"), "influxdb": source, "paths": Paths(rules=settings.paths.rules, var=folder),
            "state": State(url=f"sqlite:///{folder}/state.sqlite"),
        }))  # fmt: skip


if __name__ == "__main__":
    main()
