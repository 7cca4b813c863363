"""One car at one connector, while its rows are being folded. Frozen: every change is a new value."""

from typing import Literal, NamedTuple

from monitor.sessions import crosscheck
from monitor.sessions.classes import classify
from monitor.sessions.crosscheck import HELD_US, CrossCheck, laid, power_read
from monitor.sessions.model import Flag, Period
from monitor.sessions.outlet import Outlet
from monitor.sessions.registers import Registers, read
from monitor.sessions.rows import MeterRow, Row, StatusRow, TransactionRow
from monitor.sessions.slices import Slice, settle

Source = Literal["transaction", "meter", "status"]
"""What a visit was seen by, best first."""

LATE_US = 5 * 60 * 1_000_000
"""A row that came more than 5 min after its own time is late."""

VisitKey = tuple[int, bool]
"""Which visit of a connector: when it was born, and whether only its stop is known."""

ADOPT_US = 5 * 60 * 1_000_000
"""A sign of a car this shortly before a start may be of the car that starts."""

UNSEEN_US = 15 * 60 * 1_000_000
"""A car that may have left this much earlier than was seen: nobody can be billed for that time unasked."""

AHEAD_US = 10 * 60 * 1_000_000
"""A row more than 10 min ahead of its arrival comes from a clock that is wrong."""


class Evidence(NamedTuple):
    """What the diagnosis rests on, summed while the car charges."""

    samples: int = 0
    offered_us: int = 0
    offered_w_us: float = 0.0
    limited_us: int = 0
    temperature_c: float | None = None
    current_summed: bool = False


class Visit(NamedTuple):
    """A session in the making. Times are epoch microseconds, energies whole milliwatt-hours.

    `laid_us` is up to where time has been laid into `periods` (energy known) and then `slices` (not yet).
    `unseen_since_us`: the last sign of the car before a silence; `seen_again_us`: when one came that does not name its
    transaction, and may be the next car's. `shed`: the periods were
    given away after the session closed; a row that would change it needs the rows read again.
    """

    born_us: int
    source: Source
    transaction: str
    plug_in_us: int
    started_us: int | None
    laid_us: int
    has_start: bool = False
    has_stop: bool = False
    stopped_us: int | None = None
    plug_out_us: int | None = None
    replaced_us: int | None = None
    lost_us: int | None = None
    unseen_since_us: int | None = None
    seen_again_us: int | None = None
    user: str | None = None
    group: str | None = None
    stop_reason: str | None = None
    services: str | None = None
    token: tuple[tuple[str, str], ...] = ()
    register_start_mwh: int | None = None
    register_stop_mwh: int | None = None
    registers: Registers = Registers()
    unlaid_mwh: int = 0
    integrated_mwh: int | None = None
    power_w: float | None = None
    offered_w: float | None = None
    offered_a: float | None = None
    phases: int | None = None
    soc: float | None = None
    charging_us: int = 0
    idle_us: int = 0
    idle_after_stop_us: int = 0
    peak_w: float | None = None
    soc_in: float | None = None
    slices: tuple[Slice, ...] = ()
    periods: tuple[Period, ...] = ()
    flags: frozenset[Flag] = frozenset()
    evidence: Evidence = Evidence()
    check: CrossCheck = CrossCheck()
    shed: bool = False

    @property
    def key(self) -> VisitKey:
        """What tells it from the connector's other visits, whatever becomes known of it."""
        return self.born_us, self.started_us is None

    @property
    def ended(self) -> bool:
        """Whether the car has left as far as the rows say."""
        return self.plug_out_us is not None

    @property
    def end_unseen(self) -> bool:
        """Whether the car left at some time in a silence: the plug-out is only when somebody looked again."""
        if self.plug_out_us is None or self.unseen_since_us is None:
            return False
        if self.seen_again_us is not None and (
            self.replaced_us is None or self.replaced_us - self.seen_again_us > ADOPT_US
        ):
            return False
        return self.plug_out_us - self.unseen_since_us > UNSEEN_US

    def names(self, session: str) -> bool:
        """Whether a row with this session id speaks of this visit."""
        return bool(session) and session == self.transaction


