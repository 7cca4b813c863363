"""One bad file per mistake, with the message that its author reads beside it."""

from pathlib import Path

import pytest

from monitor import documents
from monitor.errors import FileProblems
from monitor.rules import files

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
    loaded = files.load(Path(__file__).parents[2] / "rules")
    assert {rule.id for rule in loaded.rules} == {
        "slow-charging",
        "connector-faulted",
        "site-congested",
        "station-offline",
        "sessions-unbilled",
    }
    assert all(set(rule.title) == {"en", "sv"} and rule.labels["team"] for rule in loaded.rules)
    assert {problem for rule in loaded.rules for problem in rule.inhibited_by} <= {rule.id for rule in loaded.rules}
    assert set(loaded.texts) == {
        "alerts/billing.yaml",
        "alerts/charging.yaml",
        "alerts/congestion.yaml",
        "alerts/faults.yaml",
        "alerts/offline.yaml",
    }
