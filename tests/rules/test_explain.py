"""Every part of a rule with its value."""

from datetime import timedelta
from typing import Any

import pytest

from monitor.errors import InputError
from monitor.rules.explain import Explained, Part, explain


def explained(network: Any, rule: Any, minute: float, subject: str = "malmo/dc-1/1") -> Explained:
    with network.snapshot(minute) as snapshot:
        return explain(rule, subject, snapshot, network.facts, network.start + timedelta(minutes=minute))


def flat(part: Part) -> dict[str, Any]:
    found = {part.text: part.value}
    for inner in part.parts:
        found |= flat(inner)
    return found


def test_every_part_of_an_expression(network: Any, rule_of: Any) -> None:
    network.heartbeats(20)
    network.charging(0, peak_w=100_000.0, flags=["gap"])
    network.power((0, 10), 30, soc=40)
    rule = rule_of(
        'status == "Charging" and (avg(power_w, 5m) < 0.5 * expected_w or soc is missing) and "gap" in session_flags',
        recover_when="avg(power_w, 5m) > 0.7 * expected_w",
    )
    found = explained(network, rule, 10)
    assert (found.answer.truth, found.answer.recovered) == (True, False)
    assert flat(found.expressions["when"]) == {
        rule.when.source(rule.when.root): True,
        'status == "Charging" and (avg(power_w, 5m) < 0.5 * expected_w or soc is missing)': True,
        'status == "Charging"': True,
        "status": "Charging",
        "avg(power_w, 5m) < 0.5 * expected_w or soc is missing": True,
        "avg(power_w, 5m) < 0.5 * expected_w": True,
        "avg(power_w, 5m)": 30_000,
        "0.5 * expected_w": 50_000,
        "expected_w": 100_000,
        "soc is missing": False,
        "soc": 40,
        '"gap" in session_flags': True,
    }


def test_each_bound_of_what_is_expected(network: Any, rule_of: Any) -> None:
    network.heartbeats(20)
    network.charging(0, peak_w=140_000.0)
    network.charging(0, "malmo/dc-1/2")
    network.power((0, 10), 30, soc=80, offered_w=120_000)
    found = explained(network, rule_of("power_w < expected_w"), 10)
    assert found.expected == {
        "rating": 150_000, "offer": 120_000, "share": 100_000, "phases": None, "peak": 140_000, "taper": 70_000,
    }  # fmt: skip
    assert found.expected_by == "taper"


def test_nothing_is_expected_without_a_session(network: Any, rule_of: Any) -> None:
    network.status(0, "Available")
    assert explained(network, rule_of("power_w < expected_w"), 10).expected == {}


def test_what_a_station_rule_says_of_each_connector(network: Any, rule_of: Any) -> None:
    network.heartbeats(10)
    network.status(0, "Faulted")
    network.status(0, "Available", "malmo/dc-1/2")
    found = explained(
        network, rule_of('count(status == "Faulted") >= 1 and full_for(DC) == 0', "station"), 5, "malmo/dc-1"
    )
    counted = found.expressions["when"].parts[0].parts[0]
    assert (counted.text, counted.value) == ('count(status == "Faulted")', 1)
    assert counted.connectors == {"malmo/dc-1/1": True, "malmo/dc-1/2": False}


def test_a_moment_in_the_past(network: Any, rule_of: Any) -> None:
    network.heartbeats(60)
    network.status(0, "Available")
    network.status(30, "Faulted")
    assert explained(network, rule_of('status == "Faulted"'), 60).answer.truth is True
    assert explained(network, rule_of('status == "Faulted"'), 20).answer.truth is False


@pytest.mark.parametrize("subject", ["malmo/dc-1/9", "malmo/dc-1", "malmo/dc-1/1/1"])
def test_a_subject_that_is_not_there(network: Any, rule_of: Any, subject: str) -> None:
    with pytest.raises(InputError, match=subject):
        explained(network, rule_of("online"), 10, subject)
