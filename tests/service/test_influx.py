"""The service on InfluxDB: the server goes away for minutes while readings keep coming and rules tick."""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.config import Evaluate, InfluxDB, Paths, Settings, Store
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

    def __init__(self, folder: Path) -> None:
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
            began = time.monotonic()
            self.service.tick()
            assert time.monotonic() - began < 20

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
