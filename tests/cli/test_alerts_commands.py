"""`laddvakt alerts list | show | ack | silence | comment | verdict | undelivered | resend` over a state database."""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

from monitor import documents
from monitor.alerts.notify_file import parse
from monitor.cli import commands
from monitor.errors import InputError, StateUnavailable
from monitor.register import Register
from monitor.rules.answer import Answer, Evaluation
from monitor.rules.files import parse_rules
from monitor.state import audit
from monitor.state.alerts import AlertStore
from monitor.state.database import Database
from monitor.state.outbox import Outbox
from monitor.state.tick import record_tick
from tests.service.conftest import Running

RULES = """
rules:
  - {id: slow, title: Slow charging, on: connector, when: power_w < 5 kW, message: {summary: slow}}
  - {id: faulted, title: Faulted, on: connector, when: not online, severity: critical, message: {summary: broken}}
"""
NOTIFY = "receivers: {noc: {mail: [noc@x.se]}}\ndefault: {to: noc, group_wait: 0s}"
HOSTILE = "malmo/\x1b[2Jm%2F1/1"
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """1 is slow, 2 too (at a hostile name), 3 was slow and is over, 4 is faulted; their mails were given up."""
    made = Database(f"sqlite:///{tmp_path / 'state.sqlite'}")
    made.migrate()
    rules, routes = parse_rules(documents.parse(RULES, "r.yaml")), parse(documents.parse(NOTIFY, "notify.yaml"))
    story = [
        {
            ("slow", "malmo/m-1/1"): True,
            ("slow", HOSTILE): True,
            ("faulted", "lund/l-1/1"): True,
            ("slow", "a/b/1"): True,
        },
        {("slow", "a/b/1"): False},
    ]
    for hours, answers in enumerate(story):
        at = NOW - timedelta(hours=2 - hours)
        given = tuple(
            Answer(rule, subject, at, truth, "critical" if rule == "faulted" else "warning", not truth)
            for (rule, subject), truth in answers.items()
        )
        record_tick(
            made, Evaluation(at, given, {}, pa.table({})), rules=rules, routes=routes, register=Register(),
            interval=timedelta(hours=1),
        )  # fmt: skip
        for claimed in Outbox(made).claim("mail", at, timedelta(minutes=1), limit=9):
            Outbox(made).failed(claimed.id, at, "550 no such user", final=True)
    monkeypatch.setenv("LADDVAKT_STATE__URL", f"sqlite:///{tmp_path / 'state.sqlite'}")
    monkeypatch.chdir(tmp_path)
    yield made
    made.close()


