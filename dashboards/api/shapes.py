"""What answers hold. Names are stable: what is here is not renamed, and nothing is taken away."""

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from monitor.alerts.model import AlertState
from monitor.alerts.remarks import Verdict
from monitor.rules.answer import Level
from monitor.sessions.model import BillingState
from monitor.state.outbox import OutboxState
from monitor.state.review_queue import Kind
from monitor.state.timeline import EntryKind

T = TypeVar("T")

Time = str
"""ISO 8601 in UTC with Z."""


class Shape(BaseModel):
    """An object with exactly these names."""

    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


class Page(Shape, Generic[T]):
    """One page of a list. `next`: the address of the following one."""

    items: list[T]
    next: str | None


class Wrong(Shape):
    """One thing that is wrong."""

    field: str
    message: str


class Problem(BaseModel):
    """RFC 9457. `field` names the parameter that is wrong, `errors` all that are."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None
    errors: list[Wrong] | None = None


class PlaceShape(Shape):
    """Where. `subject` is `site/station/connector`, each part percent-encoded."""

    site: str
    station: str | None
    connector: str | None


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


class ShiftShape(Shape):
    """A turn. `override`: somebody stands in."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    who: str
    start: Time = Field(alias="from")
    end: Time = Field(alias="to")
    override: bool


class RosterShape(Shape):
    """Who is on call now, and in the next four weeks; `zone` is that of the handovers."""

    rota: str
    zone: str
    now: str
    shifts: list[ShiftShape]


class ReceiverShape(Shape):
    """Who can be told. `reached`: the addresses that are told now, of a rota who is on call."""

    name: str
    language: str
    rota: bool
    addresses: list[str]
    reached: list[str]


class TrialShape(Shape):
    """What became of a test message to one address: what the other end answered, or why it did not arrive."""

    address: str
    answer: str
    error: str


class SilenceShape(Shape):
    """Alerts that match all of `matchers` are not told of."""

    id: int
    matchers: dict[str, list[str]]
    author: str
    reason: str
    created_at: Time
    starts_at: Time
    ends_at: Time


class SessionShape(PlaceShape):
    """A session. Money only where it is priced; unknown is null, never 0."""

    id: str
    subject: str
    transaction: str | None
    state: BillingState
    plug_in: Time
    started: Time | None
    stopped: Time | None
    plug_out: Time | None
    energy_wh: float | None
    charging_s: float | None
    idle_s: float | None
    average_power_w: float | None
    peak_power_w: float | None
    soc_in: float | None
    soc_out: float | None
    stop_reason: str | None
    diagnosis: str | None
    tariff: str | None
    tariff_version: str | None
    total_excl_vat: float | None
    total_incl_vat: float | None
    currency: str | None
    flags: list[str]
    needs_review: bool


class SessionDetail(SessionShape):
    """A session with its bill: each line is quantity x unit price = amount, and the total is their sum.

    `diagnosis_text`: why it was slow, by language (`en`, `sv`); `diagnosis_evidence`: the figures that this rests on,
    in W, percent and degrees Celsius.
    """

    diagnosis_text: dict[str, str]
    diagnosis_evidence: dict[str, float]
    bill: dict[str, Any] | None


class WaitingShape(SessionShape):
    """A session that waits for a decision."""

    kind: Kind
    reasons: list[str]
    since: Time
    possible: list[str]
    proposed: dict[str, Any]
    seen: str


class WaitingPage(Page[WaitingShape]):
    """One page of the queue, and how many wait in all, by kind."""

    counts: dict[str, int]


class Counted(Shape):
    """Counts over a set of connectors; `evses` are places for one car, `taken` those that have one."""

    connectors: int
    counts: dict[str, int]
    evses: int
    taken: int
    power_w: float | None


class NetworkShape(Shape):
    """The network as of the newest evaluation; `evaluated_at` and `network` are null before the first."""

    now: Time
    evaluated_at: Time | None
    stale: bool
    newest_reading: Time | None
    network: Counted | None
    firing: dict[str, int]
    pending: int


