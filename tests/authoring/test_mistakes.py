"""One folder of a mistake in a whole configuration: `expected.txt` says what `check` tells of it, line by line."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from monitor.authoring.check import check_paths
from monitor.config import Paths, Settings
from monitor.errors import Problem

CASES = Path(__file__).parent / "cases"
GOOD = CASES / "good"
FOLDERS = sorted(path for path in CASES.iterdir() if path.is_dir() and path != GOOD)


def told(problem: Problem, folder: Path) -> str:
    name = Path(problem.file).relative_to(folder).as_posix()
    message = problem.message.replace(f"{folder}/", "")  # a mistake may name another place
    return f"{name}:{problem.line}:{problem.column}: {problem.severity}: {problem.code}: {message}"


def spoil(path: Path, good: str, bad: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(good, bad), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small configuration without mistakes, to which the files of a case are added."""
    return Path(shutil.copytree(GOOD, tmp_path / "rules"))


def test_the_good_configuration_has_no_mistakes(folder: Path) -> None:
    assert check_paths([folder], Settings()) == ()
    settings = Settings(paths=Paths(rules=folder))
    assert [p for path in sorted(folder.rglob("*.yaml")) for p in check_paths([path], settings)] == []


@pytest.mark.parametrize("case", FOLDERS, ids=lambda path: path.name)
def test_a_mistake_is_told_where_it_stands(case: Path, folder: Path) -> None:
    shutil.copytree(case, folder, dirs_exist_ok=True)
    expected = (folder / "expected.txt").read_text(encoding="utf-8").splitlines()
    assert [told(problem, folder) for problem in check_paths([folder], Settings())] == expected


@pytest.mark.parametrize("case", FOLDERS, ids=lambda path: path.name)
def test_the_same_for_the_files_alone_beside_what_is_in_force(case: Path, folder: Path) -> None:
    if case.name == "duplicate-id":
        pytest.skip("a file alone may be the next version of the one in force")
    paths = []
    for path in sorted(case.rglob("*.yaml")):
        paths.append(folder.parent / "alone" / path.relative_to(case))
        paths[-1].parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, paths[-1])
    expected = (case / "expected.txt").read_text(encoding="utf-8").splitlines()
    settings = Settings(paths=Paths(rules=folder))
    assert [told(problem, folder.parent / "alone") for problem in check_paths(paths, settings)] == expected


def test_as_json(laddvakt: Path, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(CASES / "soc-over-120", folder, dirs_exist_ok=True)
    shutil.copy(CASES / "short-for" / "alerts" / "bad.yaml", folder / "alerts" / "other.yaml")
    spoil(folder / "alerts" / "other.yaml", "id: bad", "id: other")
    run = subprocess.run([laddvakt, "check", "--json", "rules"], cwd=tmp_path, capture_output=True, check=False)
    found = json.loads(run.stdout)
    assert run.returncode == 1
    assert [set(problem) for problem in found["errors"]] == [{"file", "line", "column", "code", "message"}]
    assert [problem["code"] for problem in found["warnings"]] == ["short-for"]
    assert (found["errors"][0]["code"], found["errors"][0]["line"], found["errors"][0]["column"]) == ("range", 5, 29)


def test_links_of_mails_that_lead_nowhere(laddvakt: Path, tmp_path: Path) -> None:
    (tmp_path / "laddvakt.toml").write_text('[evaluate]\ninterval = "30s"\n[mail]\nhost = "mail.example.org"\n')
    run = subprocess.run([laddvakt, "check"], cwd=tmp_path, capture_output=True, text=True, check=False)
    said = "mail.host is set but web.public_url is not: links in mails lead to the listen address"
    assert (run.returncode, run.stdout.splitlines()[0]) == (0, f"laddvakt.toml:4:1: {said} (warning)")
