"""A visit as the session that the rest of the service sees."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from monitor.ids import Place
from monitor.sessions import crosscheck
from monitor.sessions.diagnosis import Findings, diagnose, offer_lowered
from monitor.sessions.history import ConnectorHistory
from monitor.sessions.laying import lay
from monitor.sessions.model import Flag, Period, Session
from monitor.sessions.offer import LOW_OFFER, OFFER
from monitor.sessions.outlet import Outlet
from monitor.sessions.shared import Shared
from monitor.sessions.siblings import Group, SharedTime
from monitor.sessions.slices import estimates, packed, periods, shares
from monitor.sessions.visit import Spans, Visit
from monitor.units import from_us, to_us

BillUntil = Literal["plug_out", "stopped"]


class Around(NamedTuple):
    """What was around a visit: its power group, how long others of it charged meanwhile, and the sessions before."""

    group: Group = Group()
    shared: SharedTime = SharedTime()
    history: ConnectorHistory = ConnectorHistory()


def session_id(place: Place, visit: Visit) -> str:
    """Ours and stable: made of connector, the charger's transaction id and the start (the stop where there is none)."""
    return _id(place, visit.transaction, visit.began_us)


def key(place: Place, transaction: str, began: datetime) -> str:
    """The id of a session that began then; the same as that of a visit of which this is known."""
    return _id(place, transaction, to_us(began))


def _id(place: Place, transaction: str, began_us: int) -> str:
    text = f"{place.subject}\n{transaction}\n{began_us}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def summarise(
    place: Place,
    visit: Visit,
    status: str | None,
    outlet: Outlet,
    *,
    now: datetime,
    grace: timedelta,
    bill_until: BillUntil,
    around: Around | None = None,
) -> Session:
    """The session as of `now`. `status` holds at the connector; `around`: what else bears on why it was slow.

    Of a session under way, the class that holds is taken to last until `now`; readings to come may change that.
    """
    closed_at = closing(visit, grace)
    closed = closed_at is not None and (visit.replaced_us is not None or now >= closed_at)
    # Before time is laid until now: the register has not been read since, and cannot know what power may have given.
    flags = visit.flags | doubts(visit, closed=closed)
    visit = _until(visit, to_us(now), status, outlet)
    energy_mwh, by_power = energy(visit)
    spans, laid = _settled(visit)
    session = Session(
        id=session_id(place, visit),
        place=place,
        transaction=visit.transaction,
        plug_in=from_us(visit.plug_in_us),
        started=_moment(visit.started_us),
        stopped=_moment(visit.stopped_us),
        plug_out=_moment(visit.plug_out_us),
        closed_at=closed_at if closed else None,
        user=visit.user,
        group=visit.group,
        stop_reason=visit.stop_reason,
        energy_wh=_wh(energy_mwh),
        register_start_wh=_wh(visit.register_start_mwh),
        register_stop_wh=_wh(visit.register_stop_mwh),
        integrated_wh=_wh(visit.integrated_mwh),
        charging_time=timedelta(microseconds=spans.charging_us),
        idle_time=timedelta(microseconds=idle_us(spans, bill_until)),
        average_power_w=average_w(energy_mwh, spans.charging_us),
        peak_power_w=visit.peak_w,
        soc_in=visit.soc_in,
        soc_out=visit.soc,
        phases=visit.phases,
        flags=flags,
        diagnosis=None,
        state="open",
        periods=laid,
        services=_services(visit.services),
        details=_details(visit, bill_until, by_power=by_power and energy_mwh is not None),
    )
    if not visit.ended:
        return session
    found = _findings(visit, outlet, spans.charging_us, around or Around())
    details = {**session.details, OFFER: LOW_OFFER} if offer_lowered(found) else session.details
    return replace(session, details=details, diagnosis=diagnose(session, found))


def closing(visit: Visit, grace: timedelta) -> datetime | None:
    """When the session closes: `grace` after plug-out, or when another car begins. None while the car is there."""
    if visit.plug_out_us is None:
        return None
    after_grace = from_us(visit.plug_out_us) + grace
    return after_grace if visit.replaced_us is None else min(after_grace, from_us(visit.replaced_us))


