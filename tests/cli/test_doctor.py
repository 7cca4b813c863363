"""`laddvakt doctor` against real servers: what works, what does not, what to do, and the exit code."""

import json
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import text

from monitor.authoring.doctor import examine
from monitor.authoring.finding import Finding
from monitor.config import InfluxDB, Mail, MappedMeasurement, Mapping, Paths, Settings, State, Store
from monitor.demo.mailbox import Mailbox
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.influx.server import InfluxServer
from monitor.readings.spool import Spool
from monitor.readings.store import Batch
from monitor.state.database import Database
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
        ("versions", "files", "readings", "state", "disk", "mail", "web"), "fine"
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


def test_a_test_mail_is_sent_when_asked_for_and_the_server_s_answer_shown(
    doctor: Doctor, post: Mailbox, free_port: int
) -> None:
    configuration = f'web = {{listen = "127.0.0.1:{free_port}"}}\nmail = {{host = "127.0.0.1", port = %d}}'
    code, said = doctor(configuration % post.address[1], "--send-to", "oncall@example.org")
    [mail] = post.mails
    assert code == 0
    assert "fine     test mail: sent to oncall@example.org: 250 " in said
    assert (mail.recipients, "Test message" in mail.text) == (("oncall@example.org",), True)

    code, said = doctor(configuration % free_port, "--send-to", "oncall@example.org")
    assert code == 3
    assert "broken   test mail: oncall@example.org: mail server " in said


@pytest.mark.parametrize("address", ["oncall", "webhook:ops", "a@b\n", "a b@example.org"])
def test_a_test_mail_goes_to_a_mail_address_and_nowhere_else(doctor: Doctor, post: Mailbox, address: str) -> None:
    code, said = doctor(f'mail = {{host = "127.0.0.1", port = {post.address[1]}}}', "--send-to", address)
    assert code == 1
    assert f"broken   test mail: {address!r} is not a mail address" in said
    assert not post.mails


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_mail_server_without_the_tls_asked_for_is_told_with_the_setting(
    doctor: Doctor, post: Mailbox, tls: str
) -> None:
    code, said = doctor(f'mail = {{host = "127.0.0.1", port = {post.address[1]}, tls = "{tls}"}}')
    [line] = [line for line in said.splitlines() if " mail: " in line]
    assert code == 3
    assert line.startswith("broken   mail: ")
    assert "mail.tls" in line


def test_a_disk_with_little_room_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(paths=Paths(rules=ROOT / "rules", var=tmp_path))
    assert [kind for kind, _ in found(list(examine(settings, NOW)), "disk")] == ["fine"]
    monkeypatch.setattr("monitor.authoring.doctor.LITTLE_ROOM", shutil.disk_usage(tmp_path).total + 1)
    [(kind, said)] = found(list(examine(settings, NOW)), "disk")
    assert kind == "warning"
    assert said.endswith("free some, or move paths.var")


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
        assert found(findings, "spool") == [("fine", "nothing waits for InfluxDB")]
        [shown] = [finding.rows for finding in findings if finding.rows]
        assert [row["power_w"] for row in shown] == [1012.0 - each for each in range(10)]

        apart = list(examine(settings, datetime.now(UTC) + timedelta(minutes=61)))
        [(kind, said)] = found(apart, "clock")
        assert kind == "warning"
        assert "61 min behind ours" in said
        assert "let both machines take their time from NTP" in said


def test_what_of_a_foreign_schema_is_not_taken_is_named(tmp_path: Path) -> None:
    if influx.installed() is None:
        missing("no influxd 1.x on PATH (Debian: apt-get install influxdb)")
    with influx.influxd_1(tmp_path / "influx") as server:
        settings = Settings(
            paths=Paths(rules=ROOT / "rules", var=tmp_path),
            store=Store(kind="influxdb"),
            influxdb=InfluxDB(url=server.settings.url),
            mapping=Mapping(
                meter=MappedMeasurement(
                    measurement="wallbox",
                    tags={"station": "charger"},
                    constants={"site": "lund"},
                    fields={"power_w": "kW"},
                    factors={"power_w": 1000},
                )
            ),
        )
        with closing(InfluxServer(settings.influxdb)) as writer:
            writer.connect()
            writer.write_lines(b"wallbox,charger=a,connector=1 kW=7 1000000\nwallbox,charger=b kW=11 2000000")
            writer.write_lines(b"weather sun=1 1000000")
        findings = list(examine(settings, datetime.now(UTC)))
    [shown] = [finding.rows for finding in findings if finding.rows]
    assert [(row["site"], row["station"], row["power_w"]) for row in shown] == [
        ("lund", "b", 11_000.0),
        ("lund", "a", 7_000.0),
    ]
    said = found(findings, "mapping")
    assert ("warning", "measurements that are not read: weather; name those with readings in [mapping]") in said
    [wrong] = [message for kind, message in said if kind == "wrong"]
    assert wrong.startswith("1 of these have no connector and are not taken: name theirs in [mapping.meter.tags]")


def test_what_waits_in_the_spool_is_counted_and_not_touched(tmp_path: Path, free_port: int) -> None:
    spool = Spool(tmp_path / "spool", 10**6)
    rows = [{"site": "s", "station": "x", "connector": "1", "power_w": 1.0, "time_us": each} for each in range(3)]
    spool.append(Batch({"meter": pa.Table.from_pylist(rows)}, NOW))
    settings = Settings(
        paths=Paths(rules=ROOT / "rules", var=tmp_path),
        store=Store(kind="influxdb"),
        influxdb=InfluxDB(url=f"http://127.0.0.1:{free_port}"),
    )
    [(kind, said)] = found(list(examine(settings, NOW)), "spool")
    assert kind == "warning"
    assert "3 rows in 1 batches wait for InfluxDB" in said
    assert spool.waiting.rows == 3
    spool.close()


def test_wrong_credentials_are_a_matter_of_the_configuration(tmp_path: Path) -> None:
    if influx.installed() is None:
        missing("no influxd 1.x on PATH (Debian: apt-get install influxdb)")
    with influx.influxd_1(tmp_path / "influx", users=True) as server:
        settings = Settings(
            paths=Paths(rules=ROOT / "rules", var=tmp_path),
            store=Store(kind="influxdb"),
            influxdb=server.settings.model_copy(update={"password": "wrong"}),
        )
        [(kind, said)] = found(list(examine(settings, NOW)), "readings")
    assert kind == "wrong"
    assert "influxdb.password" in said


def test_the_state_database_is_looked_at(tmp_path: Path) -> None:
    settings = Settings(paths=Paths(rules=ROOT / "rules", var=tmp_path))
    assert "is not there yet" in found(list(examine(settings, NOW)), "state")[0][1]
    with closing(Database(settings.state_url)) as database:
        database.migrate()
        ours = database.schema().ours
        [(kind, said)] = found(list(examine(settings, NOW)), "state")
        assert (kind, said.endswith(f"has schema {ours}")) == ("fine", True)
        with database.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    [(kind, said)] = found(list(examine(settings, NOW)), "state")
    assert kind == "wrong"
    assert "of a newer Laddvakt: install that" in said
    odd = settings.model_copy(update={"state": State(url="oracel://nobody@127.0.0.1:9/none")})
    [(kind, said)] = found(list(examine(odd, NOW)), "state")
    assert kind == "wrong"
    assert said.startswith("state.url: ")
