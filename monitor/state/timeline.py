"""The whole story of an alert in one order: transitions, messages, and all that people said to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from monitor.alerts.model import Alert
from monitor.rules.answer import Level
from monitor.state.alerts import AlertStore
from monitor.state.database import Database
from monitor.state.outbox import Delivery
from monitor.state.remarks import RemarkStore
from monitor.state.responses import ResponseStore

EntryKind = Literal[
    "event", "message", "acknowledged", "withdrawn", "expired", "silenced", "silence over", "comment", "verdict"
]
_ORDER: Final = {kind: place for place, kind in enumerate(get_args(EntryKind))}
"""Of entries of one moment: a transition stands before the message that it caused."""


@dataclass(frozen=True)
class Entry:
    """One thing that happened. `what`: the event's, message's or verdict's own kind; `by`: who said it.

    `text` is its reason, what was said, or the error of a message; `until` when an acknowledgement or silence ends.
    """

    at: datetime
    kind: EntryKind
    what: str = ""
    by: str = ""
    level: Level | None = None
    text: str = ""
    until: datetime | None = None
    delivery: Delivery | None = None


def timeline(database: Database, alert: Alert, now: datetime) -> tuple[Entry, ...]:
    """Everything up to `now`, in order."""
    entries = [
        *_transitions(database, alert),
        *_acknowledgements(database, alert, now),
        *_silences(database, alert, now),
        *_remarks(database, alert),
    ]
    return tuple(sorted(entries, key=lambda entry: (entry.at, _ORDER[entry.kind])))


def _transitions(database: Database, alert: Alert) -> Iterator[Entry]:
    store = AlertStore(database)
    for event in store.events(alert.id):
        yield Entry(event.at, "event", event.kind, level=event.level, text=event.reason)
    for sent in store.messages(alert.id):
        yield Entry(sent.at, "message", sent.kind, text=sent.error, delivery=sent)


def _acknowledgements(database: Database, alert: Alert, now: datetime) -> Iterator[Entry]:
    taken_back = set()
    ended = min(now, alert.resolved_at or now)
    for said in ResponseStore(database).acknowledgements(alert.id):
        text = " · ".join(filter(None, (said.assignee, said.ticket, said.comment)))
        yield Entry(said.at, "acknowledged", by=said.by, text=text, until=said.until)
        if said.withdrawn_at is not None:
            taken_back.add((said.withdrawn_at, said.withdrawn_by))
        elif said.until is not None and said.until <= ended:
            yield Entry(said.until, "expired", by=said.by)
    yield from (Entry(at, "withdrawn", by=by) for at, by in taken_back)


def _silences(database: Database, alert: Alert, now: datetime) -> Iterator[Entry]:
    """Those that match the alert as it is now, from when they muted it."""
    ended = min(now, alert.resolved_at or now)
    for silence in ResponseStore(database).silences_between(alert.pending_at, ended):
        if silence.mutes(alert):
            begins = max(silence.starts_at, alert.pending_at)
            yield Entry(begins, "silenced", by=silence.author, text=silence.reason, until=silence.ends_at)
            if silence.ends_at <= ended:
                yield Entry(silence.ends_at, "silence over", by=silence.author, text=silence.reason)


def _remarks(database: Database, alert: Alert) -> Iterator[Entry]:
    store = RemarkStore(database)
    for comment in store.comments(alert.id):
        yield Entry(comment.at, "comment", by=comment.by, text=comment.text)
    if judged := store.judgement(alert.id):
        yield Entry(judged.at, "verdict", judged.verdict, by=judged.by, text=judged.comment)
