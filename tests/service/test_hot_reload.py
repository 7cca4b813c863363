"""Rule files that change while the service runs: what becomes of the alerts that are under way."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.alerts.model import Alert
from monitor.config import Paths, Settings
from monitor.service import Service
from tests.service.test_ticks import SHIPPED, START, Hand

RULE = """
rules:
  - id: low
    title: Low
    on: connector
    when: power_w < 5 kW
    message: {summary: "{{ power_w | kw }}"}
"""


class World:
    """A connector that gives 3 kW, and one rule about it, firing."""

    def __init__(self, folder: Path) -> None:
        self.clock = Hand(START)
        self.file = folder / "rules" / "alerts" / "a.yaml"
        self.file.parent.mkdir(parents=True)
        self.file.write_text(RULE)
        self.settings = Settings(paths=Paths(rules=folder / "rules", var=folder / "var"))
        self.service = Service(self.settings, self.clock)
        self.tick()

    def restart(self) -> None:
        self.service.stop()
        self.service = Service(self.settings, self.clock)
        self.tick()

    def tick(self) -> None:
        self.clock.moment += timedelta(seconds=30)
        at = int(self.clock.moment.timestamp()) - 10
        self.service.intake.write(f"meter,site=s,station=d,connector=1 power_w=3000 {at}".encode(), "s")
        self.service.tick()
        assert self.service.ticks.last_error == ""

    def change(self, good: str, bad: str) -> None:
        assert good in RULE
        self.file.write_text(RULE.replace(good, bad))
        os.utime(self.file, ns=(self.clock.moment.microsecond, int(self.clock.moment.timestamp() * 1e9)))
        self.tick()

    def alerts(self) -> list[Alert]:
        return list(self.service.alerts.list())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    built = World(tmp_path)
    assert [(alert.rule, alert.state) for alert in built.alerts()] == [("low", "firing")]
    yield built
    built.service.stop()


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("title: Low", "title: Very low"),
        ('summary: "{{', 'summary: "now {{'),
        ("when: power_w", "severity: critical\n    when: power_w"),
        ("when: power_w", "for: 1h\n    when: power_w"),
        ("when: power_w", "labels: {team: noc}\n    when: power_w"),
        ("when: power_w < 5 kW", "when: >\n      power_w\n      < 5 kW"),
    ],
    ids=["title", "text", "severity", "for", "labels", "layout"],
)
def test_an_edit_beside_the_condition_keeps_the_alert(world: World, good: str, bad: str) -> None:
    (before,) = world.alerts()
    world.change(good, bad)
    (after,) = world.alerts()
    assert (after.id, after.state, after.firing_at) == (before.id, "firing", before.firing_at)


def test_a_new_condition_that_holds_keeps_it_too(world: World) -> None:
    (before,) = world.alerts()
    world.change("5 kW", "4 kW")
    (after,) = world.alerts()
    assert (after.id, after.state) == (before.id, "firing")
    assert after.condition != before.condition


def test_one_that_is_unknown_keeps_it(world: World) -> None:
    world.change("power_w < 5 kW", "soc < 5 %")
    assert [alert.state for alert in world.alerts()] == ["firing"]


def test_one_that_does_not_hold_ends_it(world: World) -> None:
    world.change("5 kW", "2 kW")
    assert [(alert.state, alert.resolved_reason) for alert in world.alerts()] == [("resolved", "rule changed")]


def test_a_deleted_rule_ends_its_alerts(world: World) -> None:
    world.file.unlink()
    world.tick()
    assert [(alert.state, alert.resolved_reason) for alert in world.alerts()] == [("resolved", "rule deleted")]


def test_a_renamed_rule_is_another_one(world: World) -> None:
    world.change("id: low", "id: lower")
    found = {alert.rule: (alert.state, alert.resolved_reason) for alert in world.alerts()}
    assert found == {"low": ("resolved", "rule deleted"), "lower": ("firing", "")}


def test_a_selector_that_no_longer_selects_ends_it(world: World) -> None:
    world.change("when: power_w", "where: {site: elsewhere}\n    when: power_w")
    assert [(alert.state, alert.resolved_reason) for alert in world.alerts()] == [("resolved", "no longer selected")]


def test_a_broken_file_keeps_the_last_good_rules_and_their_alerts(world: World) -> None:
    (before,) = world.alerts()
    world.change("power_w < 5 kW", "powr_w < 5 kW")
    (after,) = world.alerts()
    assert (after.id, after.state) == (before.id, "firing")
    (problem,) = world.service.rules.in_force.problems
    assert (problem.line, problem.column, problem.code) == (6, 11, "unknown-name")
    assert "low" in world.service.rules.runs
    world.change("5 kW", "2 kW")
    assert world.service.rules.in_force.problems == ()
    assert [alert.resolved_reason for alert in world.alerts()] == ["rule changed"]


def test_a_start_with_a_broken_rule_runs_the_others_and_gives_no_false_all_clear(world: World) -> None:
    (world.file.parent / "b.yaml").write_text(RULE.replace("id: low", "id: also-low"))
    world.tick()
    world.file.write_text(RULE.replace("power_w <", "powr_w <"))
    world.restart()
    assert sorted((alert.rule, alert.state) for alert in world.alerts()) == [("also-low", "firing"), ("low", "firing")]
    assert {rule.id for rule in world.service.rules.in_force.rules.rules} >= {"also-low"}
    assert [problem.file for problem in world.service.rules.in_force.problems] == ["alerts/a.yaml"]
    world.change("title: Low", "title: Mended")
    assert [alert.rule for alert in world.alerts() if alert.state == "firing"] == ["also-low", "low"]
    world.file.unlink()
    world.tick()
    assert [(alert.rule, alert.resolved_reason) for alert in world.alerts() if not alert.active] == [
        ("low", "rule deleted")
    ]


NOTIFY = """
receivers: {noc: {mail: [a@x.se], webhook: {url: "https://x.se/", secret_file: hook.secret}}}
default: {to: noc, group_wait: 0s}
"""


def told(world: World, alert: Alert) -> list[tuple[str, str]]:
    return sorted((sent.address, sent.kind) for sent in world.service.alerts.messages(alert.id))


def test_a_start_with_a_broken_notify_file_tells_whom_the_last_good_one_named(world: World) -> None:
    notify = world.settings.paths.rules / "notify.yaml"
    notify.with_name("hook.secret").write_text("s3cret")
    notify.write_text(NOTIFY)
    world.tick()
    (alert,) = world.alerts()
    assert told(world, alert) == [("a@x.se", "firing"), ("webhook:noc", "firing")]
    notify.write_text(NOTIFY.replace("to: noc", "to: ncc"))
    world.restart()
    assert [problem.file for problem in world.service.rules.in_force.problems] == [str(notify)]
    assert world.service.rules.in_force.routes.receivers["noc"].webhook.secret == "s3cret"
    world.file.unlink()
    world.clock.moment += timedelta(minutes=5)
    world.tick()
    assert told(world, alert)[1::2] == [("a@x.se", "resolved"), ("webhook:noc", "resolved")]


def test_a_start_with_a_broken_notify_file_and_no_copy_forgets_nobody_who_was_told(world: World) -> None:
    notify = world.settings.paths.rules / "notify.yaml"
    notify.write_text("receivers: {noc: {mail: [a@x.se]}}\ndefault: {to: noc, group_wait: 0s}\n")
    world.tick()
    (alert,) = world.alerts()
    notify.write_text(notify.read_text().replace("to: noc", "to: ncc"))
    shutil.rmtree(world.settings.paths.var / "last-good")
    world.restart()
    world.file.unlink()
    world.tick()
    assert told(world, alert) == [("a@x.se", "firing")]
    notify.write_text(notify.read_text().replace("to: ncc", "to: noc "))
    world.clock.moment += timedelta(minutes=5)
    world.tick()
    assert told(world, alert) == [("a@x.se", "firing"), ("a@x.se", "resolved")]


def test_a_start_with_a_broken_register_or_tariff_has_those_that_were_good(world: World) -> None:
    rules = world.settings.paths.rules
    sites, tariff = rules / "sites.yaml", rules / "tariffs" / "t.yaml"
    tariff.parent.mkdir()
    sites.write_text("sites: {s: {name: South, stations: {d: {connectors: {1: {rated: 150 kW}}}}}}\n")
    shutil.copy(SHIPPED / "tariffs" / "public.yaml", tariff)
    world.tick()
    tariffs = set(world.service.tariffs.tariffs)
    assert tariffs
    (alert,) = world.alerts()
    sites.write_text(sites.read_text().replace("kW", "k"))
    tariff.write_text("tariffs: [")
    world.restart()
    assert {Path(problem.file).name for problem in world.service.rules.in_force.problems} == {"sites.yaml", "t.yaml"}
    assert world.service.register.site("s").name == "South"
    assert set(world.service.tariffs.tariffs) == tariffs
    assert [(each.id, each.state) for each in world.alerts()] == [(alert.id, "firing")]
    sites.unlink()
    tariff.unlink()
    world.restart()
    assert world.service.register.site("s") is None
    assert world.service.tariffs.tariffs == {}
    sites.write_text("sites: [")
    world.restart()
    assert world.service.register.site("s") is None  # a file that was taken away does not come back
