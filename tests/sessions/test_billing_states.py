"""The life of a bill: every state with every decision, and what readings that come later may do."""

from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.errors import InputError
from monitor.sessions.billing_states import ACTIONS, Event, after, arrival

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
LIFE = """
state       proposed approve correct write_off keep
open        no       priced  priced  written_off -
review      no       priced  priced  written_off -
priced      no       -       priced  written_off -
sealed      no       -       priced  credited  -
sealed      yes      priced  priced  credited  sealed
credited    no       -       priced  -         -
credited    yes      priced  priced  -         credited
written_off no       priced  priced  -         -
"""
ROWS = [line.split() for line in LIFE.strip().splitlines()[1:]]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join(row[:2]))
def test_every_state_with_every_decision(row: Any) -> None:
    state, proposed, *expected = row
    for action, wanted in zip(ACTIONS, expected, strict=True):
        if wanted == "-":
            with pytest.raises(InputError, match=f"{state} cannot be decided by '{action}'; possible: "):
                after(state, action, closed=True, proposed=proposed == "yes")
        else:
            assert after(state, action, closed=True, proposed=proposed == "yes") == wanted


def event(action: Any, evidence: str) -> Event:
    return Event(1, NOON, "anna", action, "review", "priced", "", evidence, {})


@pytest.mark.parametrize(
    ("state", "events", "evidence", "expected"),
    [
        ("priced", [], "a", "take"),
        ("priced", [event("approve", "a")], "a", "hold"),
        ("priced", [event("approve", "a")], "b", "ask"),
        ("written_off", [event("write_off", "a")], "b", "ask"),
        ("review", [event("approve", "a"), event("lapse", "b")], "a", "take"),
        ("sealed", [event("seal", "a")], "a", "hold"),
        ("sealed", [event("seal", "a")], "b", "propose"),
        ("sealed", [event("seal", "a"), event("keep", "b")], "b", "hold"),
        ("sealed", [event("seal", "a"), event("keep", "b")], "a", "hold"),
        ("sealed", [event("seal", "a"), event("approve", "b"), event("seal", "b")], "a", "propose"),
        ("credited", [event("seal", "a"), event("write_off", "a")], "b", "propose"),
    ],
    ids=[
        "undecided", "same", "other", "written off", "lapsed", "sealed", "sealed, other", "kept", "kept, first again",
        "sealed anew", "credited",
    ],
)  # fmt: skip
def test_what_readings_that_come_later_may_do(state: Any, events: Any, evidence: str, expected: str) -> None:
    assert arrival(state, events, evidence) == expected
