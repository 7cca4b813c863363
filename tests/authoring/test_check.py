import json
import shutil
import subprocess
from pathlib import Path

import pytest

from monitor.authoring import in_force
from monitor.authoring.check import check_paths
from monitor.config import Paths, Settings

SHIPPED = Path(__file__).parent.parent.parent / "rules"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped files."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "rules"))


def spoil(path: Path, good: str, bad: str) -> None:
    text = path.read_text()
    assert good in text
    path.write_text(text.replace(good, bad, 1))


def test_the_shipped_files_are_free_of_mistakes(folder):
    assert check_paths([folder], Settings()) == ()
    assert [p for path in sorted(folder.rglob("*.yaml")) for p in check_paths([path], Settings())] == []


def test_mistakes_of_all_kinds_of_files_are_told_together_with_paths_that_an_editor_opens(folder):
    spoil(folder / "alerts" / "charging.yaml", "0.5 * expected_w", "0.5 * expectd_w")
    spoil(folder / "sites.yaml", "stations:", "statoins:")
    spoil(folder / "notify.yaml", "receivers:", "recievers:")
    spoil(folder / "tariffs" / "public.yaml", "currency: SEK", "curency: SEK")
    problems = check_paths([folder], Settings())
    assert {str(Path(problem.file).relative_to(folder)) for problem in problems} == {
        "alerts/charging.yaml", "sites.yaml", "notify.yaml", "tariffs/public.yaml",
    }  # fmt: skip
    assert all(Path(problem.file).exists() for problem in problems)
    assert any("did you mean 'expected_w'" in problem.message for problem in problems)


def test_a_file_anywhere_is_known_by_its_top_level_key(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("ruls: []\n")
    (problem,) = check_paths([path], Settings())
    assert str(problem) == f"{path}:1:1: no key tells what kind of file this is; did you mean 'rules'?"


def test_the_command_prints_text_or_json_and_says_by_its_exit_code(laddvakt, folder, tmp_path):
    spoil(folder / "alerts" / "charging.yaml", "0.5 * expected_w", "0.5 * expectd_w")
    good = subprocess.run(
        [laddvakt, "check", folder / "notify.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (good.returncode, good.stdout) == (0, "all good\n")
    bad = subprocess.run(
        [laddvakt, "check", "--json", folder], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    first = json.loads(bad.stdout)["errors"][0]
    assert bad.returncode == 1
    assert set(first) == {"file", "line", "column", "code", "message"}
    assert first["file"].endswith("charging.yaml")


def test_a_broken_file_leaves_the_last_good_one_in_force_until_it_is_mended(folder):
    settings = Settings(paths=Paths(rules=folder))
    good = in_force.load(settings)
    assert in_force.load(settings, good) is good
    path = folder / "alerts" / "charging.yaml"
    text = path.read_text()
    path.write_text(text + "\n  - id: broken\n")
    broken = in_force.load(settings, good)
    assert broken.rules is good.rules
    assert broken.program is good.program
    assert {Path(problem.file).name for problem in broken.problems} == {"charging.yaml"}
    path.write_text(text)
    mended = in_force.load(settings, broken)
    assert mended.problems == ()
    assert {rule.id for rule in mended.rules.rules} == {rule.id for rule in good.rules.rules}


def test_files_given_together_may_name_each_other_and_what_is_in_force(folder):
    settings = Settings(paths=Paths(rules=folder))
    charging, offline = folder / "alerts" / "charging.yaml", folder / "alerts" / "offline.yaml"
    assert check_paths([charging], settings) == ()
    alone = check_paths([charging], Settings(paths=Paths(rules=folder / "nowhere")))
    assert {problem.code for problem in alone} == {"unknown-rule"}
    together = check_paths([charging, offline], Settings(paths=Paths(rules=folder / "nowhere")))
    assert {problem.message.split(";")[0] for problem in together} == {
        f"there is no rule {name!r}" for name in ("connector-faulted", "safety-fault")
    }


def test_a_mapping_that_names_nothing_of_ours_is_told_with_its_line(laddvakt, folder, tmp_path):
    (tmp_path / "laddvakt.toml").write_text(
        '[mapping.meter]\ntags = {statoin = "box"}\nfields = {power_w = "kW"}\nfactors = {session = 2}\n\n'
        '[mapping.link.fields]\nevent = "what"\nfirmwear = "fw"\n'
    )
    told = subprocess.run([laddvakt, "check"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 1
    tag, factor, field = told.stdout.splitlines()[:3]
    assert tag == "laddvakt.toml:2:1: mapping.meter.tags: meter has no 'statoin'; did you mean 'station'?"
    assert factor.startswith("laddvakt.toml:4:1: mapping.meter.factors: meter has no 'session'; known: current_a, ")
    assert field == "laddvakt.toml:8:1: mapping.link.fields: link has no 'firmwear'; did you mean 'firmware'?"
