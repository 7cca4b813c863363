"""`laddvakt alerts oncall | test` as their users call them, with a real mail server."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.demo.mailbox import Mailbox

NOTIFY = """
receivers:
  noc: {mail: [noc@example.org], language: sv}
  hook: {webhook: {url: "http://127.0.0.1:9/"}}
rotas:
  on-call: {zone: Europe/Stockholm, handover: "Mon 09:00", people: [first@example.org], start: 2026-01-05}
default: {to: noc}
"""
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(laddvakt: Path, tmp_path: Path, mailbox: Mailbox) -> Run:
    """Runs `laddvakt alerts` over a folder with NOTIFY and the mail server of the test."""
    host, port = mailbox.address
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "notify.yaml").write_text(NOTIFY, encoding="utf-8")
    (tmp_path / "laddvakt.toml").write_text(f'[mail]\nhost = "{host}"\nport = {port}\n', encoding="utf-8")
    return lambda *words: subprocess.run(
        [laddvakt, "alerts", *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )


def test_a_test_message_arrives_and_the_servers_answer_is_shown(run: Run, mailbox: Mailbox) -> None:
    done = run("test", "noc")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("noc@example.org: 250 ")
    (mail,) = mailbox.mails
    assert "Testmeddelande" in mail.text


def test_a_test_to_a_rota_goes_to_who_is_on_call(run: Run, mailbox: Mailbox) -> None:
    assert run("test", "on-call").returncode == 0
    assert [mail.recipients for mail in mailbox.mails] == [("first@example.org",)]


def test_a_way_that_is_barred_is_exit_3_and_says_why(run: Run) -> None:
    done = run("test", "hook")
    assert done.returncode == 3
    assert done.stderr.startswith(
        "webhook:hook: webhook http://127.0.0.1:9/… leads to 127.0.0.1, which is not a public"
    )


def test_a_misspelt_receiver_is_exit_1_with_the_nearest(run: Run) -> None:
    done = run("test", "nco")
    assert (done.returncode, done.stderr) == (1, "notify.yaml has no receiver 'nco'; did you mean 'noc'?\n")


def test_who_is_on_call_as_text_and_as_json(run: Run) -> None:
    text = run("oncall", "--weeks", "2").stdout
    assert text.startswith("on-call: first@example.org (Europe/Stockholm)\n")
    (item,) = json.loads(run("oncall", "--json").stdout)["items"]
    assert (item["rota"], item["now"], item["zone"]) == ("on-call", "first@example.org", "Europe/Stockholm")
    assert [shift["who"] for shift in item["shifts"]] == ["first@example.org"]
