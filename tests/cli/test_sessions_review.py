"""`laddvakt sessions list | show | review`: what waits, who decided what, and what scripts read of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli import commands
from monitor.errors import InputError
from monitor.sessions.billing_states import Conflict
from monitor.state.database import Database
from monitor.state.sealing import Selection, seal
from tests.state.visits import TARIFF, Office, visit


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(commands, ["sessions", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return result


@pytest.fixture(autouse=True)
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """s1 is priced, s2 doubtful, s3 sealed and measured otherwise since."""
    database = Database(f"sqlite:///{tmp_path / 'state.sqlite'}")
    database.migrate()
    office = Office(database, tmp_path)
    (tmp_path / "rules" / "tariffs").mkdir(parents=True)
    (tmp_path / "rules" / "tariffs" / "t.yaml").write_text(TARIFF)
    office.arrives(visit("s1"), visit("s2", flags=frozenset({"register_jump"})), visit("s3"))
    list(seal(database, Selection(session="s3"), office.sealing()))
    office.arrives(visit("s3", kwh=12.0))
    monkeypatch.setenv("LADDVAKT_STATE__URL", f"sqlite:///{tmp_path / 'state.sqlite'}")
    monkeypatch.chdir(tmp_path)
    yield office
    database.close()


def test_the_queue_says_why_and_what_can_be_decided() -> None:
    told = json.loads(run("review", "--json").stdout)
    assert told["counts"] == {"review": 1, "unpriced": 0, "correction": 1}
    doubtful, correction = told["items"]
    assert (doubtful["id"], doubtful["kind"], doubtful["reasons"]) == ("s2", "review", ["register_jump"])
    assert doubtful["possible"] == ["approve", "correct", "write_off"]
    assert (correction["id"], correction["kind"], correction["state"]) == ("s3", "correction", "sealed")
    assert correction["proposed"] == {"energy_wh": {"sealed": 10_000.0, "proposed": 12_000.0}}
    text = run("review", "list", "--kind", "review").stdout
    assert "register_jump" in text
    assert "s3" not in text


def test_a_decision_with_what_was_seen(office: Office) -> None:
    seen = json.loads(run("review", "--json").stdout)["items"][0]["seen"]
    done = run("review", "correct", "s2", "--energy", "8 kWh", "--reason", "meter read on site", "--by", "anna",
               "--seen", seen, "--json")  # fmt: skip
    assert json.loads(done.stdout)["total_excl_vat"] == 27.0
    with pytest.raises(Conflict, match="anna: correct at"):
        run("review", "approve", "s2", "--reason", "x", "--by", "bo", "--seen", seen)
    with pytest.raises(Conflict, match="s2 is priced already"):
        run("review", "approve", "s2", "--reason", "x")
    assert office.audited()[-1] == ("anna", "session.correct", "s2")
    shown = json.loads(run("show", "s2", "--json").stdout)
    assert shown["billing"][0]["details"]["measured"]["energy_wh"] == 10_000.0
    assert shown["bill"]["lines"][0]["dimension"] == "ENERGY"
    assert "review -> priced (meter read on site)" in run("show", "s2").stdout


def test_a_proposed_correction_is_approved() -> None:
    assert "later readings say: 12.000 kWh" in run("show", "s3").stdout
    assert run("review", "approve", "s3", "--reason", "a day late").stdout == "s3: priced, 39 SEK without tax\n"
    made = json.loads(run("export").stdout)
    assert [each["id"] for each in made] == ["s3-C", "s1", "s3-2"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--energy", "8"), "is not a number with a unit"),
        (("--energy", "8 kW"), "is no energy"),
        ((), "nothing is corrected"),
    ],
    ids=["no unit", "power", "nothing"],
)
def test_a_correction_that_cannot_be_meant(options: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run("review", "correct", "s2", "--reason", "x", *options)


def test_a_time_of_a_correction_has_an_offset() -> None:
    words = ("sessions", "review", "correct", "s2", "--reason", "x", "--stopped", "2026-06-01T12:00")
    answer = CliRunner().invoke(commands, words)
    assert answer.exit_code == 2
    assert "--stopped '2026-06-01T12:00' has no offset; write for example" in answer.stderr


def test_the_list_and_its_pages() -> None:
    told = json.loads(run("list", "--limit", "2", "--json").stdout)
    assert ([item["id"] for item in told["items"]], told["next"]) == (["s3", "s2"], "s2")
    told = json.loads(run("list", "--before", "s2", "--json").stdout)
    assert ([item["id"] for item in told["items"]], told["next"]) == (["s1"], None)
    assert run("list", "--state", "review").stdout.splitlines()[1].startswith("s2 ")
    with pytest.raises(InputError, match="there is no session 's9'"):
        run("show", "s9")
