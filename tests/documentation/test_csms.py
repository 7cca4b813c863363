"""docs/csms.md: its rows, written to a real InfluxDB, arrive through its settings as what they are."""

import re
import tomllib
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from monitor.authoring.doctor import examine
from monitor.config import Paths, Settings
from monitor.readings.influx.server import InfluxServer
from monitor.readings.schema import MEASUREMENTS
from tests import influx
from tests.conftest import ROOT, missing

TEXT = (ROOT / "docs" / "csms.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return str(found)


def test_rows_under_other_names_arrive_as_ours(tmp_path: Path) -> None:
    if influx.installed() is None:
        missing("no influxd 1.x on PATH (Debian: apt-get install influxdb)")
    told = tomllib.loads(block("toml"))
    with influx.influxd_1(tmp_path / "influx") as server:
        with closing(InfluxServer(server.settings)) as csms:
            csms.connect()
            csms.write_lines(block("influx").replace("000000000\n", "000000\n").encode())
        settings = Settings.model_validate(
            {**told, "influxdb": server.settings, "paths": Paths(rules=ROOT / "rules", var=tmp_path)}
        )
        with closing(InfluxServer(settings.influxdb, settings.mapping)) as ours:
            ours.connect()
            [meter] = ours.read("meter", None, None).to_pylist()
            [status] = ours.read("status", None, None).to_pylist()
            [link] = ours.read("link", None, None).to_pylist()
        findings = [finding for finding in examine(settings, datetime.now(UTC)) if finding.part == "mapping"]
    place = {"site": "lund", "station": "LUND-01"}
    assert place | {"connector": "1", "power_w": 10_800.0, "energy_wh": 5_120_250.0, "soc": 61.0} == {
        name: meter[name] for name in ("site", "station", "connector", "power_w", "energy_wh", "soc")
    }
    assert (status["site"], status["connector"], status["status"]) == ("lund", "1", "Charging")
    assert (link["station"], link["event"]) == ("LUND-01", "heartbeat")
    assert [finding.kind for finding in findings] == ["fine"]  # every measurement, tag and field is read


def test_the_table_has_every_measurement_with_its_tags() -> None:
    for name, measurement in MEASUREMENTS.items():
        [row] = [line for line in TEXT.splitlines() if line.startswith(f"| `{name}` |")]
        tags, fields = row.split(" | ")[1:3]
        assert all(f"`{tag}`" in tags for tag in ("site", "station", *measurement.tags))
        named = set(re.findall(r"`(\w+)`", fields)) - {"heartbeat", "boot", "connected", "disconnected"}
        assert named <= {field.name for field in measurement.fields}
