"""An alert, its events and its messages as the rest of the service sees them. Values are frozen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from monitor.ids import Place
from monitor.rules.answer import Level, Texts, Value
from monitor.units import Money

AlertState = Literal["pending", "firing", "resolved"]
EventKind = Literal["pending", "firing", "level", "no_data", "data", "resolved", "inactive", "flapping", "calm"]
MessageKind = Literal["firing", "resolved", "repeat", "digest", "report"]
PriceOf = Callable[[Place], Money | None]
"""What the session under way at a connector costs so far; None: there is none, or it has no price."""


@dataclass(frozen=True)
class Alert:
    """One rule being true of one subject, from pending to resolved. Identity is (rule, subject) while active.

    `id` is 0 until the alert is stored. `true_since` is when the present run of true answers began, shifted by unknown
    time while pending; `false_since` likewise while it is about to resolve. `next_level` is the level that it will
    have if it goes on like this. `values` are those of the answer with which it became pending, fired or changed level.
    One that never fired (`firing_at` None) is resolved too when its condition stops being true.
    """

    id: int
    rule: str
    subject: str
    state: AlertState
    level: Level
    labels: Mapping[str, str]
    pending_at: datetime
    firing_at: datetime | None = None
    resolved_at: datetime | None = None
    resolved_reason: str = ""
    evaluated_at: datetime | None = None
    true_since: datetime | None = None
    false_since: datetime | None = None
    next_level: Level | None = None
    next_level_since: datetime | None = None
    no_data_since: datetime | None = None
    condition: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    texts: Mapping[str, Texts] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place.parse(self.subject)

    @property
    def active(self) -> bool:
        """Pending or firing."""
        return self.state != "resolved"


@dataclass(frozen=True)
class AlertEvent:
    """One transition of an alert, stored as it happened."""

    rule: str
    subject: str
    kind: EventKind
    at: datetime
    level: Level
    reason: str


@dataclass(frozen=True)
class Policy:
    """What the life of a rule's alerts depends on: the part of a rule that `advance` reads."""

    rule: str
    severity: Level
    hold_for: timedelta
    keep_firing_for: timedelta
    no_data_after: timedelta
    no_data_then: Literal["keep", "resolve", "fire"]
    labels: Mapping[str, str]
    condition: str
    """Fingerprint of `on`, `when` and `recover_when`: when it changes, a firing alert is judged anew."""
    inhibited_by: tuple[str, ...] = ()
    """Rules that keep its alerts from being told while they fire on the same subject, its station or its site."""


@dataclass(frozen=True)
class MessageRow:
    """One alert in a message, in the receiver's language, frozen as it was when the message was planned."""

    alert: int
    rule: str
    subject: str
    state: AlertState
    level: Level
    firing_at: datetime
    resolved_at: datetime | None
    resolved_reason: str
    texts: Texts
    price: Money | None = None
    """What the session under way there costs the customer so far."""
    labels: Mapping[str, str] = field(default_factory=dict)
    expected_w: float | None = None
    limit_w: float | None = None
    """Of a connector: what the rule's answer expected of it, and its rating; for the curve."""
    flapping: bool = False
    """Comes and goes: nothing more is told of it until it has calmed down."""


@dataclass(frozen=True)
class Report:
    """What a report of a month says, in the receiver's language: `figures` as (label, value, the month before), a table
    of connectors, and sentences. `month`: 2026-03.
    """

    site: str
    month: str
    title: str
    figures: tuple[tuple[str, str, str], ...]
    columns: tuple[str, ...]
    connectors: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Message:
    """One message to one address about one group. `key` names it for ever; the Message-ID is made of it.

    `rows` holds the worst alerts first, at most 20; `firing` and `resolved` count all of them. `thread` is the key of
    the first message of the group, for References. `zone` is the site's, for the times in the text.
    """

    key: str
    thread: str
    receiver: str
    address: str
    language: str
    group: Mapping[str, str]
    kind: MessageKind
    at: datetime
    firing: int
    resolved: int
    rows: tuple[MessageRow, ...]
    zone: str
    site_name: str = ""
    contact: str = ""
    access: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    stands_for: int = 0
    """Of a digest: how many messages, made from `since` on, could not be sent and are told by it."""
    since: datetime | None = None
    report: Report | None = None
