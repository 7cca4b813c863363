"""kill -9 between ticks and in the middle of one: no alert, event or message is lost or doubled."""

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from monitor.state.database import Database
from monitor.state.tables import alerts, events, groups, message_alerts, outbox

TICKER = Path(__file__).with_name("ticker.py")
TICKS = 30


def run(url: str) -> None:
    """The ticker to its end, here."""
    runpy.run_path(str(TICKER))["main"](url, TICKS)


def run_and_kill(url: str, *stuck_at: str) -> None:
    """The ticker in a process of its own until it says that it is stuck."""
    command = [sys.executable, str(TICKER), url, str(TICKS), *stuck_at]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stuck\n"
        process.kill()
    assert process.returncode == -9


def everything(url: str) -> dict[str, list[Any]]:
    database = Database(url)
    with database.read() as connection:
        found = {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in (alerts, events, groups, outbox, message_alerts)
        }
    database.close()
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    url = f"sqlite:///{tmp_path_factory.mktemp('undisturbed') / 'state.sqlite'}"
    run(url)
    return everything(url)


def test_a_service_that_was_killed_ends_with_the_same_rows(tmp_path: Path, undisturbed: dict[str, list[Any]]) -> None:
    """Tick 3 makes the first messages due; killed in that transaction, and after a later one."""
    url = f"sqlite:///{tmp_path / 'state.sqlite'}"
    run_and_kill(url, "3", "inside")
    assert everything(url)["outbox"] == []
    run_and_kill(url, "9", "after")
    run(url)
    assert everything(url) == undisturbed


def test_the_undisturbed_story(undisturbed: dict[str, list[Any]]) -> None:
    assert len(undisturbed["alerts"]) == 7
    assert len(undisturbed["events"]) == 6 * 3 + 2
    assert len(undisturbed["outbox"]) >= 2 * 3 * 2