def lay(visit: Visit, upto_us: int, status: str | None, outlet: Outlet, meter: MeterRow | None = None) -> Visit:
    """The visit with its time laid up to `upto_us`, in the class of `status`."""
    if upto_us <= visit.laid_us or visit.ended or visit.started_us is None:
        return visit
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
    power = _power(visit, meter, flows=kind in {"charging", "by_energy"}) if measured else None
    estimate = None if power is None else round(power * span_us / 3.6e6)
    piece = Slice(
        visit.laid_us,
        upto_us,
        kind,
        reason,
        stopped,
        estimate,
        power,
        _sum_of_phases(meter, outlet) if meter else None,
        meter.soc if meter and meter.soc is not None else visit.soc,
    )
    integrated = visit.integrated_mwh if estimate is None else (visit.integrated_mwh or 0) + estimate
    evidence = _weigh(visit, piece, power, outlet) if kind in {"charging", "by_energy"} else visit.evidence
    return visit._replace(
        laid_us=upto_us,
        slices=(*visit.slices, piece),
        integrated_mwh=integrated,
        evidence=evidence,
        check=laid(visit.check, piece.start_us, upto_us, estimate),
    )


def meter_read(visit: Visit, row: MeterRow, status: str | None, outlet: Outlet) -> Visit:
    """The visit after meter values that belong to it."""
    visit = seen(lay(visit, row.time_us, status, outlet, row), row)
    if visit.stopped_us is not None:
        return visit._replace(flags=visit.flags | marks(row))
    check = power_read(visit.check, row.time_us, row.power_w)
    if row.energy_mwh is not None:
        visit, check = _registered(visit, row.energy_mwh, row.time_us, outlet, check, event=False)
    return visit._replace(
        check=check,
        flags=visit.flags | marks(row),
        power_w=row.power_w if row.power_w is not None else visit.power_w,
        peak_w=_most(visit.peak_w, row.power_w),
        offered_w=row.offered_w if row.offered_w is not None else visit.offered_w,
        offered_a=row.offered_a if row.offered_a is not None else visit.offered_a,
        phases=row.phases or visit.phases,
        soc=row.soc if row.soc is not None else visit.soc,
        soc_in=visit.soc_in if visit.soc_in is not None else row.soc,
        evidence=_count(visit.evidence, row),
    )


def register_read(visit: Visit, value_mwh: int, at_us: int, outlet: Outlet, *, event: bool = False) -> Visit:
    """The visit after a register reading: what was laid since the last one gets the energy in between."""
    visit, check = _registered(visit, value_mwh, at_us, outlet, visit.check, event=event)
    return visit._replace(check=check)


def _registered(
    visit: Visit, value_mwh: int, at_us: int, outlet: Outlet, check: CrossCheck, *, event: bool
) -> tuple[Visit, CrossCheck]:
    """`register_read` with the cross-check apart: copies of a visit are what folding a row costs."""
    registers, rise, flags = read(visit.registers, value_mwh, at_us, outlet.rated_w, event=event)
    energy, flags = rise + visit.unlaid_mwh, visit.flags | flags
    check = crosscheck.register_read(check, rise, visit.integrated_mwh)
    if not visit.slices:
        return visit._replace(registers=registers, flags=flags, unlaid_mwh=energy), check
    return settled(visit, settle(visit.slices, energy), registers, flags), check


def settled(
    visit: Visit,
    periods: tuple[Period, ...],
    registers: Registers | None = None,
    flags: frozenset[Flag] | None = None,
) -> Visit:
    """The visit with `periods`, which are its slices with their energy, added to those that were known.

    `registers` and `flags` take the place of the visit's where they are given.
    """
    charging_us, idle_us, idle_after_us = visit.charging_us, visit.idle_us, visit.idle_after_stop_us
    for piece, period in zip(visit.slices, periods, strict=True):
        if period.kind == "charging":
            charging_us += piece.span_us
        elif period.kind == "parking" and piece.stopped:
            idle_after_us += piece.span_us
        elif period.kind == "parking":
            idle_us += piece.span_us
    return visit._replace(
        periods=visit.periods + periods,
        slices=(),
        unlaid_mwh=0,
        charging_us=charging_us,
        idle_us=idle_us,
        idle_after_stop_us=idle_after_us,
        registers=visit.registers if registers is None else registers,
        flags=visit.flags if flags is None else flags,
    )