class SiteShape(Counted):
    """A site."""

    site: str
    name: str
    firing: dict[str, int]


class SiteDetail(SiteShape):
    """A site with what the register says of it."""

    zone: str
    contact: str
    access: str
    links: dict[str, str]
    stations: list[str]


class StationShape(Counted):
    """A station."""

    site: str
    station: str
    vendor: str


class ConnectorShape(PlaceShape):
    """A connector as of the newest evaluation; `standing` is what its state counts as."""

    subject: str
    evse: str
    current: str | None
    rated_w: float | None
    registered: bool
    online: bool | None
    state: str
    standing: str
    status: str | None
    status_since: Time | None
    error_code: str | None
    power_w: float | None
    expected_w: float | None
    offered_w: float | None
    soc: float | None
    energy_wh: float | None
    reading_at: Time | None
    seen_at: Time | None
    session: str | None
    session_started: Time | None
    session_energy_wh: float | None


class VerdictCounts(Shape):
    """How often each verdict was given on alerts of a rule."""

    real: int
    false: int
    known: int


class RuleShape(Shape):
    """A rule in force, with its last run; `problems` of the files stand in health."""

    id: str
    on: str
    title: dict[str, str]
    when: str
    levels: dict[str, str]
    severity: str
    hold_for_s: float
    keep_firing_for_s: float
    inhibited_by: list[str]
    labels: dict[str, str]
    file: str
    line: int
    evaluated_at: Time | None
    matches: int | None
    unknown: int | None
    error: str | None
    state: Literal["runs", "fails", "not evaluated"]
    duration_s: float | None
    verdicts: VerdictCounts
    precision: float | None = Field(description="real / (real + false); null while nobody has judged")


class Episode(Shape):
    """One alert of a rule."""

    subject: str
    state: str
    level: str
    pending_at: Time
    firing_at: Time | None
    resolved_at: Time | None


class RuleDetail(RuleShape):
    """A rule with its last episodes, newest first."""

    episodes: list[Episode]


class Explanation(Shape):
    """A rule's answer for a subject; `expressions` by key, each part as {text, value, dimension, parts, connectors}."""

    rule: str
    subject: str
    at: Time
    selected: bool
    truth: bool | None
    level: str | None
    recovered: bool | None
    expressions: dict[str, Any]
    expected: dict[str, float | None]
    expected_by: str | None
    alert: dict[str, Any]


class TariffShape(Shape):
    """A tariff in force in words. `since` null: as long as anybody knows."""

    id: str
    currency: str
    type: str | None
    version: str
    since: Time | None
    valid_from: Time | None
    valid_to: Time | None
    words_en: list[str]
    words_sv: list[str]
    examples_en: list[str]
    examples_sv: list[str]
    versions: list[str]
    assigned: list[str]
    warnings: list[str]


class TariffDetail(TariffShape):
    """A tariff with its OCPI object."""

    tariff: dict[str, Any]


class Fact(Shape):
    """One line."""

    name: str
    value: str


class PartShape(Shape):
    """A part of the service: resolved is fine, warning wants a look, critical is broken."""

    name: str
    state: str
    facts: list[Fact]


class HealthShape(Shape):
    """How the service is."""

    state: str
    title: str
    parts: list[PartShape]


class EntryShape(Shape):
    """An entry of the audit log."""

    id: int
    at: Time
    actor: str
    action: str
    subject: str
    details: dict[str, Any]


class UserShape(Shape):
    """A user."""

    id: int
    name: str
    role: str
    created_at: Time


class TokenShape(Shape):
    """A token without its secret."""

    id: int
    name: str
    scope: str
    created_at: Time
    created_by: str
    used_at: Time | None
    revoked_at: Time | None


class NewTokenShape(TokenShape):
    """A token with its secret, which is not to be had again."""

    token: str


class ReadingShape(PlaceShape):
    """A row of a measurement: its time, its place, and the fields of docs/readings.md."""

    model_config = ConfigDict(extra="allow")
    time: Time
    received_at: Time


class Listed(Shape, Generic[T]):
    """All of them."""

    items: list[T]
