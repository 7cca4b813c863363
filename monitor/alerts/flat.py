"""An alert as a flat row, for lists of the API and of commands."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from monitor.alerts.model import Alert
from monitor.alerts.responses import Acknowledgement, Silence
from monitor.rules.answer import Texts

COLUMNS: Final = (
    "id", "rule", "subject", "site", "station", "connector", "level", "state", "pending_at", "firing_at", "resolved_at",
    "resolved_reason", "no_data_since", "title", "summary", "cause", "acknowledged_at", "acknowledged_by",
    "silenced_until",
)  # fmt: skip


def texts_of(alert: Alert, language: str) -> Texts:
    """What the alert says in the language, else in English, else in any; the rule's id when it says nothing."""
    found = alert.texts.get(language) or alert.texts.get("en") or next(iter(alert.texts.values()), None)
    return found or Texts(title=alert.rule, summary="")


def alert_row(alert: Alert, words: Texts, said: Acknowledgement | None, muting: Iterable[Silence]) -> dict[str, Any]:
    """The row with COLUMNS. `said`: the acknowledgement that counts; `muting`: the silences in force."""
    own = ("id", "rule", "subject", "level", "state", "pending_at", "firing_at", "resolved_at", "resolved_reason")
    acknowledged = said if alert.active else None
    return {
        **{name: getattr(alert, name) for name in (*own, "no_data_since")},
        **{name: getattr(alert.place, name) for name in ("site", "station", "connector")},
        "title": words.title,
        "summary": words.summary,
        "cause": words.cause,
        "acknowledged_at": acknowledged.at if acknowledged else None,
        "acknowledged_by": acknowledged.by if acknowledged else None,
        "silenced_until": _silenced_until(alert, muting),
    }


def _silenced_until(alert: Alert, muting: Iterable[Silence]) -> datetime | None:
    ends = [silence.ends_at for silence in muting if silence.mutes(alert)] if alert.active else []
    return max(ends, default=None)
