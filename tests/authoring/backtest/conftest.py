"""A configuration with rules, and a store with readings in the words of the domain, as the command finds them."""

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

from monitor import config
from monitor.cli import commands
from monitor.config import Settings
from monitor.ids import Place
from monitor.ingest.plain import column_types
from monitor.readings.opening import open_store
from monitor.readings.schema import MEASUREMENTS
from monitor.readings.store import Batch
from monitor.units import to_us

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
"""A Monday; 14:00 in Malmö."""

SITES = """
sites:
  malmo:
    zone: Europe/Stockholm
    stations:
      m-1: {connectors: {1: {current: DC, rated: 150 kW}, 2: {current: DC, rated: 150 kW}}}
  lund:
    zone: Europe/Stockholm
    stations:
      l-1: {connectors: {1: {current: DC, rated: 50 kW}}}
"""
NOTIFY = """
receivers:
  noc: {mail: [noc@x.se]}
  boss: {mail: [boss@x.se]}
  program: {webhook: {url: "https://x.se/hook"}}
routes:
  - {match: {level: critical}, to: boss, continue: true}
  - {match: {site: lund}, to: program}
default: {to: noc, group_wait: 0s, group_interval: 1m}
"""
RULES = """
rules:
  - id: slow
    title: Slow
    on: connector
    when: status == "Charging" and avg(power_w, 5m) < 0.5 * expected_w
    for: 3m
    message: {summary: "gives {{ power_w | kw }}"}
  - {id: broken, title: Broken, on: connector, when: status == "Faulted", severity: critical, message: {summary: s}}
"""


@dataclass
class Desk:
    """A folder as an operator has it; minutes are after NOON."""

    folder: Path
    _rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return config.load(self.folder / "laddvakt.toml")

    def write(self, name: str, text: str) -> Path:
        path = self.folder / "rules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def row(self, measurement: str, minute: float, subject: str, received: float | None = None, **values: Any) -> None:
        place = Place.parse(subject)
        tags = {"site": place.site, "station": place.station}
        if place.connector is not None:
            tags["connector"] = place.connector
        at = to_us(NOON + timedelta(minutes=minute))
        came = at if received is None else to_us(NOON + timedelta(minutes=received))
        self._rows.setdefault(measurement, []).append({**tags, "time_us": at, "received_us": came, **values})

    def heartbeats(self, minutes: int, *stations: str, since: int = -60) -> None:
        for station in stations:
            for minute in range(since, minutes + 1, 5):
                self.row("link", minute, station, event="heartbeat", interval_s=300.0)

    def charging(self, subject: str, powers: Sequence[float], since: int = 0, session: str = "s") -> None:
        """A session with a power in kW each minute, to the end of them."""
        self.row("status", since, subject, status="Charging")
        self.row("transaction", since, subject, event="start", session=f"{session}-{subject}", meter_wh=0.0)
        energy = 0.0
        for minute, power in enumerate(powers, start=since):
            energy += power * 1000 / 60
            self.row("meter", minute, subject, power_w=power * 1000, energy_wh=energy)
        end = since + len(powers)
        stop = {"event": "stop", "session": f"{session}-{subject}", "meter_wh": energy}
        self.row("transaction", end, subject, **stop)
        self.row("status", end, subject, status="Available")

    def store(self) -> None:
        """Everything that was noted, into the store of the configuration."""
        settings = self.settings
        settings.readings_file.parent.mkdir(parents=True, exist_ok=True)
        with closing(open_store(settings, NOON)) as store:
            tables = {name: _table(name, rows) for name, rows in self._rows.items()}
            store.append(Batch(tables, NOON))
        self._rows.clear()

    def run(self, *words: str) -> Result:
        asked = ["rules", "backtest", *words, "--config", str(self.folder / "laddvakt.toml")]
        return CliRunner().invoke(commands, asked, catch_exceptions=False)

    def told(self, *words: str) -> dict[str, Any]:
        found = self.run("--from", "2026-05-04T12:00Z", "--to", "2026-05-04T14:00Z", "--json", *words)
        assert found.exit_code == 0, found.output
        told: dict[str, Any] = json.loads(found.stdout)
        return told


def _table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    there = {column for row in rows for column in row}
    types = {**column_types(MEASUREMENTS[name]), "received_us": pa.int64()}
    return pa.Table.from_pylist(rows, pa.schema([(column, kind) for column, kind in types.items() if column in there]))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """With sites, receivers and two rules; its store is still to be filled."""
    desk = Desk(tmp_path)
    paths = f'[paths]\nrules = "{tmp_path / "rules"}"\nvar = "{tmp_path / "var"}"\n[web]\nlisten = "127.0.0.1:0"\n'
    (tmp_path / "laddvakt.toml").write_text(paths, encoding="utf-8")
    for name, text in {"sites.yaml": SITES, "notify.yaml": NOTIFY, "alerts/all.yaml": RULES}.items():
        desk.write(name, text)
    return desk
