"""docs/metrics.md has every event that the service logs."""

import re

from tests.conftest import ROOT

LOGGED = re.compile(r'\b_?log\.(?:info|warning|error|exception)\(\s*f?"([^"]+)"|\b_noted\("([^"]+)"')
TABLE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8").partition("| event |")[2]
ABOUT_ALERTS = "alert {event.kind}"
"""Of these tests/service/test_log.py sees each."""


def events() -> set[str]:
    """What stands in the code of the service; the demo plays a charger and says so to whoever watches it."""
    found = set()
    for path in (ROOT / "monitor").rglob("*.py"):
        if path.parent.name != "demo":
            for written, noted in LOGGED.findall(path.read_text(encoding="utf-8")):
                found.add(written or noted)
    return found


def test_every_event_stands_in_the_table() -> None:
    logged = events() - {ABOUT_ALERTS}
    assert len(logged) >= 30
    assert {event for event in logged if f"`{event}`" not in TABLE} == set()


def test_the_table_has_no_event_that_is_never_logged() -> None:
    rows = [line.split("|")[1] for line in TABLE.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert named - events() == {"alert firing", "alert level", "alert resolved"}
