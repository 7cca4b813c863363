"""Many sessions are rolled up by processes beside, which give the same figures and leave nothing behind."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.ids import Place
from monitor.state import rollups
from monitor.state.database import Database
from monitor.state.insight import Chosen, InsightStore
from monitor.state.rollup_process import made_ahead
from monitor.state.rollups import Rollups
from monitor.state.sessions import SessionStore
from tests.insight.test_incremental import EMPTY, NOON, session
from tests.insight.test_uptime import database  # noqa: F401 - a fixture

SITES = [f"site-{n}" for n in range(6)]
PIECES = [{site: [(20_000, 20_900)]} for site in SITES]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def filled(database: Database) -> Database:  # noqa: F811
    SessionStore(database).save([
        session(n, NOON + timedelta(hours=5 * n), place=Place(SITES[n % 6], "s-1", str(n % 4 // 2)), wh=1_000.0 * n)
        for n in range(120)
    ])  # fmt: skip
    return database


def figures(database: Database) -> dict[str, dict[str, object]]:  # noqa: F811
    found = InsightStore(database).performance(EMPTY, "connector", Chosen(), NOON + timedelta(days=60))
    return {row.group.subject: dict(row.figures) for row in found.rows}


def test_in_pieces_as_at_once(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Rollups(filled).bring_up_to_date(EMPTY) == 6
    at_once = figures(filled)
    assert len(at_once) == 12
    with filled.begin() as tx:
        for site in SITES:
            rollups.due.note_site(tx, site)
    monkeypatch.setattr(rollups, "AT_ONCE", 1)
    assert Rollups(filled).bring_up_to_date(EMPTY) == 6
    assert figures(filled) == at_once
    assert multiprocessing.active_children() == []


def test_a_child_that_is_killed_is_an_error_and_the_next_run_does_its_part(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = made_ahead(filled, EMPTY, iter(PIECES))
    next(every)
    for child in multiprocessing.active_children():
        child.kill()
    with pytest.raises(BrokenProcessPool):
        list(every)
    monkeypatch.setattr(rollups, "AT_ONCE", 1)
    assert Rollups(filled).bring_up_to_date(EMPTY) == 6


def test_children_end_with_a_parent_that_is_killed(filled: Database) -> None:
    script = (
        "import multiprocessing, time\n"
        "from monitor.state.rollup_process import made_ahead\n"
        "from tests.insight.test_rollup_process import EMPTY, PIECES, Database\n"
        "if __name__ == '__main__':\n"
        f"    every = made_ahead(Database({str(filled.url)!r}), EMPTY, iter(PIECES))\n"
        "    next(every)\n"
        "    print(*(child.pid for child in multiprocessing.active_children()), flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        children = [int(pid) for pid in parent.stdout.readline().split()]
        parent.send_signal(signal.SIGKILL)
    assert children
    while any(map(alive, children)):
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked for does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"
