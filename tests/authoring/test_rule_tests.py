"""`laddvakt rules test`: the notation, verdicts with their evidence, late rows, and every mistake with its place."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from monitor import documents
from monitor.alerts.routes import Routes
from monitor.authoring.replay import Files
from monitor.authoring.rule_tests import cases, series
from monitor.cli import commands
from monitor.errors import FileProblems
from monitor.readings.schema import METER
from monitor.register import Register
from monitor.rules import files as rule_files

SHIPPED = Path(__file__).parents[2] / "rules"

RULES = """
rules:
  - id: low
    title: Low
    on: connector
    when: avg(power_w, 2m) < 3 kW
    for: 1m
    keep_firing_for: 1m
    no_data: {after: 5m, then: keep}
    labels: {team: field}
    levels: {warning: "avg(power_w, 2m) < 3 kW", critical: "avg(power_w, 2m) < 1 kW"}
    message: {summary: "{{ power_w | kw }}"}
"""
HEAD = """
sites:
  malmo: {stations: {dc-1: {connectors: {1: {current: DC, rated: 50 kW}}}}}
notify: {receivers: {noc: {mail: [noc@example.org], language: sv}}, default: {to: noc}}
tests:
  - name: it falls
    every: 30s
"""
FALLS = (
    HEAD
    + """
    readings: {malmo/dc-1/1: {power_w: [5 kW x 10, 2 kW x 20, 5 kW x 20]}}
"""
)
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a file of tests against RULES."""

    def running(text: str, *options: str) -> Result:
        (tmp_path / "alerts").mkdir(exist_ok=True)
        (tmp_path / "tests").mkdir(exist_ok=True)
        (tmp_path / "alerts" / "low.yaml").write_text(RULES)
        (tmp_path / "tests" / "low.yaml").write_text(text)
        return CliRunner().invoke(commands, ["rules", "test", str(tmp_path), *options], catch_exceptions=False)

    return running


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("120 kW x 3", "power_w", [120_000.0] * 3),
        ("10..30 kW over 3, _ x 2, 5", "power_w", [10_000.0, 20_000.0, 30_000.0, None, None, 5.0]),
        ("80 %, 81.5", "soc", [80.0, 81.5]),
        ("-3..3 C over 2", "temperature_c", [-3.0, 3.0]),
        ("3 x 2", "phases", [3.0, 3.0]),
        ("1 kWh", "energy_wh", [1000.0]),
    ],
    ids=["times", "ramp and gap", "two", "below zero", "no unit", "kWh"],
)
def test_series(text: str, name: str, values: list[float | None]) -> None:
    field = METER.field(name)
    assert field is not None
    assert series.values(text, field) == values


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        ("120 A", "power_w", "power_w has no unit 'A'; it has W, kW, MW"),
        ("3 kW", "phases", "phases is a number without a unit"),
        ("10..30", "power_w", "write for example 120 W x 10"),
        ("1 x 1000000", "power_w", "at most 100,000 values"),
        ("", "soc", "write for example 120 % x 10"),
    ],
    ids=["other unit", "no unit", "half a ramp", "too many", "empty"],
)
def test_what_is_no_series(text: str, name: str, says: str) -> None:
    field = METER.field(name)
    assert field is not None
    with pytest.raises(ValueError, match=says.replace("(", r"\(")):
        series.values(text, field)


def test_states_levels_labels_and_mails(run: Run) -> None:
    result = run(FALLS + """
    expect:
      - {rule: low, subject: malmo/dc-1/1, until: 5m, state: inactive}
      - {rule: low, subject: malmo/dc-1/1, at: 6m30s, state: pending}
      - {rule: low, subject: malmo/dc-1/1, from: 9m, until: 15m, state: firing, level: warning, labels: {team: field}}
      - {rule: low, subject: malmo/dc-1/1, at: 20m, state: resolved}
    mails:
      - {to: noc, from: 7m, until: 12m, subject: "malmo/dc-1: low", language: sv, count: 1}
      - {to: noc@example.org, count: 2}
""")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "1 tests, 0 failed" in result.output


