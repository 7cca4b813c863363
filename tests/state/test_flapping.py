"""What comes and goes, over ticks of a real database: told once, then quiet, told again when it is calm."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from monitor.alerts.model import Alert, Policy
from monitor.state import flapping
from monitor.state.alert_rows import to_row
from monitor.state.alerts import AlertStore
from monitor.state.database import Database
from monitor.state.tables import alerts as alerts_table

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICY = Policy("slow", "warning", timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=10), "keep", {}, "one")


def fire(tx: Any, at: datetime, **changes: Any) -> Alert:
    """An alert that began to fire then; stored as over, because one at a time may be active."""
    given = {"rule": "slow", "subject": "malmo/m-1/1", **changes}
    new = Alert(id=0, state="resolved", level="warning", labels={}, pending_at=at, firing_at=at, **given)
    number = tx.execute(alerts_table.insert().returning(alerts_table.c.id), to_row(new)).scalar_one()
    return Alert(**{**new.__dict__, "id": number})


@pytest.fixture
def at_minute(database: Database) -> Callable[..., list[int]]:
    """A tick at that minute, at which these fire; the numbers of what flaps."""

    def tick(minute: int, *subjects: str, policies: dict[str, Policy] | None = None) -> list[int]:
        now = NOON + timedelta(minutes=minute)
        with database.begin() as tx:
            fired = [fire(tx, now, subject=subject) for subject in subjects]
            known = {"slow": POLICY} if policies is None else policies
            return [one.alert for one in flapping.update(tx, fired, known, now)]

    return tick


def test_four_times_within_two_hours_flap_until_the_span_holds_one(
    at_minute: Callable[..., list[int]], database: Database
) -> None:
    here = "malmo/m-1/1"
    assert [at_minute(minute, here) for minute in (0, 30, 60)] == [[], [], []]
    assert at_minute(90, here, "lund/l-1/1") == [4]
    assert at_minute(100, here) == [4], "it is the one with which it began"
    assert at_minute(209) == [4]
    assert at_minute(211) == [], "of the last two hours only that of minute 100 is left"
    kinds = [event.kind for event in AlertStore(database).events(4)]
    assert kinds == ["flapping", "calm"]


def test_four_times_in_a_longer_time_do_not(at_minute: Callable[..., list[int]]) -> None:
    assert [at_minute(minute, "malmo/m-1/1") for minute in (0, 50, 100, 150, 200)] == [[]] * 5


def test_a_slow_rule_has_a_longer_span(at_minute: Callable[..., list[int]]) -> None:
    slow = Policy("slow", "warning", timedelta(hours=1), timedelta(0), timedelta(minutes=10), "keep", {}, "one")
    minutes = (0, 120, 240, 360)
    assert [at_minute(minute, "malmo/m-1/1", policies={"slow": slow}) for minute in minutes] == [[], [], [], [4]]


def test_a_rule_that_is_gone_flaps_no_more(at_minute: Callable[..., list[int]]) -> None:
    for minute in range(4):
        flaps = at_minute(minute, "malmo/m-1/1")
    assert flaps == [4]
    assert at_minute(5, policies={}) == []


def test_nothing_is_written_while_nothing_flaps(at_minute: Callable[..., list[int]], database: Database) -> None:
    at_minute(0, "malmo/m-1/1")
    with database.read() as connection:
        assert connection.execute(select(flapping.events)).all() == []
