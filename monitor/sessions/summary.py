"""A visit as the session that the rest of the service sees."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from monitor.ids import Place
from monitor.sessions import crosscheck
from monitor.sessions.diagnosis import LOW_OFFER, OFFER, Findings, diagnose, offer_lowered
from monitor.sessions.model import Flag, Session
from monitor.sessions.outlet import Outlet
from monitor.sessions.slices import estimated, settle
from monitor.sessions.visit import Visit, lay, settled
from monitor.units import from_us, to_us

BillUntil = Literal["plug_out", "stopped"]


def session_id(place: Place, visit: Visit) -> str:
    """Ours and stable: made of connector, the charger's transaction id and the start (the stop where there is none)."""
    return _id(place, visit.transaction, visit.started_us if visit.started_us is not None else visit.stopped_us)


def key(place: Place, transaction: str, began: datetime) -> str:
    """The id of a session that began then; the same as that of a visit of which this is known."""
    return _id(place, transaction, to_us(began))


def _id(place: Place, transaction: str, began_us: int | None) -> str:
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
    shared_us: int = 0,
) -> Session:
    """The session as of `now`. `status` holds at the connector; `shared_us`: how long a sibling charged meanwhile.

    Of a session under way, the class that holds is taken to last until `now`; readings to come may change that.
    """
    closed_at = closing(visit, grace)
    closed = closed_at is not None and (visit.replaced_us is not None or now >= closed_at)
    visit, energy_mwh, by_power = _complete(lay(visit, to_us(now), status, outlet))
    flags = visit.flags | _doubts(visit, energy_mwh if not by_power else None, closed=closed)
    charging = timedelta(microseconds=visit.charging_us)
    average = energy_mwh * 3.6e6 / visit.charging_us if energy_mwh is not None and visit.charging_us else None
    idle_us = visit.idle_us + (visit.idle_after_stop_us if bill_until == "plug_out" else 0)
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
        charging_time=charging,
        idle_time=timedelta(microseconds=idle_us),
        average_power_w=average,
        peak_power_w=visit.peak_w,
        soc_in=visit.soc_in,
        soc_out=visit.soc,
        phases=visit.phases,
        flags=flags,
        diagnosis=None,
        state="open",
        periods=visit.periods,
        services=_services(visit.services),
        details=_details(visit, bill_until, by_power=by_power and energy_mwh is not None),
    )
    if not visit.ended:
        return session
    found = _findings(visit, outlet, shared_us)
    details = {**session.details, OFFER: LOW_OFFER} if offer_lowered(found) else session.details
    return replace(session, details=details, diagnosis=diagnose(session, found))


def closing(visit: Visit, grace: timedelta) -> datetime | None:
    """When the session closes: `grace` after plug-out, or when another car begins. None while the car is there."""
    if visit.plug_out_us is None:
        return None
    after_grace = from_us(visit.plug_out_us) + grace
    return after_grace if visit.replaced_us is None else min(after_grace, from_us(visit.replaced_us))


def _complete(visit: Visit) -> tuple[Visit, int | None, bool]:
    """The visit with all its time in periods, its energy, and whether that had to be estimated from power."""
    energy = visit.registers.energy_mwh
    if energy is None:
        # One register reading or none: what power says, which a person has to accept before it is billed.
        visit = settled(visit, estimated(visit.slices)) if visit.slices else visit
        return (
            visit,
            sum(round(period.energy_wh * 1000) for period in visit.periods)
            if visit.integrated_mwh is not None
            else None,
            True,
        )
    if visit.slices:
        return settled(visit, settle(visit.slices, visit.unlaid_mwh)), energy, False
    if visit.unlaid_mwh and visit.periods:
        last = visit.periods[-1]
        carrying = replace(last, energy_wh=round(last.energy_wh * 1000 + visit.unlaid_mwh) / 1000)
        visit = visit._replace(periods=(*visit.periods[:-1], carrying), unlaid_mwh=0)
    return visit, energy, False


def _doubts(visit: Visit, energy_mwh: int | None, *, closed: bool) -> frozenset[Flag]:
    no_stop: frozenset[Flag] = frozenset({"no_stop"} if closed and visit.has_start and not visit.has_stop else ())
    return no_stop | crosscheck.doubts(visit.check, energy_mwh)


def _findings(visit: Visit, outlet: Outlet, shared_us: int) -> Findings:
    evidence = visit.evidence
    return Findings(
        samples=evidence.samples,
        offered_w=evidence.offered_w_us / evidence.offered_us if evidence.offered_us else None,
        limited_share=evidence.limited_us / visit.charging_us if visit.charging_us else 0.0,
        shared_share=min(shared_us / visit.charging_us, 1.0) if visit.charging_us else 0.0,
        temperature_c=evidence.temperature_c,
        rated_w=outlet.rated_w,
        rated_phases=outlet.phases,
        current=outlet.current,
        load_managed=outlet.load_managed,
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
