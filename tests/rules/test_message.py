"""What an alert says, in both languages, and what it says when its template fails."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from monitor import documents
from monitor.rules import files
from monitor.rules.message import render
from monitor.rules.model import Rule
from monitor.units import Money

SINCE = datetime(2026, 3, 2, 12, tzinfo=UTC)


def rule(summary: str, on: str = "connector", cause: str = "") -> Rule:
    text = f"""rules:
  - id: tried
    title: {{en: Slow, sv: Långsam}}
    on: {on}
    when: power_w > 3 kW
    message: {{summary: '{summary}', cause: '{cause}'}}
"""
    return files.parse_rules(documents.parse(text, "r.yaml"))[0]


def said(summary: str, subject: str = "malmo/dc-1/1", **values: Any) -> tuple[str, str]:
    on = ("site", "station", "connector")[subject.count("/")]
    texts = render(rule(summary, on), subject, "warning", values, SINCE)
    return texts["en"].summary, texts["sv"].summary


@pytest.mark.parametrize(
    ("template", "values", "en", "sv"),
    [
        ("{{ power_w | kw }}", {"power_w": 11_240.0}, "11,2 kW", "11,2 kW"),
        ("{{ power_w | kw }}", {"power_w": 118_000.0}, "118 kW", "118 kW"),
        ("{{ power_w | kw }}", {"power_w": None}, "unknown", "okänt"),
        ("{{ energy_wh | kwh }}", {"energy_wh": 38_000.0}, "38,0 kWh", "38,0 kWh"),
        ("{{ soc | percent }}", {"soc": 79.6}, "80 %", "80 %"),
        ("{{ status_for | duration }}", {"status_for": 45.0}, "45 s", "45 s"),
        ("{{ status_for | duration }}", {"status_for": 7500.0}, "2 h 5 min", "2 h 5 min"),
        ("{{ status_for | duration }}", {"status_for": 180_000.0}, "2 d 2 h", "2 dygn 2 h"),
        ("{{ reading_age | ago }}", {"reading_age": 840.0}, "14 min ago", "för 14 min sedan"),
        ("{{ 12.5 | money }}", {}, "12,50 kr", "12,50 kr"),
        ("{{ session_price | money }}", {"session_price": Money(Decimal("187.30"), "EUR")}, "187,30 EUR", "187,30 EUR"),
        ("{{ session_price | money }}", {}, "unknown", "okänt"),
        ("{{ soc }} {{ status }}", {"soc": 79.5, "status": None}, "79,5 unknown", "79,5 okänt"),
        ("{{ title }} {{ since }}", {}, "Slow 2026-03-02 12:00 UTC", "Långsam 2026-03-02 12:00 UTC"),
        ("{{ site }} {{ station }} {{ connector }}", {}, "malmo dc-1 1", "malmo dc-1 1"),
    ],
)  # fmt: skip
def test_values_are_said_in_the_readers_language(template: str, values: dict[str, Any], en: str, sv: str) -> None:
    assert said(template, **values) == (en, sv)


def test_names_with_a_pool_are_called() -> None:
    values = {"full_for(DC)": 660.0}
    assert said("{{ full_for(DC) | duration }}", "malmo", **values)[0] == "11 min"


@pytest.mark.parametrize(
    "template",
    ["{{ power_w / soc }}", "{{ power_w.missing }}", "{{ ().__class__.__bases__ }}", "{% for i in 3 %}{% endfor %}"],
)
def test_a_template_that_fails_is_replaced_by_a_text_that_says_so(template: str) -> None:
    texts = render(
        rule(template, cause="{{ diagnosis }}"), "malmo/dc-1/1", "critical", {"power_w": 1.0, "soc": 0.0}, SINCE
    )
    assert texts["en"].summary.startswith("Slow at malmo/dc-1/1 (critical). The rule's own text failed: ")
    assert texts["sv"].summary.startswith("Långsam på malmo/dc-1/1 (critical). Regelns egen text misslyckades: ")
    assert texts["en"].title == "Slow"


def test_long_texts_are_cut() -> None:
    assert len(said('{{ "x" * 5000 }}')[0]) == 600


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        ({"expected_by": "peak"}, "power dropped below what this session had reached"),
        ({"expected_by": "rating", "error_code": "GroundFailure"}, "the charger reports GroundFailure"),
        ({"status": "Faulted", "error_code": "NoError"}, "the charger gives no error code"),
        ({"online": False}, "the station has stopped sending"),
        ({}, "unknown"),
    ],
)
def test_the_probable_cause(values: dict[str, Any], cause: str) -> None:
    assert render(rule("s", cause="{{ diagnosis }}"), "malmo/dc-1/1", "info", values, SINCE)["en"].cause == cause


def test_what_the_shipped_rules_say(network: Any, shipped: Any) -> None:
    network.heartbeats(20)
    network.charging(0, peak_w=120_000.0)
    network.power((0, 20), 11.24, soc=45)
    answer = network.answers(20, shipped["slow-charging"])["malmo/dc-1/1"]
    texts = render(shipped["slow-charging"], answer.subject, "critical", answer.values, SINCE)
    assert texts["en"].summary == "Connector 1 gives 11,2 kW, 120 kW expected"
    assert texts["sv"].summary == "Uttag 1 ger 11,2 kW, väntat 120 kW"
    assert texts["sv"].cause == "effekten föll under vad samma session har nått"


def test_every_shipped_rule_finds_its_words(network: Any, shipped: Any) -> None:
    """Each name of the templates is among the values of its answers, missing or not."""
    places = {"connector": "malmo/dc-1/1", "station": "malmo/dc-1", "site": "malmo"}
    of_places = {name: each for name, each in shipped.items() if each.on != "source"}
    active = frozenset((rule.id, places[rule.on]) for rule in of_places.values())
    evaluation = network.evaluate(20, tuple(of_places.values()), active)
    found = {answer.rule: answer for answer in evaluation.answers}
    assert set(found) == set(of_places)
    for answer in found.values():
        texts = render(shipped[answer.rule], answer.subject, "warning", answer.values, SINCE)
        assert all("failed" not in text.summary and "misslyckades" not in text.summary for text in texts.values())
