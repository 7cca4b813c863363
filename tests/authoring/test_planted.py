"""Mistakes that are right in form, planted in a rule: its test catches each, with file, line and what was instead.

Those of form are caught by `check`: tests/authoring/cases and test_mistakes.py; those in tests: test_rule_tests.py.
"""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.authoring.scaffold import scaffold
from monitor.cli import commands

SLOW = (
    ("the comparison the wrong way round", "< 0.5 * expected_w", "> 0.5 * expected_w"),
    ("a threshold ten times too low", "0.5 * expected_w", "0.05 * expected_w"),
    ("against the rating, which no car reaches", "0.5 * expected_w", "0.9 * rated_w"),
    ("W instead of kW", "avg(power_w, 5m) < 0.5 * expected_w", "avg(power_w, 5m) < 30 W"),
    ("the first instead of the last value", "avg(power_w, 5m) < 0.5", "max(power_w, 30m) < 0.5"),
    ("or instead of and", 'status == "Charging" and session_age', 'status == "Charging" or session_age'),
    ("another status", 'status == "Charging"', 'status == "SuspendedEV"'),
    ("a session age that is never reached", "session_age >= 5m", "session_age >= 5h"),
    ("not where it has to be", 'status == "Charging"', 'not status == "Charging"'),
    ("for too long", "for: 3m", "for: 30m"),
    ("only where nobody charges", "on: connector", "on: connector\n    where: {current: AC}"),
    ("idle instead of slow", "avg(power_w, 5m) < 0.5 * expected_w", "idle_for > 1m"),
)
FAULT = (
    ("a boot counts as a fault", "for: 2m", "for: 0s"),
    ("another state", '"Faulted"', '"Unavailable"'),
    ("a code that is no fault's", 'status == "Faulted"', 'error_code == "NoError"'),
    ("the time of the reading", 'status == "Faulted"', 'status == "Faulted" and reading_age < 1m'),
)
PLANTED = [(what, *each) for what, some in (("slow", SLOW), ("fault", FAULT)) for each in some]


def run(*words: str) -> Result:
    return CliRunner().invoke(commands, words)


@pytest.mark.parametrize("planted", PLANTED, ids=[f"{each[0]}: {each[1]}" for each in PLANTED])
def test_the_rule_s_test_catches_it(
    planted: tuple[str, str, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template, name, good, bad = planted
    made = scaffold(template, "mine")
    assert good in made.rule
    for folder, text in (("alerts", made.rule.replace(good, bad)), ("tests", made.test)):
        (tmp_path / "rules" / folder).mkdir(parents=True)
        (tmp_path / "rules" / folder / "mine.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    checked = run("check")
    if checked.exit_code == 1:  # what contradicts itself is told before any test runs
        assert "rules/alerts/mine.yaml:" in checked.output
        return
    tested = run("rules", "test")
    assert tested.exit_code == 1, f"{name}: {checked.output}"
    places = [line for line in tested.output.splitlines() if "tests/mine.yaml:" in line and "expected" in line]
    expectation = next(n for n, line in enumerate(made.test.splitlines(), 1) if "- {rule: mine" in line)
    assert int(places[0].split("mine.yaml:")[1].split(":")[0]) >= expectation
    assert ", got " in places[0]
    assert "when:" in tested.output  # every part with its value at that minute
