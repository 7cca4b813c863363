"""Comments and verdicts, the timeline that they stand in, and the precision of rules."""

from datetime import timedelta

import pytest

from monitor.alerts.remarks import Tally
from monitor.errors import InputError
from monitor.state import audit
from monitor.state.alerts import AlertStore
from monitor.state.database import Database
from monitor.state.outbox import Outbox
from monitor.state.remarks import RemarkStore
from monitor.state.responses import ResponseStore
from monitor.state.timeline import timeline
from tests.state.test_tick import NOON, SLOT, Tick, tick

__all__ = ["tick"]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def remarks(database: Database) -> RemarkStore:
    return RemarkStore(database)


def over(tick: Tick, count: int) -> None:
    """So many alerts that fired and resolved, numbered from 1."""
    for slot, truth in ((0, True), (2, False)):
        tick(slot, {("slow", number): truth for number in range(count)})


def test_a_comment_stands_on_an_active_alert_and_on_one_that_is_over(tick: Tick, remarks: RemarkStore) -> None:
    tick(0, {("slow", 1): True})
    first = remarks.comment(1, " cable is hot\nsent Bo ", by="anna", at=NOON + MINUTE)
    tick(10, {("slow", 1): False})
    second = remarks.comment(1, "was the fuse", by="bo", at=NOON + 9 * MINUTE)
    assert remarks.comments(1) == [first, second]
    assert first.text == "cable is hot\nsent Bo"


def test_comments_that_are_refused(tick: Tick, remarks: RemarkStore) -> None:
    with pytest.raises(InputError, match="alert 7 does not exist"):
        remarks.comment(7, "hello", by="anna", at=NOON)
    tick(0, {("slow", 1): True})
    with pytest.raises(InputError, match="needs a text"):
        remarks.comment(1, " \n", by="anna", at=NOON)


def test_a_verdict_needs_an_alert_that_fired_and_is_over(tick: Tick, remarks: RemarkStore) -> None:
    with pytest.raises(InputError, match="does not exist"):
        remarks.judge(1, "real", by="anna", at=NOON)
    tick(0, {("slow", 1): True})
    with pytest.raises(InputError, match="alert 1 is not over yet"):
        remarks.judge(1, "real", by="anna", at=NOON)


def test_a_later_verdict_takes_the_place_of_an_earlier_one_and_both_are_in_the_audit_log(
    tick: Tick, remarks: RemarkStore, database: Database
) -> None:
    over(tick, 1)
    remarks.judge(1, "false", by="anna", at=NOON + 5 * MINUTE, comment="meter was off")
    last = remarks.judge(1, "known", by="bo", at=NOON + 6 * MINUTE)
    assert remarks.judgement(1) == last
    with database.read() as connection:
        entries = audit.list(connection, action="alert.verdict", subject="1")
    assert [(entry.actor, entry.details["before"], entry.details["verdict"]) for entry in entries] == [
        ("bo", "false", "known"),
        ("anna", None, "false"),
    ]


def test_precision_is_of_real_and_false_ones_and_unknown_without_any(tick: Tick, remarks: RemarkStore) -> None:
    assert remarks.tallies() == {}
    over(tick, 6)
    remarks.judge(6, "known", by="anna", at=NOON + 5 * MINUTE)
    assert remarks.tallies()["slow"].precision is None
    for alert, verdict in ((1, "real"), (2, "real"), (3, "real"), (4, "false")):
        remarks.judge(alert, verdict, by="anna", at=NOON + 5 * MINUTE)  # type: ignore[arg-type]
    assert remarks.tallies() == {"slow": Tally(real=3, false=1, known=1)}
    assert remarks.tallies()["slow"].precision == 0.75


def test_everything_about_an_alert_stands_in_one_order(tick: Tick, remarks: RemarkStore, database: Database) -> None:
    said, here = ResponseStore(database), NOON
    tick(0, {("slow", 1): True})
    tick(1, {("slow", 1): True})
    said.acknowledge(1, by="anna", at=here + MINUTE, assignee="bo", ticket="T-1")
    said.withdraw(1, by="carl", at=here + 2 * MINUTE)
    said.acknowledge(1, by="anna", at=here + 3 * MINUTE, until=here + 4 * MINUTE)
    said.silence(
        {"rule": ["slow"]}, author="dora", reason="works", starts_at=here + 5 * MINUTE, ends_at=here + 6 * MINUTE,
        at=here,
    )  # fmt: skip
    said.silence(
        {"rule": ["offline"]}, author="eve", reason="another rule's", starts_at=here, ends_at=here + 600 * MINUTE,
        at=here,
    )  # fmt: skip
    remarks.comment(1, "fuse", by="bo", at=here + 7 * MINUTE)
    tick(20, {("slow", 1): False})
    remarks.judge(1, "real", by="anna", at=here + 12 * MINUTE)
    alert = AlertStore(database).get(1)
    assert alert is not None
    found = timeline(database, alert, here + 60 * MINUTE)
    assert [(entry.kind, entry.what, entry.by) for entry in found] == [
        ("event", "firing", ""),
        ("message", "firing", ""),
        ("acknowledged", "", "anna"),
        ("withdrawn", "", "carl"),
        ("acknowledged", "", "anna"),
        ("expired", "", "anna"),
        ("silenced", "", "dora"),
        ("silence over", "", "dora"),
        ("comment", "", "bo"),
        ("event", "resolved", ""),
        ("message", "resolved", ""),
        ("verdict", "real", "anna"),
    ]
    assert found[2].text == "bo · T-1"
    assert found[1].delivery is not None
    assert found[1].delivery.address == "noc@x.se"
    assert Outbox(database).counts(NOON).waiting == 2
    assert SLOT < MINUTE
