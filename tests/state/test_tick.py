"""One tick is one transaction: alerts, events, groups and messages together, and nothing that did not change."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from monitor import documents
from monitor.alerts.model import Message
from monitor.alerts.notify_file import parse
from monitor.register import Register
from monitor.rules.answer import Answer, Evaluation
from monitor.rules.files import parse_rules
from monitor.state.alerts import AlertStore
from monitor.state.database import Database
from monitor.state.outbox import Outbox
from monitor.state.tables import groups
from monitor.state.tick import Recorded, record_tick

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SLOT = timedelta(seconds=30)
RULES = """
rules:
  - {id: slow, title: {en: Slow charging, sv: Långsam laddning}, on: connector, when: power_w < 5 kW,
     labels: {team: field}, inhibited_by: [offline], message: {summary: "{{ power_w | kw }}"}}
  - {id: offline, title: Offline, on: connector, when: not online, keep_firing_for: 1m, message: {summary: gone}}
  - {id: own, title: Store, on: source, when: not reachable, message: {summary: away}}
"""
NOTIFY = "receivers: {noc: {mail: [noc@x.se], language: sv}}\ndefault: {to: noc}"
Tick = Callable[..., Recorded]


@pytest.fixture
def tick(database: Database) -> Tick:
    """Record the tick of a slot; answers as `{(rule, connector): truth}`."""

    rules = parse_rules(documents.parse(RULES, "r.yaml"))

    def record(
        slot: int, answers: dict[tuple[str, int], bool | None], on: Database = database, **more: Any
    ) -> Recorded:
        now = NOON + slot * SLOT
        given = tuple(
            Answer(
                rule,
                f"malmo/m-1/{number}",
                now,
                truth,
                "warning" if truth else None,
                truth is False,
                values={"power_w": 3000.0},
            )
            for (rule, number), truth in answers.items()
        )
        if more.pop("own", False):
            given += (Answer("own", "source:store", now, True, "critical", False),)
        evaluation = Evaluation(now, given, more.pop("failures", {}), pa.table({}))
        routes = more.pop("routes", parse(documents.parse(NOTIFY, "notify.yaml")))
        return record_tick(
            on, evaluation, rules=rules, register=Register(), routes=routes, interval=SLOT, **more
        )  # fmt: skip

    return record


def test_it_fires_and_is_told(database: Database, tick: Tick) -> None:
    assert (tick(0, {("slow", 1): True}).written, tick(1, {("slow", 1): True}).messages) == (1, 1)
    (alert,) = AlertStore(database).list()
    (claimed,) = Outbox(database).claim("mail", NOON + SLOT, timedelta(minutes=1))
    assert (alert.state, alert.labels, alert.values) == ("firing", {"team": "field"}, {"power_w": 3000.0})
    (row,) = claimed.message.rows
    assert (row.alert, row.firing_at, row.texts) == (alert.id, NOON, alert.texts["sv"])
    assert row.texts.title == "Långsam laddning"


def test_a_tick_without_news_writes_no_alert(database: Database, tick: Tick) -> None:
    tick(0, {("slow", number): True for number in range(50)})
    tick(1, {("slow", number): True for number in range(50)})
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement.split("(", maxsplit=1)[0].strip())

    event.listen(Engine, "before_cursor_execute", note)
    recorded = tick(2, {("slow", number): True for number in range(50)})
    event.remove(Engine, "before_cursor_execute", note)
    assert (recorded.written, recorded.events, recorded.messages) == (0, (), 0)
    assert [s for s in statements if s.startswith(("INSERT", "UPDATE", "DELETE"))] == [
        "UPDATE evaluations SET at_us=? WHERE evaluations.rule IN"
    ]


def test_the_same_tick_recorded_twice_changes_nothing(database: Database, tick: Tick) -> None:
    tick(0, {("slow", 1): True})
    tick(1, {("slow", 1): True})
    again = tick(1, {("slow", 1): True})
    assert (again.written, again.events, again.messages) == (0, (), 0)
    assert Outbox(database).counts(NOON).waiting == 1


def test_a_restart_changes_nothing(url: str, database: Database, tick: Tick) -> None:
    """Another database object between any two ticks: the same story as without."""
    story = [True, True, False, False, None, None, True, False, False, False, False]
    for slot, truth in enumerate(story):
        fresh = Database(url)
        tick(slot, {("offline", 1): truth, ("slow", 2): truth}, on=fresh)
        fresh.close()
    without = Database(url.replace("state.sqlite", "other.sqlite"))
    without.migrate()
    for slot, truth in enumerate(story):
        tick(slot, {("offline", 1): truth, ("slow", 2): truth}, on=without)
    first, second = AlertStore(database), AlertStore(without)
    assert first.list() == second.list()
    assert [first.events(one.id) for one in first.list()] == [second.events(one.id) for one in second.list()]
    assert first.get(1) is not None
    assert [one.key for one in first.messages(1)] == [one.key for one in second.messages(1)] != []
    without.close()


def test_a_gap_is_seen_although_unchanged_alerts_are_not_written(database: Database, tick: Tick) -> None:
    """keep_firing_for is 1 min: false at slot 3 and at slot 43, but nobody looked in between."""
    for slot in range(3):
        tick(slot, {("offline", 1): True})
    tick(3, {("offline", 1): False})
    tick(43, {("offline", 1): False})
    assert [one.state for one in AlertStore(database).list()] == ["firing"]
    tick(44, {("offline", 1): False})
    assert [one.state for one in AlertStore(database).list()] == ["resolved"]


def test_a_failing_rule_is_a_gap_for_its_alerts_alone(database: Database, tick: Tick) -> None:
    tick(0, {("offline", 1): True, ("slow", 2): True})
    tick(1, {("offline", 1): False, ("slow", 2): True})
    for slot in range(2, 20):
        tick(slot, {("slow", 2): True}, failures={"offline": "broken"})
    tick(20, {("offline", 1): False, ("slow", 2): False})
    assert [(one.rule, one.state) for one in AlertStore(database).list()] == [
        ("offline", "firing"),
        ("slow", "resolved"),
    ]


def test_nothing_is_planned_before_every_rule_was_tried(database: Database, tick: Tick) -> None:
    for slot in range(4):
        assert tick(slot, {("slow", 1): True}, planning=False).messages == 0
    with database.read() as connection:
        assert connection.execute(select(groups)).all() == []
    tick(4, {("slow", 1): True, ("offline", 1): True})
    assert tick(5, {("slow", 1): True, ("offline", 1): True}).messages == 1
    (claimed,) = Outbox(database).claim("mail", NOON + 5 * SLOT, timedelta(minutes=1))
    assert [row.rule for row in claimed.message.rows] == ["offline"]


def test_a_tick_that_fails_leaves_nothing(database: Database, tick: Tick) -> None:
    def broken(*_arguments: object) -> Any:
        raise RuntimeError("no more ink")

    with pytest.raises(RuntimeError, match="ink"):
        tick(0, {("slow", 1): True}, render=broken)
    assert AlertStore(database).list() == []
    assert tick(0, {("slow", 1): True}).written == 1


def test_an_alert_that_ended_is_told_in_the_groups_next_message(database: Database, tick: Tick) -> None:
    for slot in range(2):
        tick(slot, {("slow", 1): True})
    for slot in range(2, 14):
        tick(slot, {("slow", 1): False} if slot == 2 else {})
    assert [one.kind for one in AlertStore(database).messages(1)] == ["firing", "resolved"]
    with database.read() as connection:
        assert connection.execute(select(groups)).all() == []


def test_the_services_own_alerts_never_wait_and_the_others_are_told_after_them(database: Database, tick: Tick) -> None:
    """Grouped with alerts of places, in one group, that were told before the restart."""
    one_group = {"routes": parse(documents.parse(NOTIFY.replace("noc}", "noc, group_by: []}"), "notify.yaml"))}
    for slot in range(2):
        tick(slot, {("slow", 1): True}, **one_group)
    for slot in range(2, 20):
        tick(slot, {("slow", 1): False, ("slow", 2): True}, own=True, planning=False, **one_group)
    box = Outbox(database)
    assert [[row.rule for row in message.rows] for message in drained(box, 20)] == [["slow"], ["own"]]
    tick(25, {("slow", 2): True}, own=True, **one_group)
    assert sorted(row.subject for row in drained(box, 25)[0].rows) == ["malmo/m-1/1", "malmo/m-1/2", "source:store"]


def drained(box: Outbox, slot: int) -> list[Message]:
    """What waits at a slot, taken as sent."""
    found = []
    while claimed := box.claim("mail", NOON + slot * SLOT, timedelta(minutes=1)):
        found += [each.message for each in claimed]
        box.sent(claimed[0].id, NOON)
    return found
