"""A backtest of many days: `python tests/benchmarks/backtest.py [days] [connectors]`, by default 30 and 1,000.

Target: 30 days of 1,000 connectors with a reading a minute, 5 rules, in 60 s on two cores, with memory that does not
depend on the span (design.md, section 11). Beside the time stand what reading the same rows from the store alone takes,
the memory at a quarter and at the end of the span, and the time of the processor, as others use the machine.
Cars are there 15 % of the time, and one charger in 200 gives a fifth of its power.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from monitor import documents, register
from monitor.alerts import notify_file
from monitor.authoring.backtest.running import Asked, backtest
from monitor.authoring.backtest.versions import Version
from monitor.authoring.replay import Files
from monitor.config import Paths, Settings
from monitor.readings import scanning
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.schema import MEASUREMENTS
from monitor.readings.store import Batch
from monitor.rules import files
from monitor.units import to_us

FIRST = datetime(2026, 5, 1, tzinfo=UTC)
SECONDS = 60.0
MINUTE_US = 60_000_000
VISIT, BETWEEN = 45, 255
"""Minutes that a car stays, and that a connector is free."""
RULES = """
rules:
  - {id: slow, title: t, on: connector, for: 3m, message: {summary: s},
     when: 'status == "Charging" and session_age >= 5m and avg(power_w, 5m) < 0.5 * expected_w'}
  - {id: dead, title: t, on: connector, message: {summary: s},
     when: 'status == "Charging" and max(power_w, 10m) < 1 kW'}
  - {id: hot, title: t, on: connector, when: 'avg(temperature_c, 10m) > 80 C', message: {summary: s}}
  - {id: broken, title: t, on: connector, when: 'status == "Faulted"', for: 2m, message: {summary: s}}
  - {id: full, title: t, on: site, when: 'available(DC) == 0', for: 10m, message: {summary: s}}
"""
NOTIFY = "receivers: {noc: {mail: [noc@example.org]}}\ndefault: {to: noc}\n"


class Fleet:
    """Connectors, two a station and twenty a site; each with cars at times of its own."""

    def __init__(self, connectors: int) -> None:
        self._numbers = np.arange(connectors)
        self._shift = (self._numbers * 7919) % (VISIT + BETWEEN)
        self._tags = {
            "site": pa.array([f"site-{n // 20}" for n in self._numbers]),
            "station": pa.array([f"s-{n // 2}" for n in self._numbers]),
            "connector": pa.array([str(n % 2 + 1) for n in self._numbers]),
        }

    def sites(self) -> str:
        """Its sites.yaml."""
        lines = ["sites:"]
        for site in range(-(-len(self._numbers) // 20)):
            lines += [f"  site-{site}:", "    stations:"]
            lines += [
                f"      s-{site * 10 + n}: {{connectors: {{1: {{current: DC, rated: 150 kW}}, "
                "2: {current: DC, rated: 150 kW}}}"
                for n in range(10)
            ]
        return "\n".join(lines)

    def hour(self, hour: int) -> Batch:
        """Everything that an hour brings."""
        minutes = np.repeat(np.arange(hour * 60, hour * 60 + 60), len(self._numbers))
        which = np.tile(self._numbers, 60)
        phase = (minutes + self._shift[which]) % (VISIT + BETWEEN)
        there = phase < VISIT
        visit = (minutes + self._shift[which]) // (VISIT + BETWEEN)
        weak = (which % 200 == 7) & (visit % 3 == 1)
        power = np.where(there, np.where(weak & (phase > 8), 20_000.0, 100_000.0), 0.0)
        energy = np.where(there, visit * 75_000.0 + phase * 100_000.0 / 60, (visit + 1) * 75_000.0)
        times = to_us(FIRST) + minutes * MINUTE_US + which * 40_000
        meter = self._rows(which, times, power_w=power, energy_wh=energy, temperature_c=np.full(len(which), 30.0))
        starts, stops = phase == 0, phase == VISIT
        turns = starts | stops
        names = np.array([f"{n}-{v}" for n, v in zip(which[turns], visit[turns], strict=True)])
        status = self._rows(which[turns], times[turns], status=np.where(starts[turns], "Charging", "Available"))
        transaction = self._rows(
            which[turns], times[turns], event=np.where(starts[turns], "start", "stop"), session=names,
            meter_wh=energy[turns],
        )  # fmt: skip
        return Batch({"meter": meter, "status": status, "transaction": transaction}, FIRST + timedelta(hours=hour + 1))

    def _rows(self, which: np.ndarray, times: np.ndarray, **columns: np.ndarray) -> pa.Table:
        tags = {name: column.take(pa.array(which)) for name, column in self._tags.items()}
        return pa.table({**tags, "time_us": times, **columns})


def filled(path: Path, fleet: Fleet, days: int, settings: Settings) -> int:
    """The store with these days; how many readings it has."""
    rows = 0
    with closing(EmbeddedStore(path, settings.evaluate.window)) as store:
        for hour in range(days * 24):
            batch = fleet.hour(hour)
            store.append(batch)
            rows += batch.rows
        store.bring_up_to(FIRST + timedelta(days=days))
    return rows


def memory() -> int:
    """MB that the process has ever had at once."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main(days: int, connectors: int) -> None:
    """Print the figures."""
    fleet = Fleet(connectors)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(paths=Paths(rules=Path(folder) / "rules", var=Path(folder)))
        began = time.perf_counter()
        rows = filled(settings.readings_file, fleet, days, settings)
        print(f"{days} days, {connectors} connectors, {rows:,} readings stored in {time.perf_counter() - began:.0f} s")
        with scanning.source(settings) as source:
            began, cpu = time.perf_counter(), time.process_time()
            read = sum(batch.num_rows for batch in every(source, days))
            print(
                f"reading {read:,} of them alone: {time.perf_counter() - began:.1f} s, "
                f"{time.process_time() - cpu:.1f} s of processor"
            )
            known = register.parse(documents.parse(fleet.sites(), "sites.yaml"), "Europe/Stockholm")
            rules = files.parse_rules(documents.parse(RULES, "rules.yaml"))
            tried = Files(rules, notify_file.parse(documents.parse(NOTIFY, "notify.yaml")), known)
            asked = Asked(Version(tried, frozenset(rule.id for rule in rules)), FIRST, FIRST + timedelta(days=days))
            before, quarter = memory(), 0

            def progress(done: int, of: int) -> None:
                nonlocal quarter
                if quarter == 0 and done * 4 >= of:
                    quarter = memory()

            began, cpu = time.perf_counter(), time.process_time()
            found = backtest(asked, source, settings, progress=progress)
            took, cpu = time.perf_counter() - began, time.process_time() - cpu
    wanted = SECONDS * days / 30 * connectors / 1000
    print(
        f"backtest of 5 rules: {took:.1f} s ({cpu:.1f} s of processor), {took / wanted:.1f} times the target of "
        f"{wanted:.1f} s for this span; {len(found.episodes)} episodes, {len(found.mails)} mails"
    )
    print(f"memory: {before} MB before, {quarter} MB after a quarter, {memory()} MB at the end")


def every(source: scanning.Source, days: int) -> Iterator[pa.RecordBatch]:
    """All meter rows, hour by hour, as a backtest asks for them."""
    for hour in range(days * 24):
        start = FIRST + timedelta(hours=hour)
        yield from source.scan(MEASUREMENTS["meter"], start, start + timedelta(hours=1))


if __name__ == "__main__":
    main(*(int(word) for word in (sys.argv[1:] + ["30", "1000"][len(sys.argv) - 1 :])[:2]))
