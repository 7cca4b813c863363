"""The service on InfluxDB: the server goes away for minutes while readings keep coming and rules tick."""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from dashboards.writes import writes
from monitor.config import Evaluate, InfluxDB, Paths, Settings, Spool, Store
from monitor.readings.influx.server import InfluxServer
from monitor.service import Service
from tests import influx
from tests.conftest import missing

SHIPPED = Path(__file__).parent.parent.parent / "rules"
INTERVAL = timedelta(minutes=1)


class Hand:
    """A clock that is moved."""

    speed = 1.0
    moment = datetime(2026, 11, 20, 12, 0, 5, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def real_time_of(self, moment: datetime) -> datetime:
        return moment


class World:
    """A service over a real influxd, stations that send heartbeats, and time that passes."""

    def __init__(self, folder: Path, spool_limit: int = 2**30) -> None:
        self.clock = Hand()
        self._folder = folder
        self._server = ExitStack()
        self._port: int | None = None
        url = self.server_starts().url
        shutil.copytree(SHIPPED, folder / "rules")
        (folder / "rules" / "sites.yaml").unlink()
        settings = Settings(
            paths=Paths(rules=folder / "rules", var=folder / "var"),
            evaluate=Evaluate(interval=INTERVAL),
            store=Store(kind="influxdb"),
            influxdb=InfluxDB(url=url, timeout=timedelta(seconds=2)),
            spool=Spool(limit=spool_limit),
        )
        self.service = Service(settings, self.clock)
        self.sent = 0

    def server_starts(self) -> InfluxDB:
        running = self._server.enter_context(influx.influxd_1(self._folder / "influxd", port=self._port))
        self._port = int(running.settings.url.rpartition(":")[2])
        return running.settings

    def server_is_killed(self) -> None:
        self._server.close()

    def pass_by(self, span: timedelta, sending: str = "abcd") -> None:
        """Ticks every minute, and before each a heartbeat from every station that sends."""
        for _ in range(span // INTERVAL):
            self.clock.moment += INTERVAL
            at = int(self.clock.moment.timestamp()) - 10
            lines = [f'link,site=s,station={name} event="heartbeat",interval_s=60 {at}' for name in sending]
            if lines:
                assert not self.service.intake.write("\n".join(lines).encode(), "s").rejected
                self.sent += len(lines)
            self.service.tick()

    def alerts(self) -> dict[tuple[str, str], str]:
        """State of every active alert by rule and subject."""
        return {(alert.rule, alert.subject): alert.state for alert in self.service.alerts.worst(limit=100)}

    def close(self) -> None:
        self.service.stop()
        self._server.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    if influx.installed() is None:
        missing("no influxd 1.x on PATH (Debian: apt-get install influxdb)")
    made = World(tmp_path)
    yield made
    made.close()


def test_influxd_away_for_twenty_minutes_is_one_alert_and_afterwards_all_rows_are_there_once(world):
    world.pass_by(timedelta(minutes=3))
    world.pass_by(timedelta(minutes=9), sending="abc")
    assert world.alerts() == {("station-offline", "s/d"): "firing"}

    world.server_is_killed()
    world.pass_by(timedelta(minutes=20))
    assert world.alerts() == {("station-offline", "s/d"): "firing", ("source-stale", "source:store"): "firing"}
    assert "wait in the spool" in world.service.ticks.last_error
    assert not world.service.store.health().reachable

    world.server_starts()
    world.pass_by(timedelta(minutes=3))
    assert world.service.ticks.last_error == ""
    assert ("source-stale", "source:store") not in world.alerts()
    world.pass_by(timedelta(minutes=10))
    assert world.alerts() == {}
    rows = [row for batch in world.service.store.scan("link") for row in batch.to_pylist()]
    assert len(rows) == len({(row["station"], row["time_us"]) for row in rows}) == world.sent


def test_the_log_says_when_influxd_is_away_and_when_it_is_back(world):
    world.pass_by(timedelta(minutes=3))
    with capture_logs() as lines:
        world.server_is_killed()
        world.pass_by(timedelta(minutes=3))
    waits = [line for line in lines if line["event"] == "rules wait"]
    assert {line["log_level"] for line in waits} == {"error"}
    assert all(line["error"] for line in waits)
    assert not any("exc_info" in line for line in waits)  # an outage is no defect of ours
    assert not [line for line in lines if line["event"] == "ticks are good again"]

    world.server_starts()
    with capture_logs() as lines:
        world.pass_by(timedelta(minutes=3))
    assert [line["log_level"] for line in lines if line["event"] == "ticks are good again"] == ["info"]


def test_a_tick_that_fails_is_logged_with_its_trace_and_the_next_one_is_tried(world, monkeypatch):
    world.pass_by(timedelta(minutes=1))
    with capture_logs() as lines:
        with monkeypatch.context() as broken:
            broken.setattr(world.service.alerts, "active_keys", lambda: 1 / 0)
            world.pass_by(timedelta(minutes=1))
        world.pass_by(timedelta(minutes=1))
    [failed] = [line for line in lines if line["event"] == "tick failed"]
    assert (failed["log_level"], type(failed["exc_info"])) == ("error", ZeroDivisionError)
    assert [line["event"] for line in lines if line["event"] == "ticks are good again"]
    assert world.service.ticks.last_error == ""


def test_writers_that_all_fall_silent_while_influxd_is_well_are_the_source_s_silence(world):
    world.pass_by(timedelta(minutes=5))
    world.pass_by(timedelta(minutes=20), sending="")
    assert world.alerts() == {("source-stale", "source:store"): "firing"}
    assert world.service.flow is not None
    assert world.service.flow.silent


def test_a_restart_of_the_service_goes_on_with_window_and_spool(world):
    world.pass_by(timedelta(minutes=2))
    world.server_is_killed()
    world.pass_by(timedelta(minutes=2))
    world.service.stop()
    world.service = Service(world.service.settings, world.clock)
    assert "spool, rows" in world.service.store.health().details
    world.server_starts()
    world.pass_by(timedelta(minutes=1))

    assert world.service.ticks.last_error == ""
    rows = [row for batch in world.service.store.scan("link") for row in batch.to_pylist()]
    assert len(rows) == world.sent


def test_the_write_endpoint_answers_after_influxdb_then_after_the_spool_and_then_says_when_to_come_again(tmp_path):
    if influx.installed() is None:
        missing("no influxd 1.x on PATH (Debian: apt-get install influxdb)")
    with closing(World(tmp_path, spool_limit=4000)) as world:
        app = Flask(__name__)
        app.register_blueprint(writes)
        app.extensions["laddvakt"] = world.service
        client = app.test_client()
        begin = int(world.clock.moment.timestamp()) - 3600

        def send(number: int, more: str = "") -> TestResponse:
            line = f"meter,site=s,station=x,connector=1 power_w={number} {begin + number}"
            return client.post("/api/v2/write?precision=s", data=f"{line}\n{more}")

        answer = send(0, "meter,site=s power_w=1")
        assert (answer.status_code, "line 2: tag 'station' is missing" in answer.json["message"]) == (400, True)
        with closing(InfluxServer(world.service.settings.influxdb)) as server:
            assert server.read("meter", None, None)["power_w"].to_pylist() == [0.0]

        world.server_is_killed()
        number, taken = 1, [0]
        while (answer := send(number)).status_code == 204:
            taken.append(number)
            number += 1
        assert len(taken) > 2
        assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (503, True)
        assert "InfluxDB is still away" in answer.json["message"]

        world.server_starts()
        deadline = time.monotonic() + 40
        while world.service.store.health().details["spool, rows"] != "0":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        world.pass_by(timedelta(minutes=1), sending="")
        rows = [row for batch in world.service.store.scan("meter") for row in batch.to_pylist()]
        assert [row["power_w"] for row in rows] == taken
        assert send(number).status_code == 204
