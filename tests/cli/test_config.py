"""`laddvakt config`: what is in force, and what there is."""

import json
import os
import subprocess
import tomllib
from pathlib import Path

from tests.conftest import ROOT


def run(laddvakt: Path, folder: Path, *arguments: str, **environment: str) -> str:
    command = [laddvakt, "config", *arguments]
    variables = {**os.environ, **environment}
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=True).stdout


def test_what_is_in_force_is_shown_but_no_secret(laddvakt: Path, tmp_path: Path) -> None:
    (tmp_path / "laddvakt.toml").write_text('[mail]\nhost = "mail.example"\npassword = "s3cret"\n')
    shown = run(laddvakt, tmp_path, "show", LADDVAKT_MAIL__PORT="587")
    settings = tomllib.loads(shown)
    assert (settings["mail"]["host"], settings["mail"]["port"]) == ("mail.example", 587)
    assert 'mail.host = "mail.example"  # not the default\n' in shown
    assert settings["mail"]["password"] == "(set, not shown)"
    assert "s3cret" not in run(laddvakt, tmp_path, "show", "--json")
    changed = [each["setting"] for each in json.loads(run(laddvakt, tmp_path, "show", "--json")) if each["changed"]]
    assert changed == ["mail.host", "mail.password"]


def test_the_reference_is_printed(laddvakt: Path, tmp_path: Path) -> None:
    assert run(laddvakt, tmp_path, "reference") == (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
