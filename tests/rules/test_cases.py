"""One bad file per mistake, with the message that its author reads beside it."""

from pathlib import Path

import pytest

from monitor import documents
from monitor.errors import FileProblems
from monitor.rules import files

ROOT = Path(__file__).parents[2]
CASES = sorted((Path(__file__).parent / "cases").glob("*.bad.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name.removesuffix(".bad.yaml"))
def test_a_mistake_is_told_where_it_stands(path: Path) -> None:
    expected = path.with_name(path.name.replace(".bad.yaml", ".expected.txt")).read_text(encoding="utf-8")
    with pytest.raises(FileProblems) as raised:
        files.parse_rules(documents.read(path, name="rules.yaml"))
    assert str(raised.value) == expected.rstrip("\n")


def rules_file(folder: Path, name: str, text: str) -> None:
    (folder / "alerts").mkdir(exist_ok=True)
    (folder / "alerts" / name).write_text(text, encoding="utf-8")


def test_all_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    rules_file(tmp_path, "a.yaml", "rules:\n  - {id: one, title: t, on: site, when: nme > 3, message: {summary: s}}\n")
    rules_file(tmp_path, "b.yaml", "rules:\n  - {id: one, title: t, on: site, when: power_w > 3 kW, message: {sumary: s}}\n"  # noqa: E501 - one entry a line
               "  - {id: one, title: t, on: site, when: power_w > 3 kW, message: {summary: s}}\n")  # fmt: skip
    rules_file(tmp_path, "c.yaml", "rules: [\n")
    with pytest.raises(FileProblems) as raised:
        files.load(tmp_path)
    found = [(problem.file, problem.line, problem.code) for problem in raised.value.problems]
    assert found == [
        ("alerts/a.yaml", 2, "unknown-name"),
        ("alerts/b.yaml", 2, "missing-key"),
        ("alerts/b.yaml", 2, "unknown-key"),
        ("alerts/b.yaml", 3, "duplicate-id"),
        ("alerts/c.yaml", 2, "syntax"),
    ]


def test_a_missing_folder_holds_no_rules(tmp_path: Path) -> None:
    assert files.load(tmp_path / "none").rules == ()


def test_the_shipped_rules_are_right() -> None:
    rules = (*files.load(ROOT / "rules").rules, *files.built_in().rules)
    assert {rule.id for rule in rules} == {
        "slow-charging", "slow-connector", "stalled-charging", "lost-phase", "connector-faulted", "safety-fault",
        "emergency-stop", "station-offline", "site-down", "no-sessions", "stuck-preparing", "repeated-failed-starts",
        "meter-defect", "overstay", "site-congested", "sessions-unbilled", "congestion-expected", "station-hot",
        "source-stale", "evaluation-late", "mail-stuck",
    }  # fmt: skip
    runbooks = (ROOT / "docs" / "runbooks.md").read_text(encoding="utf-8")
    for rule in rules:
        texts = (rule.title, rule.message.summary, *([rule.message.cause] if rule.message.cause else []))
        assert all(set(text) == {"en", "sv"} for text in texts)
        assert f"\n## {rule.id}\n" in runbooks
        assert rule.message.runbook["en"] == f"docs/runbooks.md#{rule.id}"
        assert rule.on == "source" or rule.labels["team"]
