"""Which answers an evaluation gives: matches, the unknown, everything active; and what it does when a rule fails."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor import documents
from monitor.rules import files
from monitor.rules.evaluate import evaluate, evaluate_slots
from monitor.rules.program import compile_rules
from monitor.units import to_us
from tests.rules.conftest import at_us


def test_who_does_not_match_has_no_answer(network: Any, rule_of: Any) -> None:
    network.heartbeats(10)
    network.status(0, "Available")
    network.status(0, "Faulted", "malmo/dc-1/2")
    answers = network.answers(1, rule_of('status == "Faulted"'))
    assert {s: a.truth for s, a in answers.items() if s.startswith("malmo/dc-1")} == {"malmo/dc-1/2": True}


def test_an_active_subject_always_has_one(network: Any, rule_of: Any) -> None:
    network.heartbeats(10)
    network.status(0, "Available")
    rule = rule_of('status == "Faulted"')
    answer = network.evaluate(1, (rule,), frozenset({("tried", "malmo/dc-1/1")})).answers
    (found,) = (one for one in answer if one.subject == "malmo/dc-1/1")
    assert (found.truth, found.level, found.recovered, found.selected) == (False, None, True, True)
    assert found.values == {"status": "Available"}


def test_a_retired_subject_is_not_selected_any_more(network: Any, rule_of: Any) -> None:
    network.status(0, "Faulted", "malmo/dc-2/3")
    rule = rule_of('status == "Faulted"')
    found = network.evaluate(1, (rule,), frozenset({("tried", "malmo/dc-2/3")})).answers
    (answer,) = (a for a in found if a.subject == "malmo/dc-2/3")
    assert (answer.truth, answer.selected) == (None, False)


def test_where_selects(network: Any, rule_of: Any) -> None:
    rule = rule_of("status is missing", where='{site: ["x-*", "mal*"], current: AC}')
    assert set(network.answers(1, rule)) == {"malmo/ac-1/1"}
    found = network.evaluate(1, (rule,), frozenset({("tried", "malmo/dc-1/1")})).answers
    assert [(a.subject, a.selected) for a in found] == [("malmo/ac-1/1", True), ("malmo/dc-1/1", False)]


def test_the_worst_level_that_holds(network: Any, rule_of: Any) -> None:
    network.meter(0, power_w=5_000, subject="malmo/dc-1/1")
    network.meter(0, power_w=9_000, subject="malmo/dc-1/2")
    rule = rule_of("power_w is not missing", levels="{info: power_w < 8 kW, critical: power_w < 6 kW}")
    assert {s: a.level for s, a in network.answers(1, rule).items() if a.truth} == {"malmo/dc-1/1": "critical"}


def test_recover_when_is_its_own_condition(network: Any, rule_of: Any) -> None:
    network.meter(0, power_w=5_000)
    rule = rule_of("power_w < 8 kW", recover_when="power_w > 10 kW")
    assert network.answers(1, rule)["malmo/dc-1/1"].recovered is False
    network.meter(2, power_w=9_000)
    active = frozenset({("tried", "malmo/dc-1/1")})
    found = {a.subject: a for a in network.evaluate(3, (rule,), active).answers}["malmo/dc-1/1"]
    assert (found.truth, found.recovered) == (False, False)


def test_a_rule_that_fails_does_not_stop_the_others(network: Any, rule_of: Any) -> None:
    good, bad = rule_of("power_w is missing"), replace(rule_of("soc is missing"), id="bad")
    program = compile_rules((good, bad))
    broken = {"bad": replace(program.alone["bad"], sql="SELECT nothing FROM frame")}
    together = tuple(replace(statement, sql="SELECT nothing FROM frame") for statement in program.statements)
    program = replace(program, alone={**program.alone, **broken}, statements=together)
    with network.snapshot(1) as snapshot:
        evaluation = evaluate(program, snapshot, network.facts, network.start, frozenset({("bad", "malmo/dc-1/1")}))
    assert set(evaluation.failures) == {"bad"}
    assert "nothing" in evaluation.failures["bad"]
    assert {answer.rule for answer in evaluation.answers} == {"tried"}
    assert evaluation.picture.num_rows == 5


def test_station_and_site_rules_look_at_their_connectors(network: Any, rule_of: Any) -> None:
    network.heartbeats(10)
    network.status(0, "Faulted")
    network.status(0, "Available", "malmo/dc-1/2")
    faulted = 'status == "Faulted"'
    rule = rule_of(f'count({faulted}) == 1 and any(status == "Available") and not all({faulted})', "station")
    assert {s: a.truth for s, a in network.answers(1, rule).items()} == {
        "malmo/dc-1": True, "malmo/dc-2": None, "malmo/ac-1": None,
    }  # fmt: skip
    windowed = rule_of("share(samples(power_w, 5m) == 0) == 100 %", "site")
    assert network.answers(1, windowed)["malmo"].truth is True


def test_a_station_without_connectors_has_none_to_count(network: Any, rule_of: Any) -> None:
    network.link(0, station="lund/bare")
    rule = rule_of('count(status == "Faulted") == 0 and all(online) and not any(online) and online', "station")
    assert network.answers(1, rule)["lund/bare"].truth is True


def test_rules_share_their_windows() -> None:
    text = "rules:\n" + "".join(
        f"  - {{id: r-{n}, title: t, on: connector, when: 'avg(power_w, 5m) < {n + 1} kW', message: {{summary: s}}}}\n"
        for n in range(3)
    )
    (statement,) = compile_rules(files.parse_rules(documents.parse(text, "r.yaml"))).statements
    assert len(statement.windows.aggregates) == 1


def test_the_picture_has_every_column(network: Any) -> None:
    network.heartbeats(5)
    network.charging(0, peak_w=9_000.0, energy_wh=400.0)
    network.meter(1, power_w=8_000, energy_wh=70_000, offered_w=150_000, soc=33)
    row = network.picture(2)["malmo/dc-1/1"]
    start = network.start.timestamp() * 1_000_000
    assert row == {
        "site": "malmo", "station": "dc-1", "connector": "1", "evse": "1", "current": "DC", "rated_w": 150_000,
        "registered": True, "online": True, "state": "Charging", "status": "Charging", "status_since_us": start,
        "error_code": "NoError", "power_w": 8_000, "energy_wh": 70_000, "offered_w": 150_000, "soc": 33,
        "reading_us": start + 60e6, "seen_us": start + 60e6, "expected_w": 9_000, "session": "s-malmo/dc-1/1",
        "session_started_us": start, "session_energy_wh": 400,
    }  # fmt: skip


def test_what_is_not_known_is_counted_and_answered_where_something_follows(network: Any, rule_of: Any) -> None:
    network.heartbeats(10)
    network.write()
    network.store.bring_up_to(network.start)
    with network.store.snapshot() as snapshot:

        def answered(rule: Any, active: Any = frozenset()) -> tuple[int, set[str]]:
            found = evaluate(compile_rules((rule,)), snapshot, network.facts, network.start, active)
            return found.unknown["tried"], {answer.subject for answer in found.answers}

        assert answered(rule_of("soc > 99 %")) == (5, set())
        assert answered(rule_of("soc > 99 %"), frozenset({("tried", "malmo/dc-1/1")})) == (5, {"malmo/dc-1/1"})
        unknown, subjects = answered(rule_of("soc > 99 %", no_data="{after: 10m, then: fire}"))
        assert (unknown, len(subjects)) == (5, 5)


@pytest.mark.timeout(400)  # 80 ticks, beside other tests
def test_many_slots_at_once_answer_as_one_by_one(network: Any, shipped: Any) -> None:
    """A session that begins, loses its power and ends, a fault, and a silence: the same statement over a grid."""
    network.heartbeats(14)
    network.link(33)
    network.status(0, "Available")
    network.status(5, "Preparing")
    network.status(6, "Charging")
    network.power((6, 9), 120, soc=40)
    network.power((9, 25), 15, soc=42)
    network.status(25, "Faulted", error="GroundFailure")
    network.status(27, "Available")
    network.status(3, "Faulted", "malmo/dc-1/2", error="ReaderFailure")
    rules = tuple(rule for rule in shipped.values() if rule.on != "source")
    slots = [network.start + timedelta(minutes=minute / 2) for minute in range(80)]
    ticked, sessions = [], []
    for number, slot in enumerate(slots):
        network.sessions = []
        if 12 <= number < 50:
            network.sessions.append({
                "site": "malmo", "station": "dc-1", "connector": "1", "session": "s", "started_us": at_us(6),
                "peak_w": 120_000.0, "energy_wh": 100.0 * number, "flags": [], "known_at_us": to_us(slot),
            })  # fmt: skip
        sessions += network.sessions
        ticked += [answer for answer in network.evaluate(number / 2, rules).answers if answer.selected]
    network.sessions = sessions
    with network.snapshot(40) as snapshot:
        found, failures, waits = evaluate_slots(
            compile_rules(rules), snapshot, network.facts, slots, every_unknown=True
        )
    assert (failures, waits) == ({}, frozenset())
    fired = {(one.rule, one.truth) for one in found}
    assert {("slow-charging", True), ("safety-fault", True), ("connector-faulted", True)} <= fired
    told = [answer for answer in found if answer.selected and answer.truth is not False]
    assert told == sorted(ticked, key=lambda one: (one.at, one.rule, one.subject))
    subjects = {(answer.rule, answer.subject) for answer in told}
    assert {(slot, key) for slot in slots for key in subjects} <= {(a.at, (a.rule, a.subject)) for a in found}
