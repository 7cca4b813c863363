"""docker/laddvakt.service, as systemd itself reads it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, missing

UNIT = ROOT / "docker" / "laddvakt.service"


@pytest.fixture
def analyze() -> str:
    return shutil.which("systemd-analyze") or missing("no systemd-analyze on PATH (Debian: apt-get install systemd)")


def test_it_has_no_mistakes(analyze: str, laddvakt: Path, tmp_path: Path) -> None:
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text().replace("/opt/laddvakt/bin/laddvakt", str(laddvakt)))
    done = subprocess.run([analyze, "verify", here], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if "laddvakt" in line] == []


def test_little_is_left_that_it_could_do(analyze: str) -> None:
    done = subprocess.run([analyze, "security", "--offline=true", UNIT], capture_output=True, text=True, check=False)
    exposure = re.search(r"exposure level for laddvakt.service: ([\d.]+)", done.stdout)
    assert exposure
    assert float(exposure[1]) < 2


def test_its_command_and_its_variables_exist(laddvakt: Path) -> None:
    text = UNIT.read_text()
    [command] = re.findall(r"^ExecStart=\S+/laddvakt (\w+)", text, re.MULTILINE)
    assert subprocess.run([laddvakt, command, "--help"], capture_output=True, check=True).stdout
    shown = subprocess.check_output([laddvakt, "config", "reference"], text=True)
    for variable in re.findall(r"^#?Environment=(LADDVAKT_\w+)=", text, re.MULTILINE):
        assert f"`{variable.removesuffix('_FILE')}`" in shown
