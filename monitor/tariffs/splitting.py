"""A session cut into segments within which the choice of prices does not change.

Within a period power is constant, so energy grows in proportion to time: a border in kWh lies at a moment, a border in
time at an amount of energy. Time is whole microseconds, energy at a time border is rounded to a billionth of a Wh;
both are differences of running totals, so segments always sum to what came in.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.tariffs.model import UsageKind, UsagePeriod
from monitor.tariffs.selection import SECOND_US, Choice, Plan, choice_of, mask_of
from monitor.units import to_us

ZERO = Decimal(0)
HOUR_US = Decimal(3_600 * SECOND_US)
NANO = Decimal("1e-9")


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
    timeline = plan.timeline(to_us(start), to_us(periods[-1].end), zone)
    instants = [instant for instant, _ in timeline]
    steady = None if plan.asks_for_flow else plan.everything
    freely = plan.energy.trivial
    last = Cut(to_us(periods[0].start), ZERO)
    previous = periods[0].start
    for period in periods:
        # Neighbours share their border as one object more often than not, and reading a datetime is dear here.
        first = last if period.start is previous else Cut(to_us(period.start), last.energy_wh)
        last, previous = Cut(to_us(period.end), first.energy_wh + period.energy_wh), period.end
        held = _flow_mask(period, first, last, plan) if steady is None else steady
        if period.elements is not None:
            held &= mask_of(plan, period.elements)
        cuts = _cuts(first, last, instants, plan.energy.thresholds)
        billed = None if period.time_s is None else _billed_time(period.time_s, cuts)
        for index in range(len(cuts) - 1):
            low, high = cuts[index], cuts[index + 1]
            by_time = timeline[max(bisect_right(instants, low.instant_us) - 1, 0)][1]
            # The lesser end decides: energy that falls (the car gives it back) leaves a threshold from above.
            by_energy = plan.everything if freely else plan.energy.at(min(low.energy_wh, high.energy_wh))
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
    by_time = timeline[bisect_right([instant for instant, _ in timeline], start_us) - 1][1]
    return choice_of(plan, by_time & plan.energy.at(ZERO) & plan.power.at(ZERO) & plan.current.at(ZERO))


def current_of(period: UsagePeriod) -> Decimal | None:
    """The current that restrictions compare: without energy none flows, whoever measured it."""
    return ZERO if period.current_a is None and not period.energy_wh else period.current_a


def _flow_mask(period: UsagePeriod, first: Cut, last: Cut, plan: Plan) -> int:
    return plan.power.at(power_over(period, last.instant_us - first.instant_us)) & plan.current.at(current_of(period))


def power_of(period: UsagePeriod) -> Decimal | None:
    """The power that restrictions compare: the period's own, else its energy over its length; None: it has none."""
    return power_over(period, to_us(period.end) - to_us(period.start))


def power_over(period: UsagePeriod, length_us: int) -> Decimal | None:
    """`power_of` where the period's length is known already."""
    if period.power_w is not None or not period.energy_wh:
        return period.power_w or ZERO
    return period.energy_wh * HOUR_US / length_us if length_us else None


def _cuts(start: Cut, end: Cut, instants: list[int], thresholds: tuple[Decimal, ...]) -> list[Cut]:
    """A period's ends and, between them, every point at which another element may begin to hold, in order."""
    before, after = start.energy_wh, end.energy_wh
    in_time = instants[bisect_right(instants, start.instant_us) : bisect_left(instants, end.instant_us)]
    low, high = (before, after) if before <= after else (after, before)
    in_energy = thresholds[bisect_right(thresholds, low) : bisect_left(thresholds, high)] if thresholds else ()
    if not in_time and not in_energy:
        return [start, end]
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
