"""Who is told what and when. A day at the desk: alerts change, time passes, mails go out or do not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor import documents
from monitor.alerts.flapping import Flapping
from monitor.alerts.groups import Group
from monitor.alerts.model import Alert, Message
from monitor.alerts.notify_file import parse
from monitor.alerts.plan import Plan, plan
from monitor.alerts.routes import Routes
from monitor.register import Register, RegisterFile
from monitor.rules.answer import Texts

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SITES = """
sites:
  malmo:
    name: Malmö Central
    zone: Europe/Stockholm
    contact: Site host
    access: Gate code
    links: {csms: "https://csms.example.org/{station}", map: "https://map.example.org/{site}", plain: "https://x.se"}
"""
TO_NOC = "receivers: {noc: {mail: [noc@x.se]}}\ndefault: {to: noc}"


@dataclass
class Desk:
    """Plans every 30 s as a tick does, and keeps what it says. Times are minutes after noon."""

    routes: Routes
    inhibited_by: dict[str, Sequence[str]] = field(default_factory=dict)
    alerts: dict[int, Alert] = field(default_factory=dict)
    groups: Sequence[Group] = ()
    acknowledged: set[int] = field(default_factory=set)
    flapping: Sequence[Flapping] = ()
    minute: float = 0
    mails: list[tuple[float, Message]] = field(default_factory=list)

    def now_are(self, *alerts: Alert) -> None:
        self.alerts |= {alert.id: alert for alert in alerts}

    def resolve(self, *numbers: int) -> None:
        for number in numbers:
            self.now_are(replace(self.alerts[number], state="resolved", resolved_at=self.now))

    @property
    def now(self) -> datetime:
        return NOON + timedelta(minutes=self.minute)

    def plan(self) -> Plan:
        known = {number for group in self.groups for number in (*group.waiting, *group.told)}
        given = [alert for number, alert in sorted(self.alerts.items()) if alert.active or number in known]
        register = Register(documents.validate(documents.parse(SITES, "sites.yaml"), RegisterFile), "Europe/London")
        return plan(
            given, self.groups, self.routes, inhibited_by=self.inhibited_by, register=register, now=self.now,
            acknowledged=self.acknowledged, flapping=self.flapping,
        )  # fmt: skip

    def until(self, minute: float) -> "Desk":
        """Let time pass; the tick at `minute` itself is done too."""
        while self.minute <= minute:
            planned = self.plan()
            self.groups = planned.groups
            self.mails += [(self.minute, each.message) for each in planned.messages]
            self.minute += 0.5
        return self

    @property
    def story(self) -> list[str]:
        """`0.5 firing 2+0`: minute, kind, how many fire + how many resolved."""
        return [f"{minute:g} {mail.kind} {mail.firing}+{mail.resolved}" for minute, mail in self.mails]


@pytest.fixture
def desk() -> Callable[..., Desk]:
    return lambda notify=TO_NOC, **more: Desk(parse(documents.parse(notify, "notify.yaml")), **more)


Make = Callable[..., Any]


def test_alerts_of_a_site_that_come_together_are_one_mail(desk: Make, alert: Make) -> None:
    day = desk()
    day.now_are(alert(1), alert(2), alert(3, subject="lund/l-1/1"))
    day.until(3)
    assert day.story == ["0.5 firing 1+0", "0.5 firing 2+0"]
    assert [mail.group for _, mail in day.mails] == [{"site": "lund"}, {"site": "malmo"}]


def test_a_new_alert_waits_for_group_interval(desk: Make, alert: Make) -> None:
    day = desk()
    day.now_are(alert(1))
    day.until(1)
    day.now_are(alert(2))
    assert day.until(10).story == ["0.5 firing 1+0", "5.5 firing 2+0"]


def test_it_is_repeated_until_it_resolves_and_then_the_group_is_closed(desk: Make, alert: Make) -> None:
    day = desk()
    day.now_are(alert(1))
    day.until(8 * 60)
    day.resolve(1)
    assert day.until(9 * 60).story == ["0.5 firing 1+0", "240.5 repeat 1+0", "480.5 resolved 0+1"]
    assert day.groups == ()


def test_the_end_is_told_after_group_interval(desk: Make, alert: Make) -> None:
    day = desk()
    day.now_are(alert(1), alert(2))
    day.until(1)
    day.resolve(1)
    day.until(10)
    day.resolve(2)
    assert day.until(20).story == ["0.5 firing 2+0", "5.5 firing 1+1", "10.5 resolved 0+1"]


def test_what_fired_and_resolved_before_its_mail_is_told_still(desk: Make, alert: Make) -> None:
    """An engineer who looks into the site later has to know of it; Alertmanager says nothing."""
    day = desk()
    day.now_are(alert(1))
    day.until(0)
    day.resolve(1)
    assert day.until(20).story == ["0.5 resolved 0+1"]


def test_a_worse_level_is_told_at_once_a_better_one_is_not(desk: Make, alert: Make) -> None:
    day = desk()
    day.now_are(alert(1))
    day.until(1)
    day.now_are(alert(1, level="critical"))
    day.until(10)
    day.now_are(alert(1, level="warning"))
    day.until(20)
    assert day.story == ["0.5 firing 1+0", "1.5 firing 1+0"]
    assert day.mails[1][1].rows[0].level == "critical"


def test_after_a_worse_level_the_interval_counts_from_that_mail(desk: Make, alert: Make) -> None:
    day = desk()
    day.now_are(alert(1))
    day.until(4)
    day.now_are(alert(1, level="critical"), alert(2))
    day.until(4.5)
    day.now_are(alert(3))
    assert day.until(12).story == ["0.5 firing 1+0", "4.5 firing 2+0", "9.5 firing 3+0"]


def test_pending_alerts_are_nobodys_business(desk: Make, alert: Make) -> None:
    day = desk()
    day.now_are(alert(1, state="pending", firing_at=None))
    assert day.until(10).story == []


def test_info_is_mailed_only_where_a_route_asks(desk: Make, alert: Make) -> None:
    day = desk()
    day.now_are(alert(1, level="info"))
    assert day.until(10).story == []
    asking = desk("receivers: {a: {mail: [a@x.se]}}\nroutes: [{to: a, match: {level: info}}]\ndefault: {to: a}")
    asking.now_are(alert(1, level="info"))
    assert asking.until(10).story == ["0.5 firing 1+0"]


def test_who_was_told_of_a_warning_is_told_of_its_end_also_as_info(desk: Make, alert: Make) -> None:
    day = desk()
    day.now_are(alert(1))
    day.until(1)
    day.now_are(alert(1, level="info"))
    day.until(300)
    day.resolve(1)
    assert day.until(310).story == ["0.5 firing 1+0", "300.5 resolved 0+1"]


def test_every_address_of_a_receiver_gets_its_own(desk: Make, alert: Make) -> None:
    day = desk("receivers: {noc: {mail: [b@x.se, a@x.se], language: sv}}\ndefault: {to: noc}")
    day.now_are(alert(1))
    mails = [mail for _, mail in day.until(1).mails]
    assert [mail.address for mail in mails] == ["a@x.se", "b@x.se"]
    assert len({mail.key for mail in mails}) == len({mail.thread for mail in mails}) == 2


TWO_WAYS = """
receivers: {a: {mail: [a@x.se]}, b: {mail: [b@x.se]}}
routes: [{to: a, match: {level: critical}, continue: true, group_wait: 0s, group_by: [rule]}, {to: b}, {to: a}]
default: {to: a}
"""


def test_each_route_has_its_own_pace_and_an_address_is_told_once(desk: Make, alert: Make) -> None:
    day = desk(TWO_WAYS)
    day.now_are(alert(1, level="critical"))
    day.until(2)
    assert [(minute, mail.address, mail.group) for minute, mail in day.mails] == [
        (0, "a@x.se", {"rule": "slow"}),
        (0.5, "b@x.se", {"site": "malmo"}),
    ]


def test_the_end_is_told_to_those_who_were_told_although_the_routes_changed(desk: Make, alert: Make) -> None:
    day = desk("receivers: {a: {mail: [a@x.se]}, b: {mail: [b@x.se]}}\ndefault: {to: a}")
    day.now_are(alert(1))
    day.until(1)
    day.routes = desk("receivers: {a: {mail: [a@x.se]}, b: {mail: [b@x.se]}}\ndefault: {to: b}").routes
    day.until(300)
    day.resolve(1)
    day.until(310)
    assert [(minute, mail.address, mail.kind) for minute, mail in day.mails] == [
        (0.5, "a@x.se", "firing"),
        (2, "b@x.se", "firing"),
        (242, "b@x.se", "repeat"),
        (300.5, "a@x.se", "resolved"),
        (300.5, "b@x.se", "resolved"),
    ]


def test_an_address_that_was_removed_hears_nothing_more(desk: Make, alert: Make) -> None:
    day = desk("receivers: {a: {mail: [a@x.se, left@x.se]}}\ndefault: {to: a}")
    day.now_are(alert(1))
    day.until(1)
    day.routes = desk("receivers: {a: {mail: [a@x.se]}}\ndefault: {to: a}").routes
    day.resolve(1)
    assert [mail.address for _, mail in day.until(10).mails] == ["a@x.se", "left@x.se", "a@x.se"]


def test_new_labels_do_not_tell_an_alert_again(desk: Make, alert: Make) -> None:
    day = desk("receivers: {a: {mail: [a@x.se]}}\ndefault: {to: a, group_by: [team]}")
    day.now_are(alert(1))
    day.until(1)
    day.now_are(alert(1, labels={"team": "other"}))
    day.until(10)
    day.resolve(1)
    assert day.until(20).story == ["0.5 firing 1+0", "10.5 resolved 0+1"]


def offline(number: int, subject: str, **changes: Any) -> Alert:
    return replace(Alert(number, "offline", subject, "firing", "critical", {}, NOON, firing_at=NOON), **changes)


@pytest.mark.parametrize("subject", ["malmo", "malmo/m-1", "malmo/m-1/1"])
def test_an_inhibited_alert_is_told_when_its_parent_is_over(desk: Make, alert: Make, subject: str) -> None:
    day = desk(inhibited_by={"slow": ("offline",)})
    day.now_are(alert(1), offline(2, subject))
    day.until(20)
    assert [[row.rule for row in mail.rows] for _, mail in day.mails] == [["offline"]]
    day.resolve(2)
    assert day.until(30).story == ["0.5 firing 1+0", "20.5 firing 1+1"]


@pytest.mark.parametrize("subject", ["malmo/m-2", "malmo/m-1/2", "lund"])
def test_a_parent_elsewhere_inhibits_nothing(desk: Make, alert: Make, subject: str) -> None:
    day = desk(inhibited_by={"slow": ("offline",)})
    day.now_are(alert(1), offline(2, subject))
    assert sum(mail.firing for _, mail in day.until(1).mails) == 2


def test_a_pending_parent_inhibits_nothing(desk: Make, alert: Make) -> None:
    day = desk(inhibited_by={"slow": ("offline",)})
    day.now_are(alert(1), offline(2, "malmo", state="pending", firing_at=None))
    assert day.until(1).story == ["0.5 firing 1+0"]


def test_an_alert_does_not_inhibit_itself(desk: Make, alert: Make) -> None:
    day = desk(inhibited_by={"slow": ("slow",)})
    day.now_are(alert(1))
    assert day.until(1).story == ["0.5 firing 1+0"]


def test_what_is_inhibited_before_its_mail_is_not_told_even_if_it_resolves(desk: Make, alert: Make) -> None:
    day = desk(inhibited_by={"slow": ("offline",)})
    day.now_are(alert(1))
    day.until(0)
    day.now_are(offline(2, "malmo/m-1"))
    day.resolve(1)
    day.until(20)
    assert [[row.rule for row in mail.rows] for _, mail in day.mails] == [["offline"]]


def test_the_end_is_told_also_while_inhibited(desk: Make, alert: Make) -> None:
    day = desk(inhibited_by={"slow": ("offline",)})
    day.now_are(alert(1))
    day.until(1)
    day.now_are(offline(2, "malmo/m-1"))
    day.until(10)
    day.resolve(1)
    assert day.until(20).story == ["0.5 firing 1+0", "5.5 firing 1+0", "10.5 firing 1+1"]


def test_an_inhibited_alert_is_not_repeated(desk: Make, alert: Make) -> None:
    by_rule = "receivers: {a: {mail: [a@x.se]}}\ndefault: {to: a, group_by: [rule]}"
    day = desk(by_rule, inhibited_by={"slow": ("offline",)})
    day.now_are(alert(1))
    day.until(1)
    day.now_are(offline(2, "malmo"))
    day.until(300)
    assert [(mail.kind, mail.rows[0].rule) for _, mail in day.mails] == [
        ("firing", "slow"), ("firing", "offline"), ("repeat", "offline"),
    ]  # fmt: skip


def test_planning_the_same_moment_again_gives_the_same(desk: Make, alert: Make) -> None:
    day = desk()
    day.now_are(alert(1))
    day.until(0)
    first = day.plan()
    assert first.messages
    assert day.plan() == first
    day.groups = first.groups
    assert day.plan().messages == ()


def test_keys_are_never_used_twice_and_a_thread_is_one_episode(desk: Make, alert: Make) -> None:
    day = desk()
    for episode in range(3):
        day.now_are(alert(episode + 1, firing_at=day.now))
        day.until(day.minute + 300)
        day.resolve(episode + 1)
        day.until(day.minute + 10)
    mails = [mail for _, mail in day.mails]
    assert [mail.kind for mail in mails] == ["firing", "repeat", "resolved"] * 3
    assert len({mail.key for mail in mails}) == 9
    assert [mail.thread for mail in mails] == [mails[first].key for first in (0, 0, 0, 3, 3, 3, 6, 6, 6)]


def test_the_worst_twenty_are_shown_and_all_are_counted(desk: Make, alert: Make) -> None:
    day = desk()
    later = NOON + timedelta(hours=1)
    day.now_are(*(alert(number) for number in range(1, 31)))
    day.until(1)
    day.resolve(1)
    day.now_are(alert(31, level="critical", firing_at=later), alert(32, firing_at=NOON - timedelta(days=1)))
    first, second = (mail for _, mail in day.until(10).mails)
    assert (first.firing, first.resolved, len(first.rows)) == (30, 0, 20)
    assert (second.firing, second.resolved, len(second.rows)) == (31, 1, 20)
    assert [row.alert for row in second.rows][:2] == [31, 32]
    assert all(row.state == "firing" for row in second.rows)


def test_the_facts_of_the_site(desk: Make, alert: Make) -> None:
    day = desk()
    day.now_are(alert(1))
    ((_, mail),) = day.until(1).mails
    assert (mail.site_name, mail.zone, mail.contact, mail.access) == (
        "Malmö Central",
        "Europe/Stockholm",
        "Site host",
        "Gate code",
    )
    assert mail.links == {
        "csms": "https://csms.example.org/m-1", "map": "https://map.example.org/malmo", "plain": "https://x.se",
    }  # fmt: skip


def test_a_link_to_a_station_is_left_out_where_several_are_concerned(desk: Make, alert: Make) -> None:
    day = desk()
    day.now_are(alert(1), alert(2, subject="malmo/m%2F 2/1"))
    assert set(day.until(1).mails[0][1].links) == {"map", "plain"}
    odd = desk()
    odd.now_are(alert(2, subject="malmo/m%2F 2/1"))
    assert odd.until(1).mails[0][1].links["csms"] == "https://csms.example.org/m%2F%202"


def test_a_group_of_several_sites_speaks_for_none(desk: Make, alert: Make) -> None:
    day = desk("receivers: {a: {mail: [a@x.se]}}\ndefault: {to: a, group_by: []}")
    day.now_are(alert(1), alert(2, subject="lund/l-1"))
    ((_, mail),) = day.until(1).mails
    assert (mail.group, mail.firing, mail.site_name, mail.zone) == ({}, 2, "", "Europe/London")


@pytest.mark.parametrize(
    ("texts", "title"),
    [
        ({"en": Texts("Slow", "s"), "sv": Texts("Långsam", "s")}, "Långsam"),
        ({"en": Texts("Slow", "s")}, "Slow"),
        ({}, "slow"),
    ],
)
def test_the_language_of_the_receiver(desk: Make, alert: Make, texts: dict[str, Texts], title: str) -> None:
    day = desk("receivers: {a: {mail: [a@x.se], language: sv}}\ndefault: {to: a}")
    day.now_are(alert(1, texts=texts))
    ((_, mail),) = day.until(1).mails
    assert (mail.language, mail.rows[0].texts.title) == ("sv", title)


def test_without_receivers_nothing_is_remembered_so_that_a_new_one_is_told(desk: Make, alert: Make) -> None:
    day = desk("")
    day.now_are(alert(1))
    assert day.until(10).groups == ()
    day.routes = desk().routes
    assert day.until(20).story == ["11 firing 1+0"]


NIGHT = """
receivers: {noc: {mail: [noc@x.se]}}
default: {to: noc, mute: {from: "13:30", to: "15:00", zone: Europe/Stockholm}}
"""
"""Muted from 12:30 to 14:00 UTC: minutes 30 to 120."""


def test_a_muted_route_tells_afterwards_what_lasted(desk: Make, alert: Make) -> None:
    day = desk(NIGHT)
    day.now_are(alert(1))
    day.until(40)
    day.now_are(alert(2), alert(3))
    day.until(60)
    day.resolve(1, 3)
    assert day.until(130).story == ["0.5 firing 1+0", "120 firing 1+1"], "the third came and went unheard"


CHAIN = """
receivers: {noc: {mail: [noc@x.se]}, lead: {mail: [lead@x.se]}, boss: {mail: [boss@x.se]}}
default: {to: noc, escalate: [{after: 15m, to: lead}, {after: 1h, to: boss}]}
"""


def test_what_nobody_takes_goes_further(desk: Make, alert: Make) -> None:
    day = desk(CHAIN)
    day.now_are(alert(1))
    day.until(30)
    day.resolve(1)
    day.until(40)
    told = [f"{minute:g} {mail.receiver} {mail.kind}" for minute, mail in day.mails]
    assert told == ["0.5 noc firing", "15 lead firing", "30.5 lead resolved", "30.5 noc resolved"]


def test_what_somebody_sees_to_goes_no_further(desk: Make, alert: Make) -> None:
    day = desk(CHAIN)
    day.now_are(alert(1))
    day.until(20)
    day.acknowledged = {1}
    day.until(90)
    day.resolve(1)
    day.until(100)
    told = [f"{minute:g} {mail.receiver} {mail.kind}" for minute, mail in day.mails]
    assert told == ["0.5 noc firing", "15 lead firing", "90.5 lead resolved", "90.5 noc resolved"]


ROTA = """
rotas: {on-call: {zone: Europe/Stockholm, handover: "Sun 14:00", people: [a@x.se, b@x.se], start: 2026-02-22}}
default: {to: on-call, repeat_interval: 1h}
"""
"""b@x.se takes over at 13:00 UTC: minute 60."""


def test_the_next_person_of_a_rota_is_told_of_what_still_fires(desk: Make, alert: Make) -> None:
    day = desk(ROTA)
    day.now_are(alert(1))
    day.until(70)
    day.now_are(alert(1, level="critical"), alert(2))
    day.until(130)
    day.resolve(1, 2)
    day.until(140)
    told = [f"{minute:g} {mail.address[0]} {mail.kind} {mail.firing}+{mail.resolved}" for minute, mail in day.mails]
    assert told == [
        "0.5 a firing 1+0", "60.5 b firing 1+0", "70.5 b firing 2+0",
        "130.5 a resolved 0+1", "130.5 b resolved 0+2",
    ]  # fmt: skip


def at_sites(alert: Make, count: int, *, rule: str = "offline", first: int = 1) -> list[Alert]:
    """One alert at each of so many sites."""
    return [alert(first + i, rule=rule, subject=f"site-{i:03}/s-1/1") for i in range(count)]


def test_one_rule_at_many_sites_is_one_mail_and_so_is_its_end(desk: Make, alert: Make) -> None:
    day = desk()
    day.now_are(*at_sites(alert, 300))
    day.until(250)
    day.resolve(*range(1, 301))
    assert day.until(260).story == ["0.5 firing 300+0", "240.5 repeat 300+0", "250.5 resolved 0+300"]
    assert day.mails[0][1].group == {"rule": "offline"}
    assert {mail.thread for _, mail in day.mails} == {day.mails[0][1].key}


def test_a_site_that_opened_just_before_does_not_wait_for_a_mail_of_its_own(desk: Make, alert: Make) -> None:
    day = desk()
    early, *late = at_sites(alert, 30)
    day.now_are(early)
    day.until(0)
    day.now_are(*late)
    assert day.until(5).story == ["0.5 firing 30+0"]


def test_ten_sites_are_ten_mails_and_other_rules_are_told_for_themselves(desk: Make, alert: Make) -> None:
    day = desk()
    day.now_are(*at_sites(alert, 10), *at_sites(alert, 11, rule="faulted", first=100)[10:])
    assert day.until(1).story == ["0.5 firing 1+0"] * 11


def test_what_comes_and_goes_is_told_once_and_then_when_it_is_calm(desk: Make, alert: Make) -> None:
    day = desk()
    day.flapping = [Flapping("slow", "malmo/m-1/1", 4, "warning")]
    for number in range(4, 9):
        day.now_are(alert(number, subject="malmo/m-1/1"))
        day.until(day.minute + 6)
        day.resolve(number)
        day.until(day.minute + 6)
    assert day.story == ["0.5 firing 1+0"]
    assert [row.flapping for row in day.mails[0][1].rows] == [True]
    day.flapping = []
    calm = day.minute
    assert day.until(calm + 10).story[1:] == [f"{calm:g} resolved 0+1"]


def test_a_neighbour_of_what_comes_and_goes_is_told_as_ever(desk: Make, alert: Make) -> None:
    day = desk()
    day.flapping = [Flapping("slow", "malmo/m-1/1", 1, "warning")]
    day.now_are(alert(1), alert(2))
    day.until(6)
    day.resolve(1, 2)
    assert day.until(20).story == ["0.5 firing 2+0", "6.5 resolved 0+1"]
