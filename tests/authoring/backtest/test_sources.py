"""Where the readings come from makes no difference: a running service, InfluxDB in pieces; and people's silences."""

from collections.abc import Iterator
from contextlib import closing, nullcontext
from datetime import timedelta
from uuid import uuid4

import pytest

from monitor.authoring.backtest import feeding
from monitor.config import InfluxDB
from monitor.state.database import Database
from monitor.state.responses import ResponseStore
from tests import influx
from tests.authoring.backtest.conftest import NOON, Desk
from tests.authoring.backtest.test_backtest import slow_charge
from tests.conftest import missing
from tests.serving import running

EPISODES = [("slow", "12:26:25", "12:41:25"), ("broken", "12:50:25", "13:00:25")]


@pytest.fixture(scope="session")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    if influx.installed() is None:
        missing("no influxd 1.x on PATH (Debian: apt-get install influxdb)")
    with influx.influxd_1(tmp_path_factory.mktemp("influxd")) as server:
        yield server.settings


@pytest.mark.parametrize("kind", ["embedded, running", "influxdb, running", "influxdb, stopped"])
def test_any_source_gives_the_same(
    desk: Desk, kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind.startswith("influxdb"):
        url, bucket = request.getfixturevalue("influxd").url, uuid4().hex
        with (desk.folder / "laddvakt.toml").open("a") as file:
            file.write(f'[store]\nkind = "influxdb"\n[influxdb]\nurl = "{url}"\nbucket = "{bucket}"\n')
    slow_charge(desk)
    monkeypatch.setattr(feeding, "ROWS_AT_ONCE", 10)
    monkeypatch.setattr(feeding, "FIRST_PIECE", timedelta(hours=5))
    with running(desk.settings) if kind.endswith("running") else nullcontext():
        told = desk.told()
    found = [(each["rule"], each["firing_at"][11:19], each["resolved_at"][11:19]) for each in told["episodes"]]
    assert found == EPISODES


def test_silences_of_then_are_heard(desk: Desk) -> None:
    slow_charge(desk)
    database = Database(desk.settings.state_url)
    database.migrate()
    with closing(database):
        ResponseStore(database).silence(
            {"site": ["lund"]}, author="t", reason="r", starts_at=NOON, ends_at=NOON + timedelta(minutes=55), at=NOON
        )
    told = desk.told("--rule", "broken")
    assert len(told["episodes"]) == 1
    assert [mail["at"][11:19] for mail in told["mails"]] == ["12:55:55", "13:00:55"]
