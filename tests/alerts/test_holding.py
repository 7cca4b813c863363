"""Groups taken apart for the service's own alerts, and joined again, keep what they know of the others."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from monitor.alerts.groups import Group, GroupKey
from monitor.alerts.holding import apart, joined, own
from monitor.alerts.model import Alert

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MIXED = Group(GroupKey("noc", "a@x.se", "{}"), NOON, NOON, 1, "t", frozenset({1, 2}), {3: "info", 4: "critical"})
OTHERS = Group(GroupKey("noc", "b@x.se", "{}"), NOON, NOON, 1, "t", frozenset({1}), {3: "info"})
MINE = frozenset({2, 4})


def test_only_alerts_about_the_service_are_its_own(alert: Callable[..., Alert]) -> None:
    mine = alert(2, subject="source:store")
    assert own([alert(1), mine]) == (mine,)


def test_what_nobody_planned_for_comes_back_as_it_was() -> None:
    shown = apart([MIXED, OTHERS], MINE)
    assert shown[0] == replace(MIXED, waiting=frozenset({2}), told={4: "critical"})
    assert shown[1] == replace(OTHERS, waiting=frozenset(), told={})
    assert list(joined([MIXED, OTHERS], shown, MINE)) == [MIXED, OTHERS]


def test_a_group_goes_on_from_its_new_message_and_still_knows_the_others() -> None:
    after = replace(apart([MIXED], MINE)[0], sequence=2, waiting=frozenset(), told={2: "warning"})
    (group,) = joined([MIXED], [after], MINE)
    assert (group.sequence, group.waiting, group.told) == (2, {1}, {3: "info", 2: "warning"})


def test_a_group_that_the_plan_closed_stays_for_the_others_and_a_new_one_is_added() -> None:
    new = replace(MIXED, key=GroupKey("noc", "c@x.se", "{}"))
    assert list(joined([MIXED], [new], MINE)) == [replace(MIXED, waiting=frozenset({1}), told={3: "info"}), new]
    only_mine = replace(MIXED, waiting=MINE, told={})
    assert list(joined([only_mine], [], MINE)) == []
