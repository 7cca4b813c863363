"""Everything that is stored of an alert, as the API and `laddvakt alerts show --json` give it."""

from datetime import datetime
from typing import Any

from monitor.alerts.flat import alert_row
from monitor.alerts.model import Alert
from monitor.alerts.remarks import Comment, Judgement
from monitor.alerts.responses import Acknowledgement
from monitor.rules.answer import Texts
from monitor.state.alerts import AlertStore
from monitor.state.database import Database
from monitor.state.outbox import Delivery
from monitor.state.remarks import RemarkStore
from monitor.state.responses import ResponseStore
from monitor.state.timeline import Entry, timeline


def alert_detail(database: Database, alert: Alert, words: Texts, now: datetime) -> dict[str, Any]:
    """The alert with what its rule saw, its history, and what people said; `words` in the reader's language."""
    responses, remarks, alerts = ResponseStore(database), RemarkStore(database), AlertStore(database)
    said = responses.acknowledged([alert.id], now).get(alert.id) if alert.active else None
    with database.read() as tx:
        muting = responses.muting(tx, now)
    return {
        **alert_row(alert, words, said, muting),
        "labels": alert.labels,
        "values": alert.values,
        "runbook": words.runbook,
        "acknowledgement": _acknowledgement(said) if said else None,
        "events": [
            {name: getattr(event, name) for name in ("at", "kind", "level", "reason")}
            for event in alerts.events(alert.id)
        ],
        "messages": [_message(each) for each in alerts.messages(alert.id)],
        "comments": [comment_row(each) for each in remarks.comments(alert.id)],
        "verdict": _verdict(remarks.judgement(alert.id)),
        "timeline": [_entry(entry) for entry in timeline(database, alert, now)],
    }


def comment_row(comment: Comment) -> dict[str, Any]:
    """A comment without its alert."""
    return {name: getattr(comment, name) for name in ("id", "at", "by", "text")}


def _acknowledgement(said: Acknowledgement) -> dict[str, Any]:
    return {name: getattr(said, name) for name in ("at", "by", "until", "assignee", "ticket", "comment")}


def _message(sent: Delivery) -> dict[str, Any]:
    return {name: getattr(sent, name) for name in ("at", "receiver", "address", "kind", "state", "sent_at", "error")}


def _verdict(judged: Judgement | None) -> dict[str, Any] | None:
    return {name: getattr(judged, name) for name in ("at", "by", "verdict", "comment")} if judged else None


def _entry(entry: Entry) -> dict[str, Any]:
    sent = ("receiver", "address", "state", "sent_at")
    return {
        **{name: getattr(entry, name) for name in ("at", "kind", "what", "by", "level", "text", "until")},
        **{name: getattr(entry.delivery, name) if entry.delivery else None for name in sent},
    }
