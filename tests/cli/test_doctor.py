"""`laddvakt doctor` against real servers: what works, what does not, what to do, and the exit code."""

import json
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from monitor.authoring.doctor import Finding, examine
from monitor.config import InfluxDB, Mail, Paths, Settings, Store
from monitor.demo.mailbox import Mailbox
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.influx.server import InfluxServer
from monitor.readings.store import Batch
from tests import influx
from tests.conftest import ROOT, missing

NOW = datetime.now(UTC)
Doctor = Callable[..., tuple[int, str]]


@pytest.fixture
def doctor(laddvakt: Path, tmp_path: Path) -> Doctor:
    """Runs the command over a configuration; its exit code and what it said."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules")

    def run(configuration: str, *options: str) -> tuple[int, str]:
        file = tmp_path / "laddvakt.toml"
        file.write_text(configuration, encoding="utf-8")
        command = [laddvakt, "doctor", "--config", file, *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    return run


@pytest.fixture
def post() -> Iterator[Mailbox]:
    box = Mailbox(lambda: NOW)
    box.start()
    yield box
    box.stop()


def found(findings: list[Finding], part: str) -> list[tuple[str, str]]:
    return [(finding.kind, finding.message) for finding in findings if finding.part == part]


def test_all_is_fine(doctor: Doctor, post: Mailbox, free_port: int) -> None:
    code, said = doctor(
        f'web = {{listen = "127.0.0.1:{free_port}"}}\nmail = {{host = "127.0.0.1", port = {post.address[1]}}}', "--json"
    )
    findings: list[dict[str, Any]] = json.loads(said)["findings"]
    assert code == 0
    assert {each["part"]: each["kind"] for each in findings} == dict.fromkeys(
        ("files", "readings", "disk", "mail", "web"), "fine"
    )
    assert not post.mails


def test_what_is_down_is_named_and_gives_3(doctor: Doctor, free_port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        code, said = doctor(
            f'web = {{listen = "127.0.0.1:{taken}"}}\nmail = {{host = "127.0.0.1", port = {free_port}}}\n'
            f'store = {{kind = "influxdb"}}\ninfluxdb = {{url = "http://127.0.0.1:{free_port}"}}'
        )
    lines = said.splitlines()
    assert code == 3
    for part, remedy in (("readings", "InfluxDB"), ("mail", "check mail.host"), ("web", "choose another web.listen")):
        assert any(line.startswith(f"broken   {part}: ") and remedy in line for line in lines), part


def test_a_wrong_configuration_gives_1(doctor: Doctor) -> None:
    code, said = doctor("[mail]\nprt = 25")
    assert code == 1
    assert "did you mean 'port'?" in said


@pytest.mark.parametrize("listen", ["localhost:http", "127.0.0.1:99999"])
def test_an_address_that_is_none_gives_1(doctor: Doctor, listen: str) -> None:
    code, said = doctor(f'web = {{listen = "{listen}"}}')
    assert code == 1
    assert f"broken   web: web.listen is '{listen}'" in said


def test_a_mail_server_that_does_not_let_us_in_gives_3(doctor: Doctor, post: Mailbox, free_port: int) -> None:
    mail = f'mail = {{host = "127.0.0.1", port = {post.address[1]}, username = "u", password = "p"}}'
    code, said = doctor(f'web = {{listen = "127.0.0.1:{free_port}"}}\n{mail}')
    assert code == 3
    assert "broken   mail: " in said


def test_a_store_in_use_by_another_process_is_no_riddle(doctor: Doctor, tmp_path: Path, free_port: int) -> None:
    (tmp_path / "var").mkdir()
    store = EmbeddedStore(tmp_path / "var" / "readings.duckdb", timedelta(minutes=30))
    code, said = doctor(f'web = {{listen = "127.0.0.1:{free_port}"}}')
    store.close()
    assert code == 3
    assert "is in use by process" in said


def test_an_influxdb_shows_its_clock_its_mapping_and_ten_readings(tmp_path: Path) -> None:
    if influx.installed() is None:
        missing("no influxd 1.x on PATH (Debian: apt-get install influxdb)")
    with influx.influxd_1(tmp_path / "influx") as server:
        settings = Settings(
            paths=Paths(rules=ROOT / "rules", var=tmp_path),
            store=Store(kind="influxdb"),
            influxdb=InfluxDB(url=server.settings.url),
            mail=Mail(),
        )
        assert "no meter readings" in found(list(examine(settings, NOW)), "mapping")[0][1]
        writer = InfluxServer(settings.influxdb)
        rows = [
            {"site": "s", "station": "x", "connector": "1", "power_w": 1000.0 + each, "time_us": each * 10**6}
            for each in range(1, 13)
        ]
        writer.write(Batch({"meter": pa.Table.from_pylist(rows)}, NOW))
        writer.write_lines(b"meter,site=s,station=x,connector=1,phase=L1 volts=230 1000000")
        writer.close()

        findings = list(examine(settings, datetime.now(UTC)))
        assert [kind for kind, _ in found(findings, "clock")] == ["fine"]
        assert ("warning", "meter: not read: phase, volts; name them in [mapping.meter]") in found(findings, "mapping")
        [shown] = [finding.rows for finding in findings if finding.rows]
        assert [row["power_w"] for row in shown] == [1012.0 - each for each in range(10)]

        apart = list(examine(settings, datetime.now(UTC) + timedelta(minutes=6)))
        [(kind, said)] = found(apart, "clock")
        assert kind == "warning"
        assert "behind ours: let both machines take their time from NTP" in said
