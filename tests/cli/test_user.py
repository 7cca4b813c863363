"""`laddvakt user` and the first secrets of a container, by the installed command."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

PASSWORD = "correct horse battery"
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(laddvakt: Path, tmp_path: Path) -> Command:
    def command(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [laddvakt, *words], check=False, input=stdin, capture_output=True, text=True, cwd=tmp_path, timeout=60
        )

    return command


def test_the_first_user_is_admin_the_next_viewer(run: Command) -> None:
    assert "anna may log in as admin" in run("user", "add", "anna", stdin=PASSWORD + "\n").stdout
    assert "bo may log in as viewer" in run("user", "add", "bo", stdin=PASSWORD).stdout
    assert "cia may log in as operator" in run("user", "add", "cia", "--role", "operator", stdin=PASSWORD).stdout
    listed = json.loads(run("user", "list", "--json").stdout)
    assert [(each["name"], each["role"]) for each in listed] == [
        ("anna", "admin"),
        ("bo", "viewer"),
        ("cia", "operator"),
    ]


def test_what_is_wrong_is_said_with_exit_code_1(run: Command) -> None:
    short = run("user", "add", "anna", stdin="short\n")
    assert (short.returncode, short.stdout) == (1, "")
    assert "10 to 1024 characters" in short.stderr
    nobody = run("user", "passwd", "nobody", stdin=PASSWORD)
    assert nobody.returncode == 1
    assert "laddvakt user add nobody" in nobody.stderr
    assert run("user", "revoke", "7").returncode == 1
    assert run("user", "token", "--scope", "everything").returncode == 2


def test_a_token_is_printed_once_and_can_be_revoked(run: Command, tmp_path: Path) -> None:
    made = run("user", "token", "telegraf", "--scope", "write").stdout
    assert made.startswith("lv_")
    assert len(made.strip()) > 40
    assert made.strip() not in run("user", "tokens").stdout
    assert run("user", "revoke", "1").returncode == 0
    (listed,) = json.loads(run("user", "tokens", "--json").stdout)
    assert listed["revoked_at"]
    assert listed["created_by"].endswith("command line)")


def test_without_users_only_loopback(run: Command, tmp_path: Path) -> None:
    (tmp_path / "laddvakt.toml").write_text('[web]\nlisten = "0.0.0.0:0"\n')
    refused = run("run")
    assert refused.returncode == 1
    assert "there are no users, so only loopback is allowed" in refused.stderr
    assert "laddvakt user add" in refused.stderr


@pytest.mark.parametrize("content", [None, ""], ids=["missing", "empty"])
def test_a_first_secret_that_is_not_there_is_named(run: Command, tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "password").write_text(content)
    (tmp_path / "laddvakt.toml").write_text('[web]\nadmin_password_file = "password"\n')
    refused = run("run")
    assert refused.returncode == 1
    assert "web.admin_password_file" in refused.stderr
