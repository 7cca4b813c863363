"""Answers about alerts, silences and messages that were given up."""

from typing import Any

from pydantic import Field

from dashboards.api.shapes.common import PlaceShape, Shape, Time
from monitor.alerts.model import AlertState
from monitor.alerts.remarks import Verdict
from monitor.rules.answer import Level
from monitor.state.outbox import OutboxState
from monitor.state.timeline import EntryKind


class AlertShape(PlaceShape):
    """An alert. Texts are in the reader's language."""

    id: int
    rule: str
    subject: str
    level: Level
    state: AlertState
    pending_at: Time
    firing_at: Time | None
    resolved_at: Time | None
    resolved_reason: str
    no_data_since: Time | None
    title: str
    summary: str
    cause: str
    acknowledged_at: Time | None = Field(description="null: nobody sees to it")
    acknowledged_by: str | None
    silenced_until: Time | None = Field(description="null: not silenced")


class EventShape(Shape):
    """What happened to an alert."""

    at: Time
    kind: str
    level: str
    reason: str


class MessageShape(Shape):
    """Who was told of it."""

    at: Time
    receiver: str
    address: str
    kind: str
    state: OutboxState
    sent_at: Time | None
    error: str


class AcknowledgementShape(Shape):
    """Who sees to it."""

    at: Time
    by: str
    until: Time | None
    assignee: str
    ticket: str
    comment: str


class CommentShape(Shape):
    """What somebody noted."""

    id: int
    at: Time
    by: str
    text: str


class VerdictShape(Shape):
    """Whether an alert that is over was right."""

    at: Time
    by: str
    verdict: Verdict
    comment: str


class EntryOfTimeline(Shape):
    """One thing that happened to an alert. `what`: the kind of the transition, message or verdict."""

    at: Time
    kind: EntryKind
    what: str
    by: str
    level: str | None
    text: str
    until: Time | None
    receiver: str | None
    address: str | None
    state: OutboxState | None
    sent_at: Time | None


class AlertDetail(AlertShape):
    """An alert with what its rule saw, and its history; `timeline` is all of it in one order."""

    labels: dict[str, str]
    values: dict[str, Any]
    runbook: str
    acknowledgement: AcknowledgementShape | None
    events: list[EventShape]
    messages: list[MessageShape]
    comments: list[CommentShape]
    verdict: VerdictShape | None
    timeline: list[EntryOfTimeline]


class UndeliveredShape(Shape):
    """A message that was given up. `attempts` until `tried_at`, the last of them."""

    id: int
    at: Time
    receiver: str
    address: str
    kind: str
    firing: int
    resolved: int
    alerts: list[int] = Field(description="those that it shows, at most 20")
    attempts: int
    tried_at: Time
    error: str


class ResentShape(Shape):
    """How many messages are tried again."""

    resent: int


class SilenceShape(Shape):
    """Alerts that match all of `matchers` are not told of."""

    id: int
    matchers: dict[str, list[str]]
    author: str
    reason: str
    created_at: Time
    starts_at: Time
    ends_at: Time