def run(*words: str) -> Result:
    result = CliRunner().invoke(commands, ["alerts", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def items(*words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(*words, "--json").stdout)["items"]
    return found


def test_the_list_is_worst_first_and_filtered(database: Database) -> None:
    found = items("list")
    assert [(each["level"], each["state"]) for each in found] == [
        ("critical", "firing"),
        ("warning", "firing"),
        ("warning", "firing"),
    ]
    assert [each["subject"] for each in items("list", "--site", "lund")] == ["lund/l-1/1"]
    assert [each["subject"] for each in items("list", "--state", "resolved")] == ["a/b/1"]
    assert len(items("list", "--state", "all")) == 4
    assert [each["id"] for each in items("list", "--sort", "id")] == sorted(each["id"] for each in found)
    first = json.loads(run("list", "--limit", "2", "--json").stdout)
    assert [each["id"] for each in items("list", "--after", str(first["next"]))] == [found[2]["id"]]


def test_the_list_as_text_is_inert(database: Database) -> None:
    text = run("list").stdout
    assert "\x1b" not in text
    assert "critical  firing" in text
    assert "Slow charging: slow" in text
    assert "laddvakt" not in text
    assert "more: --after" in run("list", "--limit", "1").stdout


def test_an_acknowledgement_has_an_assignee_and_a_ticket_and_stands_in_the_story(database: Database) -> None:
    done = run(
        "ack", "1", "--assignee", "bo", "--ticket", "T-7", "--comment", "on my way", "--for", "2h", "--by", "anna"
    )
    assert done.stdout.startswith("alert 1 (Slow charging): acknowledged by anna until ")
    assert [each["acknowledged_by"] for each in items("list", "--sort", "id")] == ["anna", None, None]
    shown = json.loads(run("show", "1", "--json").stdout)
    said = shown["acknowledgement"]
    assert (said["by"], said["assignee"], said["ticket"], said["comment"]) == ("anna", "bo", "T-7", "on my way")
    text = run("show", "1").stdout
    assert "acknowledged by anna until" in text
    assert "bo · T-7 · on my way" in text
    assert "message (firing) to noc <noc@x.se>: dead: 550 no such user" in text
    assert text.index("firing (warning)") < text.index("message (firing)") < text.index("acknowledged")
    run("ack", "1", "--withdraw", "--by", "carl")
    assert json.loads(run("show", "1", "--json").stdout)["acknowledgement"] is None
    with pytest.raises(InputError, match="is not acknowledged"):
        run("ack", "1", "--withdraw")


def test_what_is_over_cannot_be_acknowledged(database: Database) -> None:
    with pytest.raises(InputError, match="alert 3 is over"):
        run("ack", "3")
    with pytest.raises(InputError, match="there is no alert 99"):
        run("ack", "99")
    with pytest.raises(InputError, match="is over already"):
        run("ack", "1", "--until", "2020-01-01T00:00")


def test_a_silence_of_an_alert_is_of_its_rule_at_its_place_and_can_be_ended(database: Database) -> None:
    done = run("silence", "2", "--for", "4h", "--reason", "works", "--by", "anna").stdout
    assert "end it with: laddvakt alerts unsilence 1" in done
    (made,) = items("silences")
    assert (made["author"], made["reason"], made["matchers"]["rule"]) == ("anna", "works", ["slow"])
    assert "works  anna" in run("silences").stdout
    quiet = {each["subject"]: each["silenced_until"] for each in items("list")}
    assert quiet.pop(HOSTILE)
    assert set(quiet.values()) == {None}
    run("unsilence", "1")
    assert (items("silences"), len(items("silences", "--all"))) == ([], 1)
    assert {each["silenced_until"] for each in items("list")} == {None}
    with pytest.raises(InputError, match="there is no silence 9"):
        run("unsilence", "9")


def test_a_silence_by_matchers(database: Database) -> None:
    run("silence", "--match", "site=mal*", "--match", "site=x", "--match", "rule=slow", "--for", "1h", "--reason", "x")
    assert sorted(each["site"] for each in items("list") if each["silenced_until"]) == ["malmo", "malmo"]


@pytest.mark.parametrize(
    "words",
    [
        ("silence", "--for", "4h", "--reason", "x"),
        ("silence", "1", "--match", "site=a", "--for", "4h", "--reason", "x"),
        ("silence", "1", "--reason", "x"),
        ("silence", "1", "--for", "4", "--reason", "x"),
        ("silence", "--match", "site", "--for", "4h", "--reason", "x"),
        ("ack", "1", "--for", "4h", "--until", "2030-01-01T00:00"),
        ("ack", "1", "--until", "tomorrow"),
        ("resend",),
        ("resend", "1", "--all"),
        ("verdict", "3", "maybe"),
    ],
    ids=" ".join,
)
def test_calls_that_nobody_understands_are_exit_2(database: Database, words: tuple[str, ...]) -> None:
    assert CliRunner().invoke(commands, ["alerts", *words]).exit_code == 2


def test_comments_and_verdicts(database: Database) -> None:
    run("comment", "3", "was the fuse", "--by", "anna")
    assert run("verdict", "3", "real", "--by", "anna").stdout == "alert 3: real; precision of slow: 100%\n"
    assert run("verdict", "3", "known").stdout == "alert 3: known; precision of slow: not known\n"
    shown = json.loads(run("show", "3", "--json").stdout)
    assert [each["text"] for each in shown["comments"]] == ["was the fuse"]
    assert shown["verdict"]["verdict"] == "known"
    with pytest.raises(InputError, match="alert 1 is not over yet"):
        run("verdict", "1", "real")
    with database.read() as connection:
        actors = [entry.actor for entry in audit.list(connection, action="alert.verdict")]
    assert actors[1] == "anna"


def test_messages_that_were_given_up_are_listed_and_sent_again(database: Database) -> None:
    found = items("undelivered")
    assert {each["error"] for each in found} == {"550 no such user"}
    assert "550 no such user" in run("undelivered").stdout
    first = str(found[0]["id"])
    assert run("resend", first, "--by", "anna").stdout == f"message {first} is tried again\n"
    with pytest.raises(InputError, match="was not given up: it is waiting"):
        run("resend", first)
    with pytest.raises(InputError, match="there is no message 999"):
        run("resend", "999")
    assert run("resend", "--all").stdout == f"{len(found) - 1} messages are tried again\n"
    assert items("undelivered") == []


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LADDVAKT_STATE__URL", f"sqlite:///{tmp_path / 'other.sqlite'}")
    with pytest.raises(InputError, match="there is no state database .*other.sqlite; name the configuration"):
        run("list")
    assert not (tmp_path / "other.sqlite").exists()


def test_a_database_that_is_broken_is_exit_3(laddvakt: Path, tmp_path: Path, database: Database) -> None:
    assert StateUnavailable.exit_code == 3
    (tmp_path / "broken.sqlite").write_text("this is no database, and long enough to be read as one" * 30)
    done = subprocess.run(
        [laddvakt, "alerts", "list"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"LADDVAKT_STATE__URL": "sqlite:///broken.sqlite", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 3
    assert "file is not a database" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_alert_is_acknowledged_while_the_service_runs(
    service: Running, laddvakt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LADDVAKT_STATE__URL")
    service.start()
    line = (
        'status,site=lund,station=l-1,connector=1 status="Charging"\nmeter,site=lund,station=l-1,connector=1 power_w=9'
    )
    service.write(line)
    (alert,) = service.eventually(lambda: service.items("/api/v1/alerts?state=firing"), "an alert fires")

    def alerts(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [laddvakt, "alerts", *words], cwd=service.folder, capture_output=True, text=True, check=True
        )

    assert [each["id"] for each in json.loads(alerts("list", "--json").stdout)["items"]] == [alert["id"]]
    alerts("ack", str(alert["id"]), "--by", "anna", "--ticket", "T-1")
    assert service.items("/api/v1/alerts?state=firing")[0]["acknowledged_by"] == "anna"
    assert AlertStore(Database(f"sqlite:///{service.folder / 'var' / 'state.sqlite'}")).get(alert["id"]) is not None
