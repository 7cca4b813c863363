"""Acknowledgements and silences: a tick reads them, and no tick takes them back."""

from datetime import timedelta

import pytest

from monitor.alerts.responses import Silence
from monitor.errors import InputError
from monitor.state.alerts import AlertStore
from monitor.state.database import Database
from monitor.state.outbox import Outbox
from monitor.state.responses import ResponseStore
from tests.state.test_tick import NOON, SLOT, Tick, tick

__all__ = ["tick"]
HOUR = timedelta(hours=1)


def mails(database: Database) -> int:
    counts = Outbox(database).counts(NOON)
    return counts.waiting + counts.sent


@pytest.fixture
def said(database: Database) -> ResponseStore:
    return ResponseStore(database)


def fire(tick: Tick, first: int, last: int, truth: bool = True) -> None:
    for slot in range(first, last, 10):
        tick(slot, {("slow", 1): truth})


def test_an_acknowledged_alert_is_not_repeated(tick: Tick, database: Database, said: ResponseStore) -> None:
    fire(tick, 0, 40)
    assert mails(database) == 1
    (alert,) = AlertStore(database).list()
    made = said.acknowledge(alert.id, by="anna", at=NOON + HOUR, ticket="T-1")
    fire(tick, 40, 1200)  # ten hours; repeats are every four
    assert mails(database) == 1
    assert said.acknowledged([alert.id], NOON + 9 * HOUR) == {alert.id: made}
    assert said.withdraw(alert.id, by="anna", at=NOON + 10 * HOUR)
    assert not said.withdraw(alert.id, by="anna", at=NOON + 10 * HOUR)
    fire(tick, 1200, 1220)
    assert mails(database) == 2


def test_an_acknowledgement_that_has_expired_does_not_count(
    tick: Tick, database: Database, said: ResponseStore
) -> None:
    fire(tick, 0, 40)
    said.acknowledge(1, by="anna", at=NOON, until=NOON + HOUR)
    assert said.acknowledged([1], NOON + HOUR) == {}
    fire(tick, 40, 600)
    assert mails(database) == 2


def test_a_silenced_alert_is_told_when_the_silence_ends(tick: Tick, database: Database, said: ResponseStore) -> None:
    said.silence(
        {"site": ["mal*"], "rule": ["slow"]},
        author="anna",
        reason="works",
        starts_at=NOON,
        ends_at=NOON + HOUR,
        at=NOON,
    )
    fire(tick, 0, 120)
    assert mails(database) == 0
    fire(tick, 120, 140)
    assert mails(database) == 1


def test_who_was_told_that_it_fires_is_told_of_its_end_in_spite_of_a_silence(
    tick: Tick, database: Database, said: ResponseStore
) -> None:
    fire(tick, 0, 40)
    said.silence(
        {"subject": ["malmo/*"]}, author="anna", reason="works", starts_at=NOON, ends_at=NOON + 9 * HOUR, at=NOON
    )
    tick(40, {("slow", 1): False})
    fire(tick, 50, 70, truth=False)
    assert mails(database) == 2


def test_what_fired_and_resolved_within_a_silence_is_never_told(
    tick: Tick, database: Database, said: ResponseStore
) -> None:
    said.silence({"site": ["malmo"]}, author="anna", reason="works", starts_at=NOON, ends_at=NOON + HOUR, at=NOON)
    fire(tick, 0, 40)
    fire(tick, 40, 200, truth=False)
    assert mails(database) == 0


@pytest.mark.parametrize(
    ("matchers", "reason", "hours", "what"),
    [({}, "works", 1, "everything"), ({"site": ["a"]}, " ", 1, "reason"), ({"site": ["a"]}, "works", 0, "end")],
    ids=["everything", "no reason", "over before it starts"],
)
def test_silences_that_are_refused(
    said: ResponseStore, matchers: dict[str, list[str]], reason: str, hours: int, what: str
) -> None:
    with pytest.raises(InputError, match=what):
        said.silence(matchers, author="a", reason=reason, starts_at=NOON, ends_at=NOON + hours * HOUR, at=NOON)


def test_only_an_active_alert_can_be_acknowledged(tick: Tick, said: ResponseStore) -> None:
    with pytest.raises(InputError, match="does not exist"):
        said.acknowledge(99, by="anna", at=NOON)
    tick(0, {("slow", 1): True})
    tick(1, {("slow", 1): False})
    with pytest.raises(InputError, match="is over"):
        said.acknowledge(1, by="anna", at=NOON + 2 * SLOT)


def test_the_stamp_changes_with_every_change(tick: Tick, said: ResponseStore) -> None:
    tick(0, {("slow", 1): True})
    stamps = [said.stamp()]
    said.acknowledge(1, by="anna", at=NOON)
    stamps.append(said.stamp())
    said.withdraw(1, by="anna", at=NOON)
    stamps.append(said.stamp())
    made: Silence = said.silence({"site": ["a"]}, author="a", reason="b", starts_at=NOON, ends_at=NOON + HOUR, at=NOON)
    stamps.append(said.stamp())
    said.end_silence(made.id, by="anna", at=NOON + SLOT)
    stamps.append(said.stamp())
    assert len(set(stamps)) == 5
