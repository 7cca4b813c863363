"""A decision about a bill as it comes in: from a form of a page, or as JSON."""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

from dashboards.parameters import BadParameter
from dashboards.sources import Service
from monitor.sessions.billing_states import ACTIONS, Action
from monitor.sessions.correction import TIMES, Correction
from monitor.sessions.model import Session
from monitor.state.reviewing import Case, Decision, pricing


def action_of(name: str) -> Action | None:
    """The action of an address: `write-off` is `write_off`."""
    return next((action for action in ACTIONS if action.replace("_", "-") == name), None)


def from_form(
    action: Action, given: Mapping[str, str], case: Case, zone: ZoneInfo, signed: tuple[str, datetime]
) -> Decision:
    """Fields as the page shows them: kWh, times of the site's zone; `signed`: who and when.

    What was left as it was shown is not corrected, or stays as it was corrected before.
    """
    correction = Correction()
    if action == "correct":
        shown, stays = shown_session(case), case.correction
        times = {name: _local(given, name, getattr(shown, name), zone) or getattr(stays, name) for name in TIMES}
        energy = _kilowatt_hours(given.get("energy_kwh", ""), shown.energy_wh)
        correction = Correction(stays.energy_wh if energy is None else energy, **times)
    return Decision(action, given.get("reason", ""), *signed, correction, given.get("seen") or None)


def shown_session(case: Case) -> Session:
    """What a correction begins with: what later rows propose, else what is billed."""
    return case.proposal.session if case.proposal and case.proposal.session else case.session


def decide(source: Service, session_id: str, decision: Decision) -> Session:
    """Take the decision: the one door from pages and API to `monitor.state.reviewing`."""
    price = pricing(source.tariffs, source.register, source.settings.sessions.bill_until)
    return source.reviews.decide(session_id, decision, price)


def shown_time(at: datetime | None, zone: ZoneInfo) -> str:
    """As a field for date and time has it: in the site's zone, whole seconds."""
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S") if at else ""


def shown_kwh(energy_wh: float | None) -> str:
    """As a field for kWh has it."""
    return "" if energy_wh is None else f"{energy_wh / 1000:.3f}"


def _local(given: Mapping[str, str], name: str, before: datetime | None, zone: ZoneInfo) -> datetime | None:
    text = given.get(name, "").strip()
    if not text or text == shown_time(before, zone):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadParameter(name, f"{text!r} is no date and time") from error
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _kilowatt_hours(text: str, before: float | None) -> float | None:
    text = text.strip().replace(",", ".")
    if not text or text == shown_kwh(before):
        return None
    try:
        return _watt_hours(float(text) * 1000)
    except ValueError as error:
        raise BadParameter("energy_kwh", f"{text!r} is no number of kWh") from error


def _watt_hours(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise BadParameter("energy_wh", f"{value!r} is no number of Wh")
    return float(value)