@pytest.mark.parametrize(
    ("expected", "says"),
    [
        (
            "expect: [{rule: low, subject: malmo/dc-1/1, at: 10m, state: inactive}]",
            "inactive, got firing (warning)",
        ),
        ("expect: [{rule: low, subject: malmo/dc-1/1, at: 4m, state: firing}]", "expected firing, got inactive"),
        ("expect: [{rule: low, subject: malmo/dc-1/1, at: 10m, state: firing, level: critical}]", "got warning"),
        ("expect: [{rule: low, subject: malmo/dc-1/1, at: 10m, state: firing, labels: {team: x}}]", "labels {'team'"),
        ("expect: [{rule: low, state: never}]\n    lasts: 12m", "low on malmo/dc-1/1: expected never, got pending"),
        ("mails: []\n    lasts: 12m", "expected no message, 1 were planned"),
        ("mails: [{to: field@x.se}]\n    lasts: 12m", "expected a message like this, got 0; planned were:"),
        ("mails: [{to: noc, count: 3}]\n    lasts: 12m", "expected 3 messages like this, got 1"),
        ("mails: [{to: noc, language: en}]\n    lasts: 12m", "like this, got 0"),
    ],
    ids=["inactive", "firing", "level", "label", "never", "no mail", "other receiver", "count", "language"],
)
def test_what_is_not_as_expected_is_told_with_what_the_rule_saw(run: Run, expected: str, says: str) -> None:
    result = run(f"{FALLS}    {expected}\n")
    assert result.exit_code == 1
    assert says in result.output
    assert "low.yaml:" in result.output
    if "expect:" in expected:
        assert "malmo/dc-1/1 power_w: 5 kW x 10, 2 kW x 20, 5 kW x 20" in result.output
        assert "avg(power_w, 2m) = " in result.output


def test_late_rows_count_from_when_they_came(run: Run) -> None:
    """Power was low from the fifth minute on; that is known from the tenth."""
    result = run(HEAD + """
    readings:
      malmo/dc-1/1:
        power_w: 5 kW x 10
        soc: 50 % x 40
      malmo/dc-1/2:
        power_w: {from: 5m, values: 2 kW x 30, received: 10m}
    expect:
      - {rule: low, subject: malmo/dc-1/2, until: 9m30s, state: inactive}
      - {rule: low, subject: malmo/dc-1/2, at: 10m, state: pending}
      - {rule: low, subject: malmo/dc-1/2, at: 11m, state: firing}
""")  # fmt: skip
    assert result.exit_code == 0, result.output


def test_no_data(run: Run) -> None:
    result = run(HEAD + """
    readings: {malmo/dc-1/1: {power_w: 2 kW x 10}}
    expect:
      - {rule: low, subject: malmo/dc-1/1, at: 4m, state: firing}
      - {rule: low, subject: malmo/dc-1/1, at: 15m, state: no_data}
      - {rule: low, subject: malmo/dc-1/1, at: 15m, state: firing}
""")  # fmt: skip
    assert result.exit_code == 0, result.output


def test_json_and_junit(run: Run, tmp_path: Path) -> None:
    wrong = FALLS + "    expect: [{rule: low, state: never}]\n    lasts: 12m\n"
    told = json.loads(run(wrong, "--json").output)
    [test] = told["tests"]
    assert (test["name"], test["passed"]) == ("it falls", False)
    assert test["differences"][0]["line"] == 10
    run(wrong, "--junit", str(tmp_path / "junit.xml"))
    suite = ET.parse(tmp_path / "junit.xml").getroot()[0]
    assert suite.attrib["failures"] == "1"
    assert "expected never" in suite[0][0].attrib["message"]
    assert "avg(power_w, 2m)" in (suite[0][0].text or "")


MISTAKES = {
    "rules: [lo]": (5, "there is no rule 'lo' about places; did you mean 'low'?"),
    "expect: [{rule: lov, state: never}]": (5, "there is no rule 'lov'"),
    "expect: [{rule: low, state: firing}]": (5, "'subject' is missing here"),
    "expect: [{rule: low, state: fireing}]": (5, "did you mean 'firing'"),
    "expect: [{rule: low, state: never, at: 3m, until: 4m}]": (5, "`at` is one time"),
    "expect: [{rule: low, state: never, at: 3}]": (5, "must be a duration"),
    "readings: {malmo: {status: {0m: Available}}}": (5, "write SITE/STATION/CONNECTOR"),
    "readings: {malmo/dc-1: {power_w: 3 kW}}": (5, "a station has no meter"),
    "readings: {malmo/dc-1/1: {power_w: 3 A}}": (5, "has no unit 'A'"),
    "readings: {malmo/dc-1/1: {powr_w: 3 kW}}": (5, "did you mean 'power_w'"),
    "readings: {malmo/dc-1/1: {status: {0m: Availble}}}": (5, "did you mean 'Available'"),
    "readings: {malmo/dc-1/1: {status: {soon: Available}}}": (5, "'soon' is not a duration"),
    "readings: {malmo/dc-1: {heartbeats: {every: 0s}}}": (5, "at least 1s"),
    "readings: {malmo/dc-1: {link: {0m: rebooted}}}": (5, "did you mean 'boot'"),
    "sessions: [{at: malmo/dc-1}]": (5, "a session is at a connector"),
    "history: {malmo/dc-1/1: {usual_power_w: 80 kilowatts}}": (5, "is not a number with a unit"),
    "history: {malmo/dc-1/1: {slow_share_10: 130 %}}": (5, "slow_share_10 is from 0 to 100 %"),
    "mails: [{to: nobody, at: 2m}]": (5, "there is no receiver 'nobody'"),
    "expect: [{rule: low, subject: malmo/dc-1/9, at: 2m, state: firing}]": (5, "there is no connector 'malmo/dc-1/9'"),
    "lasts: 30d": (4, "a backtest is for such spans"),
    "start: 2026-03-02T12:00:00": (5, "needs an offset"),
}


