"""The life of a session's bill: what a person may decide in which state, and what readings that come later may change.

    open ──> review | priced ──> sealed ──> credited
                  └──> written_off

All pure; `monitor.state.reviewing` and `monitor.state.billing_saving` store what comes out, with its reason and time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from monitor.errors import InputError
from monitor.sessions.model import BillingState

Action = Literal["approve", "correct", "write_off", "keep"]
"""What a person decides. `keep`: the sealed bill stays as it is, though later readings say something else."""
Happening = Literal["approve", "correct", "write_off", "keep", "seal", "lapse"]
"""What changes a bill: decisions, the export that seals it, and readings after which a decision holds no more."""
ACTIONS: tuple[Action, ...] = ("approve", "correct", "write_off", "keep")
READINGS = "readings"
"""The actor of what nobody did: rows that came in late."""

_UNSETTLED: Mapping[Action, BillingState] = {"approve": "priced", "correct": "priced", "write_off": "written_off"}
_AFTER: Mapping[BillingState, Mapping[Action, BillingState]] = {
    "open": _UNSETTLED,
    "review": _UNSETTLED,
    "priced": {"correct": "priced", "write_off": "written_off"},
    "written_off": {"approve": "priced", "correct": "priced"},
    "sealed": {"correct": "priced", "write_off": "credited"},
    "credited": {"correct": "priced"},
}
_PROPOSED: Mapping[BillingState, Mapping[Action, BillingState]] = {
    "sealed": {"approve": "priced", "correct": "priced", "write_off": "credited", "keep": "sealed"},
    "credited": {"approve": "priced", "correct": "priced", "keep": "credited"},
}


class Conflict(InputError):
    """Somebody else has decided meanwhile, or readings have changed what there is to decide."""


@dataclass(frozen=True)
class Event:
    """A change of a session's bill. `evidence`: the fingerprint of what was measured when it happened.

    `details` of a correction: `decided` values beside those that were `measured`.
    """

    id: int
    at: datetime
    actor: str
    action: Happening
    before: BillingState
    after: BillingState
    reason: str
    evidence: str
    details: Mapping[str, Any]


def possible(state: BillingState, *, closed: bool, proposed: bool) -> Mapping[Action, BillingState]:
    """Which decisions there are, and the state after each; `proposed`: readings that came later propose a correction.

    None while the session is under way: its readings still come in.
    """
    if not closed:
        return {}
    return (_PROPOSED if proposed else _AFTER).get(state) or _AFTER[state]


def after(state: BillingState, action: Action, *, closed: bool, proposed: bool) -> BillingState:
    """The state after a decision. Raises InputError with what can be decided instead."""
    found = possible(state, closed=closed, proposed=proposed)
    if action in found:
        return found[action]
    if not closed:
        raise InputError("the session is still under way; decide when it has closed")
    raise InputError(
        "a session that is %(state)s cannot be decided by %(action)r; possible: %(possible)s",
        state=state, action=action, possible=", ".join(found),
    )  # fmt: skip


Arrival = Literal["take", "hold", "ask", "propose"]


def arrival(state: BillingState, events: Sequence[Event], evidence: str) -> Arrival:
    """What readings that were assembled anew may do to a session with these events, oldest first.

    `take`: nobody has decided, the new one replaces the old. `hold`: they say what was decided on, all stays. `ask`:
    they say something else, so the decision holds no more, and the session goes to review. `propose`: a CDR is out,
    the bill stays, and a credit and a new bill are proposed.
    """
    settled = _settled(events)
    if evidence in settled:
        return "hold"
    if state in {"sealed", "credited"}:
        return "propose"
    return "ask" if settled else "take"


def _settled(events: Sequence[Event]) -> frozenset[str]:
    """The evidence on which the bill stands: of the last event, and of what it was decided to keep it in spite of."""
    found: set[str] = set()
    for event in reversed(events):
        if event.action == "lapse":
            break
        found.add(event.evidence)
        if event.action != "keep":
            break
    return frozenset(found)
