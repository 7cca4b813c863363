"""`laddvakt rules new`: what it writes passes `check` and `rules test` as it is."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.authoring.scaffold import TEMPLATES
from monitor.cli import commands


def run(*arguments: str, answers: str | None = None) -> Result:
    return CliRunner().invoke(commands, arguments, input=answers)


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with nothing in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_template_passes_check_and_its_test(operator: Path) -> None:
    for what in TEMPLATES:
        assert run("rules", "new", f"our-{what}", "--what", what).exit_code == 0
    checked = run("check")
    assert (checked.exit_code, checked.output) == (0, "all good\n")
    tested = run("rules", "test")
    assert tested.exit_code == 0, tested.output
    assert f"{len(TEMPLATES)} tests, 0 failed" in tested.output
    assert {path.stem for path in (operator / "rules" / "alerts").iterdir()} == {f"our-{what}" for what in TEMPLATES}


def test_what_is_not_given_is_asked_for(operator: Path) -> None:
    result = run("rules", "new", answers="2\nbroken-here\n")
    assert result.exit_code == 0
    assert "2  a connector that reports a fault" in result.output
    assert "id: broken-here" in (operator / "rules" / "alerts" / "broken-here.yaml").read_text(encoding="utf-8")


def test_nothing_is_overwritten(operator: Path) -> None:
    run("rules", "new", "mine", "--what", "hot")
    before = (operator / "rules" / "alerts" / "mine.yaml").read_text(encoding="utf-8")
    again = run("rules", "new", "mine", "--what", "slow")
    assert "exists already" in str(again.exception)
    assert (operator / "rules" / "alerts" / "mine.yaml").read_text(encoding="utf-8") == before


def test_an_id_that_is_none_is_refused(operator: Path) -> None:
    assert "is no rule id" in str(run("rules", "new", "My Rule", "--what", "hot").exception)
    assert list(operator.iterdir()) == []