@pytest.mark.parametrize(("line", "told"), MISTAKES.items(), ids=MISTAKES)
def test_a_mistake_has_its_place_and_what_would_be_right(line: str, told: tuple[int, str]) -> None:
    text = f"tests:\n\n\n  - name: wrong\n    {line}\n"
    document = documents.parse(text, "tests/wrong.yaml")
    rules = rule_files.parse_rules(documents.parse(RULES, "alerts/low.yaml"))
    with pytest.raises(FileProblems) as caught:
        cases.read(document, Files(rules, Routes(), Register()))
    [problem] = caught.value.problems
    assert (problem.file, problem.line) == ("tests/wrong.yaml", told[0])
    assert told[1] in problem.message


def test_a_mistake_in_the_shape_of_one_test_hides_none_of_another() -> None:
    text = """tests:
  - {name: a, expect: [{rule: low, state: fireing}]}
  - {name: b, expect: [{rule: lov, state: never}]}
"""
    rules = rule_files.parse_rules(documents.parse(RULES, "alerts/low.yaml"))
    with pytest.raises(FileProblems) as caught:
        cases.read(documents.parse(text, "tests/wrong.yaml"), Files(rules, Routes(), Register()))
    assert [(problem.line, problem.code) for problem in caught.value.problems] == [
        (2, "literal-error"), (3, "unknown-rule"),
    ]  # fmt: skip


def test_check_knows_tests(tmp_path: Path) -> None:
    file = tmp_path / "some.yaml"
    file.write_text("tests:\n  - name: wrong\n    expect: [{rule: slow-chargin, state: never}]\n")
    result = CliRunner().invoke(commands, ["check", str(SHIPPED), str(file)])
    assert result.exit_code == 1
    assert f"{file}:3:21: there is no rule 'slow-chargin'" in result.output


def test_a_broken_rule_stops_all_tests(run: Run, tmp_path: Path) -> None:
    run(FALLS)
    (tmp_path / "alerts" / "broken.yaml").write_text("rules: [{id: broken}]\n")
    result = CliRunner().invoke(commands, ["rules", "test", str(tmp_path)])
    assert result.exit_code == 1
    assert "broken.yaml:1:" in f"{result.output}{result.exception}"


def test_every_shipped_rule_has_a_test_that_fires_and_one_that_does_not() -> None:
    rules = [rule for rule in rule_files.load(SHIPPED).rules if rule.on != "source"]
    states: dict[str, set[str]] = {rule.id: set() for rule in rules}
    for path in sorted((SHIPPED / "tests").glob("*.yaml")):
        for case in cases.read(documents.read(path), Files(rules, Routes(), Register())):
            for expected in case.shape.expect:
                states[expected.rule].add(expected.state)
    lacking = {rule for rule, seen in states.items() if "firing" not in seen or not seen & {"never", "inactive"}}
    assert lacking == set()


@pytest.mark.parametrize("path", sorted((SHIPPED / "tests").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_tests_pass(path: Path) -> None:
    result = CliRunner().invoke(commands, ["rules", "test", str(path)])
    assert result.exit_code == 0, result.output


def test_the_example_of_the_documentation_is_right() -> None:
    text = (SHIPPED.parent / "docs" / "rule-tests.md").read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    files = Files(rule_files.load(SHIPPED).rules, Routes(), Register())
    [case] = cases.read(documents.parse(text, "docs/rule-tests.md"), files)
    assert {row.measurement for row in case.rows} == {"meter", "status", "link", "transaction"}
