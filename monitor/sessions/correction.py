"""What a person decided in place of what was measured: energy, times, and the periods that follow from them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from monitor.errors import InputError
from monitor.sessions.model import Period, Session

DECIDED = "decided"
"""The reason of a period that no reading tells of, but a person."""
TIMES = ("started", "stopped", "plug_out")


@dataclass(frozen=True)
class Correction:
    """What to put in place of what was measured; None leaves it. Times are aware UTC, energy is Wh."""

    energy_wh: float | None = None
    started: datetime | None = None
    stopped: datetime | None = None
    plug_out: datetime | None = None

    @property
    def decided(self) -> dict[str, str | float]:
        """What is put in place, as JSON has it."""
        return {name: _plain(value) for name, value in vars(self).items() if value is not None}


def from_decided(decided: Mapping[str, str | float]) -> Correction:
    """The correction back of its `decided`."""
    energy = decided.get("energy_wh")
    times = {name: datetime.fromisoformat(str(decided[name])) for name in TIMES if name in decided}
    return Correction(None if energy is None else float(energy), **times)


def measured(session: Session) -> dict[str, str | float | None]:
    """What a correction can change, as it is now."""
    values = {each.name: getattr(session, each.name) for each in fields(Correction)}
    return {name: None if value is None else _plain(value) for name, value in values.items()}


def corrected(session: Session, correction: Correction) -> Session:
    """The session as decided, unpriced: periods are cut or stretched to the times and scaled to the energy.

    Raises InputError when nothing is corrected, the times are in no order, or the energy has no time to flow in.
    """
    if not correction.decided:
        raise InputError("nothing is corrected: give the energy or a time")
    if correction.energy_wh is not None and correction.energy_wh < 0:
        raise InputError("the energy is below 0; for energy that the car gave back write the session off")
    given = {name: getattr(correction, name) or getattr(session, name) for name in TIMES}
    began = given["started"] or session.plug_in
    given["stopped"] = given["stopped"] and min(given["stopped"], given["plug_out"] or given["stopped"])
    if any(at is not None and at < began for at in given.values()):
        raise InputError("the session would end before it starts at %(at)s", at=began.isoformat())
    if session.closed_at is not None and any(getattr(correction, name) for name in TIMES):
        latest = max(at for at in given.values() if at is not None)
        if latest > session.closed_at + timedelta(days=1):
            raise InputError("the corrected times end more than a day after the session was seen last")
    energy = session.energy_wh if correction.energy_wh is None else correction.energy_wh
    end = given["plug_out"] or given["stopped"]
    periods = tuple(_scaled(_fitted(session.periods, began, given["stopped"], end), energy))
    if energy and not periods:
        raise InputError("the energy has no time to flow in: correct the times too")
    lasting = {kind: timedelta(0) for kind in ("charging", "parking")}
    for period in periods:
        lasting[period.kind] = lasting.get(period.kind, timedelta(0)) + (period.end - period.start)
    charging = lasting["charging"]
    return replace(
        session,
        **given,
        plug_in=min(session.plug_in, began),
        energy_wh=energy,
        periods=periods,
        charging_time=charging,
        idle_time=lasting["parking"],
        average_power_w=energy * timedelta(hours=1) / charging if charging and energy is not None else None,
        details={**session.details, "corrected": ", ".join(correction.decided)},
        bill=None,
    )


def _fitted(periods: Sequence[Period], start: datetime, stopped: datetime | None, end: datetime | None) -> list[Period]:
    """Periods from `start` to `end`, whole; what none was measured for is charging until the stop, parking after it."""
    end = end or (periods[-1].end if periods else start)
    kept = [_cut(period, start, end) for period in periods if period.end > start and period.start < end]
    if not kept:
        return list(_told(start, end, stopped))
    whole = [*_told(start, kept[0].start, stopped), *kept, *_told(kept[-1].end, end, stopped)]
    return [part for period in whole for part in _stopped(period, stopped)]


def _cut(period: Period, start: datetime, end: datetime) -> Period:
    """What of a period is inside the times, with its part of the energy: even over it."""
    start, end = max(period.start, start), min(period.end, end)
    lasting = period.end - period.start
    part = (end - start) / lasting if lasting else 1.0
    return replace(period, start=start, end=end, energy_wh=period.energy_wh * part)


def _stopped(period: Period, stopped: datetime | None) -> Iterator[Period]:
    """A charging period that reaches beyond the stop is parking from there on."""
    if period.kind != "charging" or stopped is None or period.end <= stopped:
        yield period
        return
    if period.start < stopped:
        yield _cut(period, period.start, stopped)
    yield Period(max(period.start, stopped), period.end, "parking", DECIDED, 0.0, None, None)


def _told(start: datetime, end: datetime, stopped: datetime | None) -> Iterator[Period]:
    until = end if stopped is None else min(max(stopped, start), end)
    if until > start:
        yield Period(start, until, "charging", DECIDED, 0.0, None, None)
    if end > until:
        yield Period(until, end, "parking", DECIDED, 0.0, None, None)


def _scaled(periods: Sequence[Period], energy_wh: float | None) -> Iterator[Period]:
    """The periods with the energy spread as it was measured; evenly over the charging time where none was."""
    total = sum(period.energy_wh for period in periods)
    energy = energy_wh or 0.0
    weights = [period.energy_wh / total for period in periods] if total > 0 else _by_time(periods)
    for period, weight in zip(periods, weights, strict=True):
        yield replace(
            period, energy_wh=round(energy * weight, 3), power_w=_power(period, energy * weight, energy, total)
        )


def _by_time(periods: Sequence[Period]) -> list[float]:
    charging = [period.kind == "charging" for period in periods]
    counted = charging if any(charging) else [True] * len(periods)
    spans = [(period.end - period.start).total_seconds() * use for period, use in zip(periods, counted, strict=True)]
    return [span / sum(spans) if sum(spans) else 1 / len(spans) for span in spans]


def _power(period: Period, mine_wh: float, energy_wh: float, measured_wh: float) -> float | None:
    """Of a period whose energy stays as it was measured the power stays too; else what its energy means."""
    if abs(energy_wh - measured_wh) < 0.001 or period.end == period.start:
        return period.power_w
    return mine_wh / ((period.end - period.start) / timedelta(hours=1))


def _plain(value: datetime | float) -> str | float:
    return value.isoformat() if isinstance(value, datetime) else value
