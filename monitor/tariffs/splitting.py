"""A session cut into segments within which the choice of prices does not change.

Within a period power is constant, so energy grows in proportion to time: a border in kWh lies at a moment, a border in
time at an amount of energy. Time is whole microseconds, energy at a time border is rounded to a billionth of a Wh;
both are differences of running totals, so segments always sum to what came in.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.tariffs.model import UsageKind, UsagePeriod
from monitor.tariffs.selection import SECOND_US, Choice, Plan, choice_of, mask_of
from monitor.units import to_us

ZERO = Decimal(0)
HOUR_US = Decimal(3_600 * SECOND_US)
NANO = Decimal("1e-9")
NEVER_US = 2**63
"""After every moment."""

_instant = itemgetter(0)


class Segment(NamedTuple):
    """A stretch with one choice of prices. `time_us` is the time to bill, which a CDR may state by itself."""

    start_us: int
    end_us: int
    kind: UsageKind
    energy_wh: Decimal
    time_us: int
    choice: Choice


class Cut(NamedTuple):
    """A point of a period: when, and how much energy the session has had by then."""

    instant_us: int
    energy_wh: Decimal


def segments(periods: Sequence[UsagePeriod], start: datetime, plan: Plan, zone: ZoneInfo) -> Iterator[Segment]:
    """The periods of one pass, split wherever another element of `plan` may begin to hold; `start` is of the pass."""
    timeline = [*plan.timeline(to_us(start), to_us(periods[-1].end), zone), (NEVER_US, 0)]
    thresholds, levels = plan.energy.thresholds, plan.energy.masks
    at = 0  # what of the timeline holds where the period begins
    last = Cut(to_us(periods[0].start), ZERO)
    previous = periods[0].start
    for period in periods:
        # Neighbours share their border as one object more often than not, and reading a datetime is dear here.
        first = last if period.start is previous else Cut(to_us(period.start), last.energy_wh)
        last, previous = Cut(to_us(period.end), first.energy_wh + period.energy_wh), period.end
        held = _held(period, first, last, plan)
        while timeline[at + 1][0] <= first.instant_us:
            at += 1
        low, high = (first.energy_wh, last.energy_wh) if period.energy_wh >= 0 else (last.energy_wh, first.energy_wh)
        level = bisect_right(thresholds, low)
        if last.instant_us > timeline[at + 1][0] or (level < len(thresholds) and thresholds[level] < high):
            yield from _divided(period, _cuts(first, last, timeline, thresholds), plan, timeline, held)
            continue
        yield Segment(
            first.instant_us,
            last.instant_us,
            period.kind,
            period.energy_wh,
            last.instant_us - first.instant_us if period.time_s is None else round(period.time_s * SECOND_US),
            choice_of(plan, timeline[at][1] & levels[level] & held),
        )


def _divided(
    period: UsagePeriod, cuts: list[Cut], plan: Plan, timeline: list[tuple[int, int]], held: int
) -> Iterator[Segment]:
    """A period with borders inside. `held`: the elements that its power and current, and its tariff, let hold."""
    billed = None if period.time_s is None else _billed_time(period.time_s, cuts)
    for index, (low, high) in enumerate(pairwise(cuts)):
        by_time = timeline[max(bisect_right(timeline, low.instant_us, key=_instant) - 1, 0)][1]
        # The lesser end decides: energy that falls (the car gives it back) leaves a threshold from above.
        by_energy = plan.energy.at(min(low.energy_wh, high.energy_wh))
        yield Segment(
            low.instant_us,
            high.instant_us,
            period.kind,
            high.energy_wh - low.energy_wh,
            high.instant_us - low.instant_us if billed is None else billed[index + 1] - billed[index],
            choice_of(plan, by_time & by_energy & held),
        )


def choice_at_start(start: datetime, plan: Plan, zone: ZoneInfo) -> Choice:
    """What holds in a session of no length: nothing has flowed, and nothing flows."""
    start_us = to_us(start)
    timeline = plan.timeline(start_us, start_us, zone)
    by_time = timeline[bisect_right(timeline, start_us, key=_instant) - 1][1]
    return choice_of(plan, by_time & plan.energy.at(ZERO) & plan.power.at(ZERO) & plan.current.at(ZERO))


def current_of(period: UsagePeriod) -> Decimal | None:
    """The current that restrictions compare: without energy none flows, whoever measured it."""
    return ZERO if period.current_a is None and not period.energy_wh else period.current_a


def knows_current(period: UsagePeriod) -> bool:
    """Whether a restriction can compare the period's current."""
    return period.current_a is not None or not period.energy_wh


def knows_power(period: UsagePeriod) -> bool:
    """Whether a restriction can compare the period's power: energy in no time has none."""
    return period.start != period.end or period.power_w is not None or not period.energy_wh


def _held(period: UsagePeriod, first: Cut, last: Cut, plan: Plan) -> int:
    """The elements that may hold in a period as a whole: by its power and current, and by the tariff that it names."""
    held = plan.everything if period.elements is None else mask_of(plan, period.elements)
    if plan.asks_for_flow:
        held &= plan.power.at(power_over(period, last.instant_us - first.instant_us))
        held &= plan.current.at(current_of(period))
    return held


def power_of(period: UsagePeriod) -> Decimal | None:
    """The power that restrictions compare: the period's own, else its energy over its length; None: it has none."""
    return power_over(period, to_us(period.end) - to_us(period.start))


def power_over(period: UsagePeriod, length_us: int) -> Decimal | None:
    """`power_of` where the period's length is known already."""
    if period.power_w is not None or not period.energy_wh:
        return period.power_w or ZERO
    return period.energy_wh * HOUR_US / length_us if length_us else None


def _cuts(start: Cut, end: Cut, timeline: list[tuple[int, int]], thresholds: tuple[Decimal, ...]) -> list[Cut]:
    """A period's ends and, between them, every point at which another element may begin to hold, in order."""
    before, after = start.energy_wh, end.energy_wh
    after_start = bisect_right(timeline, start.instant_us, key=_instant)
    in_time = [instant for instant, _ in timeline[after_start : bisect_left(timeline, end.instant_us, key=_instant)]]
    in_energy = [wh for wh in thresholds if min(before, after) < wh < max(before, after)]
    length_us, energy = end.instant_us - start.instant_us, after - before
    cuts = {Cut(at, (before + energy * (at - start.instant_us) / length_us).quantize(NANO)) for at in in_time}
    cuts |= {Cut(start.instant_us + round(length_us * (wh - before) / energy), wh) for wh in in_energy}
    direction = 1 if energy >= 0 else -1
    return [start, *sorted(cuts, key=lambda cut: (cut.instant_us, direction * cut.energy_wh)), end]


def _billed_time(time_s: Decimal, cuts: list[Cut]) -> list[int]:
    """The stated time to bill up to each cut, in microseconds: it is spread evenly over the period."""
    start, end = cuts[0].instant_us, cuts[-1].instant_us
    volume, length = round(time_s * SECOND_US), end - start
    return [volume * (cut.instant_us - start) // length if length else 0 for cut in cuts[:-1]] + [volume]
