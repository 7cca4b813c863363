"""Maintenance that comes again: quiet while it lasts, by the wall clock; what outlasts it is told when it ends."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor import documents
from monitor.alerts.maintenance import maintained
from monitor.alerts.model import Alert, Message
from monitor.alerts.notify_file import parse
from monitor.alerts.plan import plan
from monitor.register import Register

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)  # a Sunday, 13:00 in Stockholm
NOTIFY = """
receivers: {noc: {mail: [noc@x.se]}}
default: {to: noc, group_wait: 0s}
maintenance:
  - name: Grid test
    match: {site: malmo, rule: [slow, offline]}
    windows: {days: [sun], from: "14:00", to: "16:00", zone: Europe/Stockholm}
"""
Told = Callable[[dict[int, list[Alert]]], list[tuple[int, str, list[int]]]]


@pytest.fixture
def told() -> Told:
    """Plans every ten minutes of four hours with the alerts that are true from a minute on; what is told when."""

    def run(truth: dict[int, list[Alert]]) -> list[tuple[int, str, list[int]]]:
        routes = parse(documents.parse(NOTIFY, "notify.yaml"))
        groups: Any = ()
        known: dict[int, Alert] = {}
        mails: list[tuple[int, Message]] = []
        for minute in range(0, 240, 10):
            known |= {alert.id: alert for alert in truth.get(minute, [])}
            now = NOON + timedelta(minutes=minute)
            made = plan(known.values(), groups, routes, inhibited_by={}, register=Register(), now=now)
            groups = made.groups
            mails += [(minute, each.message) for each in made.messages]
        return [(minute, mail.kind, [row.alert for row in mail.rows]) for minute, mail in mails]

    return run


def test_what_outlasts_it_is_told_when_it_ends(told: Told, alert: Callable[..., Alert]) -> None:
    assert told({70: [alert(1)]}) == [(180, "firing", [1])]


def test_what_fires_and_resolves_in_it_is_not_told(told: Told, alert: Callable[..., Alert], resolved: Any) -> None:
    ended = resolved([alert(1)], NOON + timedelta(minutes=90))
    assert told({70: [alert(1)], 90: ended}) == []


def test_the_end_of_what_was_told_before_it_is_told_in_it(
    told: Told, alert: Callable[..., Alert], resolved: Any
) -> None:
    ended = resolved([alert(1)], NOON + timedelta(minutes=90))
    assert told({0: [alert(1)], 90: ended}) == [(0, "firing", [1]), (90, "resolved", [1])]


def test_others_are_told(told: Told, alert: Callable[..., Alert]) -> None:
    others = [alert(1, rule="hot"), alert(2, subject="lund/l-1/1")]
    assert told({70: others}) == [(70, "firing", [2]), (70, "firing", [1])]


CLOCK_CHANGES = {
    "2026-03-28T00:59": False,
    "2026-03-28T01:00": True,  # 02:00 CET
    "2026-03-28T02:00": False,
    "2026-03-29T00:59": False,
    "2026-03-29T01:00": False,  # the clock goes from 02:00 to 03:00: there is no such window
    "2026-10-25T00:00": True,  # 02:00 CEST
    "2026-10-25T01:30": True,  # 02:30 again, CET
    "2026-10-25T02:00": False,
}


@pytest.mark.parametrize("at", CLOCK_CHANGES)
def test_both_changes_of_the_clock(at: str, alert: Callable[..., Alert]) -> None:
    text = NOTIFY.replace("days: [sun], ", "").replace("14:00", "02:00").replace("16:00", "03:00")
    maintenance = parse(documents.parse(text, "notify.yaml")).maintenance
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert bool(maintained([alert(1)], maintenance, now)) is CLOCK_CHANGES[at]