def joined_token(first: tuple[tuple[str, str], ...], then: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """What start and stop say of the token: of the two the later, as OCPI wants it of the authorisation."""
    return tuple((dict(first) | dict(then)).items()) if then else first


def stop(visit: Visit, row: TransactionRow, status: str | None, outlet: Outlet) -> Visit:
    """The visit after its transaction's end; the first one counts, another is only noted."""
    visit = seen(visit, row)._replace(flags=visit.flags | marks(row) | skew(row))
    if visit.has_stop:
        return visit._replace(flags=visit.flags | {"duplicate_stop"})
    at_us = min(row.time_us, visit.plug_out_us or row.time_us)
    visit = lay(visit, at_us, status, outlet)
    if row.meter_mwh is not None:
        visit = register_read(visit, row.meter_mwh, at_us, outlet, event=True)
    return visit._replace(
        has_stop=True,
        stopped_us=at_us,
        power_w=None,
        register_stop_mwh=row.meter_mwh,
        stop_reason=row.reason,
        user=visit.user or row.user,
        group=visit.group or row.group,
        services=visit.services or row.services,
        token=joined_token(visit.token, row.token),
    )


def started_late(visit: Visit, row: TransactionRow) -> Visit:
    """A visit that other rows began, when its start comes a moment later: what lies before the start is not billed.

    The last register reading stays as the base where the start has none of its own.
    """
    known = row.meter_mwh is None
    base = Registers(None, visit.registers.last_mwh, visit.registers.last_us) if known else Registers()
    return visit._replace(
        source="transaction",
        transaction=row.session,
        started_us=row.time_us,
        laid_us=row.time_us,
        slices=(),
        periods=(),
        integrated_mwh=None,
        unlaid_mwh=0,
        charging_us=0,
        idle_us=0,
        registers=base,
        flags=visit.flags | marks(row),
    )


def seen(visit: Visit, row: StatusRow | MeterRow | TransactionRow) -> Visit:
    """The car was there at the row. One that came late tells of no moment after it: the station was away until then."""
    if late(row):
        return visit._replace(unseen_since_us=row.time_us, seen_again_us=None)
    if visit.unseen_since_us is None:
        return visit
    if isinstance(row, StatusRow) or not visit.names(row.session):
        return visit._replace(seen_again_us=row.time_us)
    return visit._replace(unseen_since_us=None, seen_again_us=None)


def unseen(visit: Visit, since_us: int) -> Visit:
    """The visit in a silence that began at `since_us`, or goes on from the one before."""
    goes_on = visit.unseen_since_us is not None and visit.seen_again_us is None
    return visit if goes_on else visit._replace(unseen_since_us=since_us, seen_again_us=None)


def marks(row: Row) -> frozenset[Flag]:
    """What a row says about the session by its times alone."""
    if late(row):
        return frozenset({"late"})
    return frozenset({"clock_skew"}) if row.time_us - row.received_us > AHEAD_US else frozenset()


def late(row: Row) -> bool:
    """Whether the row came well after its own time: it was queued, or sent after an outage."""
    return row.received_us - row.time_us > LATE_US


def skew(row: TransactionRow) -> frozenset[Flag]:
    """The flag of a transaction whose time is not the charger's."""
    return frozenset({"clock_skew"}) if row.clock_replaced else frozenset()


def _power(visit: Visit, meter: MeterRow | None, *, flows: bool) -> float | None:
    """The mean power up to a reading. A car that is suspended does not go on with what it took before."""
    after = meter.power_w if meter else None
    return _between(visit.power_w, after) if flows else after


def _between(before: float | None, after: float | None) -> float | None:
    if before is None or after is None:
        return before if after is None else after
    return (before + after) / 2


def _most(one: float | None, other: float | None) -> float | None:
    return one if other is None else other if one is None else max(one, other)


def _summed(row: MeterRow) -> bool:
    """Whether `current_a` is the sum over phases: more than the offer for one phase allows."""
    return row.current_a is not None and bool(row.offered_a) and row.current_a > 1.2 * (row.offered_a or 0)


def _sum_of_phases(row: MeterRow, outlet: Outlet) -> float | None:
    if row.current_sum_a is not None or row.current_a is None:
        return row.current_sum_a
    if outlet.current == "DC" or row.phases == 1 or (outlet.current == "AC" and _summed(row)):
        return row.current_a
    return row.current_a * row.phases if row.phases else None


def _count(evidence: Evidence, row: MeterRow) -> Evidence:
    return evidence._replace(
        samples=evidence.samples + 1,
        temperature_c=evidence.temperature_c if evidence.temperature_c is not None else row.temperature_c,
        current_summed=evidence.current_summed or _summed(row),
    )


def _weigh(visit: Visit, piece: Slice, power_w: float | None, outlet: Outlet) -> Evidence:
    """Time in which the charger offered clearly less than its rating and the car took what it offered."""
    offered = visit.offered_w
    if offered is None and visit.offered_a is not None and outlet.current != "DC":
        offered = visit.offered_a * 230 * (visit.phases or outlet.phases or 3)
    if offered is None:
        return visit.evidence
    lowered = outlet.rated_w is not None and offered < 0.8 * outlet.rated_w
    taken = power_w is not None and power_w >= 0.85 * offered
    return visit.evidence._replace(
        offered_us=visit.evidence.offered_us + piece.span_us,
        offered_w_us=visit.evidence.offered_w_us + offered * piece.span_us,
        limited_us=visit.evidence.limited_us + (piece.span_us if lowered and taken else 0),
    )
