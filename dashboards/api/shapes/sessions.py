"""Answers about sessions, and those that wait for a person."""

from typing import Any

from dashboards.api.shapes.common import Page, PlaceShape, Time
from monitor.sessions.model import BillingState
from monitor.state.review_queue import Kind


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
