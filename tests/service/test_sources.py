"""What becomes of the alerts when the readings stop coming: one alert about the source, and the rules wait."""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.authoring.why import lines
from monitor.config import Evaluate, Mail, Paths, Settings
from monitor.errors import InputError, StoreUnavailable
from monitor.ids import Place
from monitor.readings.embedded import EmbeddedStore
from monitor.service import Service
from monitor.sessions.model import Session

SHIPPED = Path(__file__).parent.parent.parent / "rules"
START = datetime(2026, 11, 20, 12, 0, 5, tzinfo=UTC)
INTERVAL = timedelta(minutes=1)


class Hand:
    """A clock that is moved."""

    speed = 1.0

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def real_time_of(self, moment: datetime) -> datetime:
        return moment


class Unplugged(EmbeddedStore):
    """A store of which the cable can be pulled."""

    away = False

    def bring_up_to(self, now: datetime) -> None:
        if self.away:
            raise StoreUnavailable("the readings store does not answer")
        super().bring_up_to(now)


class World:
    """A service, stations that send heartbeats, and time that passes."""

    def __init__(self, folder: Path) -> None:
        self.clock = Hand()
        shutil.copytree(SHIPPED, folder / "rules")
        (folder / "rules" / "sites.yaml").unlink()
        self.settings = Settings(
            paths=Paths(rules=folder / "rules", var=folder / "var"), evaluate=Evaluate(interval=INTERVAL)
        )
        self.start()

    def start(self) -> None:
        """A service over what the one before it left behind."""
        self.store = Unplugged(self.settings.paths.var / "readings.duckdb", self.settings.evaluate.window)
        self.service = Service(self.settings, self.clock, store=self.store)

    def pass_by(self, span: timedelta, sending: str = "abcd") -> None:
        """Ticks every minute, and before each a heartbeat from every station that sends."""
        for _ in range(span // INTERVAL):
            self.clock.moment += INTERVAL
            if not self.store.away and sending:
                at = int(self.clock.moment.timestamp()) - 10
                lines = [f'link,site=s,station={name} event="heartbeat",interval_s=60 {at}' for name in sending]
                assert not self.service.intake.write("\n".join(lines).encode(), "s").rejected
            self.service.tick()

    def alerts(self) -> dict[tuple[str, str], str]:
        """State of every active alert by rule and subject."""
        return {(alert.rule, alert.subject): alert.state for alert in self.service.alerts.worst(limit=100)}

    def told(self) -> Counter[str]:
        """How many messages told of alerts of each rule."""
        return Counter(
            alert.rule for alert in self.service.alerts.list() for _ in self.service.alerts.messages(alert.id)
        )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.service.stop()


def test_a_store_that_is_away_is_one_alert_after_its_hold_time_and_the_others_stay(world):
    world.pass_by(timedelta(minutes=3))
    world.pass_by(timedelta(minutes=9), sending="abc")
    assert world.alerts() == {("station-offline", "s/d"): "firing"}
    world.store.away = True
    world.pass_by(timedelta(minutes=1))
    assert world.alerts()[("source-stale", "source:store")] == "pending"
    assert world.service.ticks.last_error == "the readings store does not answer"
    world.pass_by(timedelta(minutes=8))
    assert world.alerts() == {("station-offline", "s/d"): "firing", ("source-stale", "source:store"): "firing"}
    world.store.away = False
    world.pass_by(timedelta(minutes=3), sending="abc")
    assert world.alerts() == {("station-offline", "s/d"): "firing"}
    world.pass_by(timedelta(minutes=10))
    assert world.alerts() == {}


def test_all_stations_silent_at_once_is_the_source_s_silence_and_no_station_is_offline(world):
    world.pass_by(timedelta(minutes=3))
    world.pass_by(timedelta(minutes=15), sending="")
    assert world.alerts() == {("source-stale", "source:store"): "firing"}
    assert world.service.flow is not None
    assert world.service.flow.silent
    rule = world.service.rules.runs["station-offline"]
    assert rule.error.startswith("waits: no station has sent anything since 2026-11-20 12:0")
    world.pass_by(timedelta(minutes=3))
    assert world.alerts() == {}


def test_two_stations_are_no_fleet_their_silence_is_their_own(world):
    world.pass_by(timedelta(minutes=3), sending="ab")
    world.pass_by(timedelta(minutes=10), sending="")
    assert world.alerts() == {("station-offline", "s/a"): "firing", ("station-offline", "s/b"): "firing"}


def test_a_tick_long_after_the_last_one_is_told_after_its_hold_time_only_when_it_goes_on(world):
    world.pass_by(timedelta(minutes=2))
    world.clock.moment += timedelta(minutes=10)
    world.pass_by(INTERVAL)
    assert world.alerts() == {("evaluation-late", "source:evaluation"): "pending"}
    world.pass_by(INTERVAL)
    assert world.alerts() == {}


def finished(closed: datetime, state: str) -> Session:
    """An hour's visit that closed then, without a bill."""
    start = closed - timedelta(hours=1)
    return Session(
        id=f"{state}-{closed:%d%H}", place=Place("s", "a", "1"), transaction="7", plug_in=start, started=start,
        stopped=closed, plug_out=closed, closed_at=closed, user=None, group=None, stop_reason=None, energy_wh=9000.0,
        register_start_wh=None, register_stop_wh=None, integrated_wh=None, charging_time=timedelta(hours=1),
        idle_time=timedelta(), average_power_w=9000.0, peak_power_w=None, soc_in=None, soc_out=None, phases=None,
        flags=frozenset(), diagnosis=None, state=state,
    )  # fmt: skip


@pytest.mark.parametrize("state", ["review", "open"])
def test_a_session_that_nobody_bills_for_over_a_day_is_told_once_and_until_it_is(world, state):
    waiting = finished(START - timedelta(hours=23, minutes=57), state)
    world.service.sessions.save([waiting, finished(START, "review")])
    world.pass_by(timedelta(minutes=2))
    assert world.alerts() == {}
    world.pass_by(timedelta(minutes=2))
    assert world.alerts() == {("sessions-unbilled", "source:billing"): "firing"}
    (alert,) = world.service.alerts.worst(limit=1)
    assert "för 1 dygn sedan" in alert.texts["sv"].summary
    assert "1 d ago" in alert.texts["en"].summary
    world.service.sessions.save([replace(waiting, state="priced")])
    world.pass_by(timedelta(minutes=6))
    assert world.alerts() == {}


def test_where_there_are_no_tariffs_nothing_waits_for_a_bill(world):
    world.service.sessions.save([finished(START - timedelta(days=3), "open")])
    for file in (world.service.settings.paths.rules / "tariffs").iterdir():
        file.unlink()
    world.pass_by(timedelta(minutes=3))
    assert world.alerts() == {}


def test_after_a_start_the_services_own_alerts_are_told_and_no_others_before_every_rule_was_tried(world):
    notify = world.settings.paths.rules / "notify.yaml"
    notify.write_text("receivers: {noc: {mail: [a@x.se]}}\ndefault: {to: noc}\n")
    world.pass_by(timedelta(minutes=3))
    world.pass_by(timedelta(minutes=11), sending="abc")
    assert (world.alerts(), world.told()) == ({("station-offline", "s/d"): "firing"}, {"station-offline": 1})
    world.service.stop()
    world.start()
    world.store.away = True
    world.pass_by(timedelta(hours=5))  # past the reminder of the one, and past the hold time of the other
    assert world.told() == {"station-offline": 1, "source-stale": 2}
    world.store.away = False
    world.pass_by(timedelta(minutes=2), sending="abc")
    assert world.told()["station-offline"] == 2


def test_mail_that_nobody_takes_is_an_alert(world: World) -> None:
    notify = world.settings.paths.rules / "notify.yaml"
    notify.write_text("receivers: {noc: {mail: [a@x.se]}}\ndefault: {to: noc}\n")
    world.service.stop()
    world.settings = world.settings.model_copy(update={"mail": Mail(host="mail.invalid", sender="laddvakt@x.se")})
    world.start()
    world.pass_by(timedelta(minutes=3))
    world.pass_by(timedelta(minutes=12), sending="abc")  # the mail about d is due, and nothing sends it
    assert world.told() == {"station-offline": 1}
    world.pass_by(timedelta(minutes=8), sending="abc")
    assert ("mail-stuck", "source:mail") not in world.alerts()
    world.pass_by(timedelta(minutes=6), sending="abc")
    assert world.alerts()["mail-stuck", "source:mail"] == "firing"


class TestWhyARuleAboutTheServiceSaysWhatItSays:
    @pytest.mark.parametrize("subject", ["store", "source:store"])
    def test_while_the_store_is_away(self, world: World, subject: str) -> None:
        world.pass_by(timedelta(minutes=3))
        world.store.away = True
        world.pass_by(timedelta(minutes=4))
        told = world.service.why("source-stale", subject)
        assert (told["subject"], told["truth"], told["level"]) == ("source:store", True, "critical")
        assert told["at"] == (world.clock.moment - timedelta(seconds=10)).isoformat()
        assert told["alert"]["state"] == "firing"
        assert [line.strip() for line in lines(told)][:4] == [
            f"source-stale on source:store at {told['at']}: true, critical", "when:",
            'source == "store" and (not reachable or silent) = true', 'source == "store" = true',
        ]  # fmt: skip

    def test_of_another_part(self, world: World) -> None:
        world.pass_by(timedelta(minutes=3))
        told = world.service.why("mail-stuck", "mail")
        assert (told["truth"], told["alert"]["state"]) == (False, "none")

    @pytest.mark.parametrize(
        ("rule", "subject", "at", "message"),
        [
            ("source-stale", "stor", None, "'stor' is no part of the service; parts are store, mail"),
            ("source-stale", "s/a/1", None, "parts are store, mail, evaluation, billing"),
            ("source-stale", "store", START, "ask without --at"),
            ("source-stal", "store", None, "did you mean 'source-stale'?"),
        ],
        ids=["misspelt", "a-place", "in-the-past", "no-rule"],
    )
    def test_what_cannot_be_told(
        self, world: World, rule: str, subject: str, at: datetime | None, message: str
    ) -> None:
        world.pass_by(timedelta(minutes=1))
        with pytest.raises(InputError) as raised:
            world.service.why(rule, subject, at)
        assert message in str(raised.value)
