"""kill -9 in the middle of an export: every session is sealed once, and every CDR can be had, once."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.state.database import Database
from monitor.state.sealing import BATCH, Selection, again, seal
from monitor.tariffs import exact_json
from tests.state.visits import NOON, Office, visit

SESSIONS = BATCH * 2 + 50
ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(("where", "sealed"), [("inside", BATCH), ("after", BATCH * 2)], ids=["inside", "after"])
def test_an_export_that_was_killed_is_taken_up_where_it_was(
    database: Database, tmp_path: Path, where: str, sealed: int
) -> None:
    folder = tmp_path / "var"
    office = Office(database, folder)
    times = [NOON + timedelta(seconds=number) for number in range(SESSIONS)]
    office.arrives(*(visit(f"s{number:05}", plug_in=at) for number, at in enumerate(times)))
    command = [sys.executable, "-m", "tests.state.exporter", str(folder), where, str(BATCH + 200)]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert process.returncode == -9, process.stderr.decode()

    assert len(list(again(database, Selection(), 1))) == sealed
    rest = [exact_json.loads(sent.text)["id"] for sent in seal(database, Selection(), office.sealing())]
    first = [exact_json.loads(sent.text)["id"] for sent in again(database, Selection(), 1)]
    assert first + rest == [f"s{number:05}" for number in range(SESSIONS)]
    assert list(seal(database, Selection(), office.sealing())) == []
