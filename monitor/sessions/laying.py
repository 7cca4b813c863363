"""Time of a visit, laid slice by slice as rows come, and given its energy. Procedures change the visit."""

from monitor.sessions.classes import classify
from monitor.sessions.crosscheck import HELD_US, laid
from monitor.sessions.outlet import Outlet
from monitor.sessions.rows import MeterRow
from monitor.sessions.shared import Shared
from monitor.sessions.slices import Slice, packed, shares
from monitor.sessions.visit import NO_SPANS, Evidence, Visit

_FLOWING = frozenset({"charging", "by_energy"})


def lay(visit: Visit, upto_us: int, status: str | None, outlet: Outlet, meter: MeterRow | None = None) -> None:
    """Lay the time up to `upto_us`, in the class of `status`; `meter`: the values read then."""
    piece = next_slice(visit, upto_us, status, outlet, meter)
    if piece is None:
        return
    if piece.estimate_mwh is not None:
        visit.integrated_mwh = (visit.integrated_mwh or 0) + piece.estimate_mwh
    if piece.kind in _FLOWING:
        visit.evidence = _weigh(visit, piece, outlet)
    visit.idle_since_us = idle_since(visit, piece)
    visit.check = laid(visit.check, piece.start_us, upto_us, piece.estimate_mwh)
    visit.slices = visit.slices.plus((piece,))
    visit.open_spans = visit.open_spans.plus(piece, piece.estimate_mwh)
    visit.laid_us = upto_us


def next_slice(
    visit: Visit, upto_us: int, status: str | None, outlet: Outlet, meter: MeterRow | None = None
) -> Slice | None:
    """The time that is not laid yet, up to `upto_us`; None when there is none, or it is not of the visit."""
    if upto_us <= visit.laid_us or visit.ended or visit.started_us is None:
        return None
    stopped = visit.stopped_us is not None
    kind, reason = classify(
        status,
        stopped=stopped,
        offered_a=visit.offered_a,
        offered_w=visit.offered_w,
        phases=visit.phases,
        outlet=outlet,
    )
    span_us = upto_us - visit.laid_us
    measured = not stopped and span_us <= HELD_US
    power = _power(visit, meter, flows=kind in _FLOWING) if measured else None
    estimate = None if power is None else round(power * span_us / 3.6e6)
    soc = meter.soc if meter and meter.soc is not None else visit.soc
    current = _sum_of_phases(meter, outlet) if meter else None
    return Slice(visit.laid_us, upto_us, kind, reason, stopped, estimate, power, current, soc)


def idle_since(visit: Visit, piece: Slice) -> int | None:
    """Since when the car has been connected without asking for power, at the end of its next slice."""
    if piece.kind != "parking":
        return None
    return piece.start_us if visit.idle_since_us is None else visit.idle_since_us


def settle(visit: Visit, energy_mwh: int) -> None:
    """Share energy out among the slices that have none yet."""
    pieces = visit.slices.cells()
    for piece, share in zip(pieces, shares(pieces, energy_mwh), strict=True):
        visit.settled = visit.settled.plus(packed(piece, share))
        visit.spans = visit.spans.plus(piece, share)
    visit.open_spans, visit.slices = NO_SPANS, Shared([])


def summed(row: MeterRow) -> bool:
    """Whether `current_a` is the sum over phases: more than the offer for one phase allows."""
    return row.current_a is not None and bool(row.offered_a) and row.current_a > 1.2 * (row.offered_a or 0)


def _sum_of_phases(row: MeterRow, outlet: Outlet) -> float | None:
    if row.current_sum_a is not None or row.current_a is None:
        return row.current_sum_a
    if outlet.current == "DC" or row.phases == 1 or (outlet.current == "AC" and summed(row)):
        return row.current_a
    return row.current_a * row.phases if row.phases else None


def _power(visit: Visit, meter: MeterRow | None, *, flows: bool) -> float | None:
    """The mean power up to a reading. A car that is suspended does not go on with what it took before."""
    after = meter.power_w if meter else None
    before = visit.power_w
    if not flows or before is None:
        return after
    return before if after is None else (before + after) / 2


def _weigh(visit: Visit, piece: Slice, outlet: Outlet) -> Evidence:
    """Time in which the charger offered clearly less than its rating and the car took what it offered."""
    offered = visit.offered_w
    if offered is None and visit.offered_a is not None and outlet.current != "DC":
        offered = visit.offered_a * 230 * (visit.phases or outlet.phases or 3)
    if offered is None:
        return visit.evidence
    lowered = outlet.rated_w is not None and offered < 0.8 * outlet.rated_w
    taken = piece.power_w is not None and piece.power_w >= 0.85 * offered
    known = visit.evidence
    return Evidence(
        known.offered_us + piece.span_us,
        known.offered_w_us + offered * piece.span_us,
        known.limited_us + (piece.span_us if lowered and taken else 0),
        known.temperature_c,
        known.current_summed,
    )
