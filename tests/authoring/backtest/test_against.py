"""`--against`: what another version of the files would have said of the same readings."""

import subprocess
from pathlib import Path

import pytest

from monitor.errors import InputError
from tests.authoring.backtest.conftest import RULES, Desk


def charges(desk: Desk) -> None:
    """A car in Malmö at 55 % of what it had, another at a fifth; later the first again, for 3 minutes less deep."""
    desk.heartbeats(130, "malmo/m-1", "lund/l-1")
    desk.charging("malmo/m-1/1", [120.0] * 20 + [66.0] * 20 + [120.0] * 20)
    desk.charging("malmo/m-1/2", [120.0] * 30 + [66.0] * 5 + [24.0] * 20 + [120.0] * 10)
    desk.store()


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@x.se")
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


def begun(told: dict[str, dict[str, list[dict[str, str]]]], key: str) -> list[tuple[str, str]]:
    return [(each["subject"], each["firing_at"][11:16]) for each in told["against"][key]]


def test_a_threshold_of_60_instead_of_50_percent_names_the_episodes_that_are_new(desk: Desk) -> None:
    charges(desk)
    git(desk.folder, "init", "-q", "-b", "main")
    git(desk.folder, "add", "rules")
    git(desk.folder, "commit", "-q", "-m", "half")
    desk.write("alerts/all.yaml", RULES.replace("0.5 * expected_w", "0.6 * expected_w"))
    told = desk.told("--against", "main")
    assert begun(told, "new") == [("malmo/m-1/1", "12:27")]
    assert (begun(told, "gone"), begun(told, "later"), told["against"]["same"]) == ([], [], 0)
    [(subject, at)] = begun(told, "earlier")
    assert subject == "malmo/m-1/2"
    assert at < told["against"]["earlier"][0]["was_firing_at"][11:16]
    assert told["against"]["mails"]["noc"]["now"] > told["against"]["mails"]["noc"]["before"]
    span = ("--from", "2026-05-04T12:00Z", "--to", "2026-05-04T14:00Z")
    said = desk.run(*span, "--against", "main").stdout
    assert "against the other version: 1 new, 0 gone, 1 earlier, 0 later, 0 the same" in said
    assert "  new: slow malmo/m-1/1 warning: true 2026-05-04 14:24" in said


def test_the_other_way_round_it_is_gone_and_later(desk: Desk) -> None:
    charges(desk)
    other = desk.folder / "other.yaml"
    other.write_text(RULES.replace("0.5 * expected_w", "0.6 * expected_w"), encoding="utf-8")
    told = desk.told("--against", str(other))
    assert [subject for subject, _ in begun(told, "gone")] == ["malmo/m-1/1"]
    assert [subject for subject, _ in begun(told, "later")] == ["malmo/m-1/2"]


def test_a_rule_that_one_version_does_not_have(desk: Desk) -> None:
    charges(desk)
    without = desk.folder / "without.yaml"
    without.write_text(RULES[: RULES.index("  - id: slow")] + RULES[RULES.index("  - {id: broken") :], encoding="utf-8")
    assert len(begun(desk.told("--against", str(without)), "new")) == 1
    assert len(desk.told(str(without), "--against", str(desk.folder / "rules"))["against"]["gone"]) == 0


def test_a_revision_of_secrets_that_are_not_under_version_control(desk: Desk) -> None:
    charges(desk)
    notify = 'receivers: {p: {mail: [p@x.se], webhook: {url: "https://x.se", secret_file: hook.secret}}}'
    desk.write("notify.yaml", f"{notify}\ndefault: {{to: p}}\n")
    git(desk.folder, "init", "-q", "-b", "main")
    git(desk.folder, "add", "rules")
    git(desk.folder, "commit", "-q", "-m", "half")
    desk.write("hook.secret", "s")
    assert desk.told("--against", "main")["against"]["same"] == 1


@pytest.mark.parametrize("against", ["nowhere", "--output=/tmp/x"], ids=["unknown", "an-option"])
def test_neither_path_nor_revision(desk: Desk, against: str) -> None:
    charges(desk)
    git(desk.folder, "init", "-q")
    with pytest.raises(InputError, match=r"is no path"):
        desk.told(f"--against={against}")
