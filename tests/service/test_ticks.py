"""Ticks by a clock that the test moves: slots, what was missed, what fails and goes on."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.config import Paths, Settings
from monitor.service import Service, SlotTrigger, slot_of

SHIPPED = Path(__file__).parent.parent.parent / "rules"
START = datetime(2026, 11, 20, 12, 0, 3, tzinfo=UTC)
HALF_MINUTE = timedelta(seconds=30)


class Hand:
    """A clock that stands still until it is moved; `speed` only tells how a real time would be computed."""

    def __init__(self, moment: datetime, speed: float = 1.0) -> None:
        self.moment = moment
        self.speed = speed
        self._start = moment

    def now(self) -> datetime:
        return self.moment

    def real_time_of(self, moment: datetime) -> datetime:
        return self._start + (moment - self._start) / self.speed


@pytest.fixture
def clock() -> Hand:
    return Hand(START)


@pytest.fixture
def service(tmp_path: Path, clock: Hand) -> Iterator[Service]:
    shutil.copytree(SHIPPED, tmp_path / "rules")
    running = Service(Settings(paths=Paths(rules=tmp_path / "rules", var=tmp_path / "var")), clock)
    yield running
    running.stop()


def test_a_slot_is_a_multiple_of_the_interval_since_the_epoch():
    assert slot_of(START, HALF_MINUTE) == START.replace(second=0)
    assert slot_of(START.replace(second=30), HALF_MINUTE) == START.replace(second=30)


def test_the_next_tick_is_due_when_the_service_s_clock_reaches_the_next_slot_at_any_speed():
    hurried = Hand(START, speed=60)
    due = SlotTrigger(hurried, HALF_MINUTE).get_next_fire_time(None, START)
    assert due - START == timedelta(seconds=27) / 60


def test_a_slot_is_evaluated_once_and_a_late_tick_counts_what_it_missed(service, clock):
    service.tick()
    service.tick()
    assert (service.ticks.count, service.ticks.missed) == (1, 0)
    assert service.picture.at == START.replace(second=0) - timedelta(seconds=5)
    clock.moment += timedelta(minutes=5)
    service.tick()
    assert (service.ticks.count, service.ticks.missed) == (2, 9)
    assert service.ticks.last_at == clock.moment.replace(second=0)


def test_every_registered_connector_is_in_the_picture_before_it_has_sent_anything_and_none_is_green(service):
    service.tick()
    assert service.picture.connectors.num_rows == len(service.register.connectors)
    assert set(service.picture.connectors["state"].to_pylist()) == {"Unknown"}


def test_a_tick_that_fails_is_recorded_keeps_the_last_picture_and_the_next_one_goes_on(service, clock):
    service.tick()
    picture = service.picture
    state = service.settings.paths.var / "state.sqlite"
    service.database.close()
    aside = state.rename(state.with_suffix(".aside"))
    state.mkdir()  # nobody can open a folder as a database
    clock.moment += HALF_MINUTE
    service.tick()
    assert "state.sqlite" in service.ticks.last_error
    assert service.ticks.last_good_at == START.replace(second=0)
    assert service.picture is picture
    service.database.close()
    state.rmdir()
    aside.rename(state)
    clock.moment += HALF_MINUTE
    service.tick()
    assert service.ticks.last_error == ""
    assert service.ticks.last_good_at == slot_of(clock.moment, HALF_MINUTE)


def test_readings_of_a_session_show_in_the_picture_and_the_session_has_its_price_so_far(service, clock):
    service.tick()
    place = next(place for place, connector in service.register if connector.current == "DC")
    site, station, number = place
    tags = f"site={site},station={station},connector={number}"
    began = int(START.timestamp()) - 600
    lines = [
        f'status,{tags} status="Charging",error_code="NoError" {began}',
        f'transaction,{tags},event=start session="9",meter_wh=1000.0 {began}',
        *(f"meter,{tags} power_w=60000.0,energy_wh={1000 + 1000 * m}.0 {began + 60 * m}" for m in range(11)),
    ]
    outcome = service.intake.write("\n".join(lines).encode(), "s")
    assert outcome.rejected == ()
    clock.moment += HALF_MINUTE
    service.tick()
    assert service.ticks.last_error == ""
    (row,) = [
        row
        for row in service.picture.connectors.to_pylist()
        if (row["site"], row["station"], row["connector"]) == (site, station, number)
    ]
    assert (row["state"], row["power_w"]) == ("Charging", 60_000)
    session = service.session(row["session"])
    assert session.energy_wh == pytest.approx(10_000, abs=1)
    assert session.bill is not None
    assert session.bill.total.excl_vat > 0
    (listed,) = service.sessions.list()
    assert (listed.id, listed.plug_out) == (session.id, None)


def test_when_sessions_cannot_be_kept_rules_go_on_and_it_is_told(service, clock):
    service.tick()
    state = service.settings.paths.var / "state.sqlite"
    with contextlib.closing(sqlite3.connect(state)) as connection:
        connection.execute("ALTER TABLE sessions RENAME TO sessions_away")
        connection.commit()
    place = next(iter(service.register.connectors))
    tags = f"site={place.site},station={place.station},connector={place.connector}"
    at = int(START.timestamp())
    service.intake.write(f'transaction,{tags},event=start session="1",meter_wh=1.0 {at}'.encode(), "s")
    service.intake.write(f'status,{tags} status="Faulted",error_code="ReaderFailure" {at}'.encode(), "s")
    clock.moment += timedelta(minutes=2)
    service.tick()
    assert "sessions" in service.ticks.last_error
    assert [alert.rule for alert in service.alerts.list()] == ["connector-faulted"]
    with contextlib.closing(sqlite3.connect(state)) as connection:
        connection.execute("ALTER TABLE sessions_away RENAME TO sessions")
        connection.commit()
    clock.moment += HALF_MINUTE
    service.tick()
    assert service.ticks.last_error == ""
    assert [session.transaction for session in service.sessions.list()] == ["1"]
