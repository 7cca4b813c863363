"""One session of the review queue as a flat row, for JSON and pages."""

from typing import Any

from monitor.sessions.flat import session_row
from monitor.state.review_queue import Waiting


def waiting_row(waiting: Waiting) -> dict[str, Any]:
    """The session, why it waits since when, what can be decided, and the token that says what was looked at.

    `proposed`: of a correction what later rows say otherwise, `{"energy_wh": {"sealed": 10000, "proposed": 12000}}`.
    """
    case = waiting.case
    return {
        **session_row(case.session),
        "kind": waiting.kind,
        "reasons": list(waiting.reasons),
        "since": waiting.since,
        "possible": list(case.possible),
        "proposed": {name: {"sealed": before, "proposed": now} for name, (before, now) in waiting.differences.items()},
        "seen": case.token,
    }