def energy(visit: Visit) -> tuple[int | None, bool]:
    """The energy so far, and whether that had to be estimated from power: with one register reading or none.

    What power says has to be accepted by a person before it is billed.
    """
    known = visit.registers.energy_mwh
    return (visit.integrated_mwh, True) if known is None else (known, False)


def average_w(energy_mwh: int | None, charging_us: int) -> float | None:
    """Mean power over the charging time; None where one of them is not known."""
    return energy_mwh * 3.6e6 / charging_us if energy_mwh is not None and charging_us else None


def idle_us(spans: Spans, bill_until: BillUntil) -> int:
    """Time in which the car asked for nothing, as far as it is billed."""
    return spans.idle_us + (spans.idle_after_stop_us if bill_until == "plug_out" else 0)


def doubts(visit: Visit, *, closed: bool) -> frozenset[Flag]:
    """Flags that are of the session as a whole, not of a row."""
    no_stop: frozenset[Flag] = frozenset({"no_stop"} if closed and visit.has_start and not visit.has_stop else ())
    return no_stop | crosscheck.doubts(visit.check, visit.registers.energy_mwh)


def _until(visit: Visit, now_us: int, status: str | None, outlet: Outlet) -> Visit:
    """The visit with its time laid until now, in slices that are not shared with those that the fold goes on with."""
    visit = visit.copy()
    visit.slices = Shared(visit.slices.cells())
    lay(visit, now_us, status, outlet)
    return visit


def _settled(visit: Visit) -> tuple[Spans, tuple[Period, ...]]:
    """All time of a visit, with what has no energy yet."""
    spans, pieces = visit.spans, visit.slices.cells()
    of_each = estimates(pieces) if visit.registers.energy_mwh is None else shares(pieces, visit.unlaid_mwh)
    for piece, energy_mwh in zip(pieces, of_each, strict=True):
        spans = spans.plus(piece, energy_mwh)
    laid = periods(visit.settled, (packed(*each) for each in zip(pieces, of_each, strict=True)))
    if visit.unlaid_mwh and laid and not pieces:
        # The register rose at the very moment up to which time was laid.
        carrying = replace(laid[-1], energy_wh=round(laid[-1].energy_wh * 1000 + visit.unlaid_mwh) / 1000)
        laid = (*laid[:-1], carrying)
    return spans, laid


def _findings(visit: Visit, outlet: Outlet, charging_us: int, around: Around) -> Findings:
    evidence, shared = visit.evidence, around.shared
    return Findings(
        samples=visit.samples,
        offered_w=evidence.offered_w_us / evidence.offered_us if evidence.offered_us else None,
        limited_share=evidence.limited_us / charging_us if charging_us else 0.0,
        shared_share=min(shared.once_us / charging_us, 1.0) if charging_us else 0.0,
        temperature_c=evidence.temperature_c,
        rated_w=outlet.rated_w,
        rated_phases=outlet.phases,
        current=outlet.current,
        load_managed=outlet.load_managed,
        others=shared.summed_us / shared.once_us if shared.once_us else 0.0,
        group=around.group,
        history=around.history,
    )


def _details(visit: Visit, bill_until: BillUntil, *, by_power: bool) -> Mapping[str, str]:
    details: dict[str, str] = {"seen_by": visit.source, **dict(visit.token)}
    if visit.end_unseen and (bill_until == "plug_out" or visit.stopped_us is None):
        details["end"] = "unseen"
    if by_power:
        details["energy_from"] = "power"
    if visit.evidence.current_summed:
        details["current"] = "summed over phases in one value"
    return details


def _services(text: str | None) -> tuple[Mapping[str, str], ...]:
    """Value-added services as the CSMS wrote them; text that is no JSON list of objects says nothing."""
    try:
        found: Any = json.loads(text) if text else []
    except ValueError:
        return ()
    if not isinstance(found, list):
        return ()
    return tuple({str(k): str(v) for k, v in entry.items()} for entry in found if isinstance(entry, dict))


def _moment(epoch_us: int | None) -> datetime | None:
    return None if epoch_us is None else from_us(epoch_us)


def _wh(mwh: int | None) -> float | None:
    return None if mwh is None else mwh / 1000
