"""Which price component holds: per dimension the first element that has the dimension and whose restrictions hold.

A tariff is compiled once into a `Plan`. Each restriction becomes a step function from what it restricts (energy so
far, power, current, time) to the set of elements that it lets hold, and what holds is the intersection of those sets.
A set of elements is a whole number with one bit for each ("mask").
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from monitor.tariffs.calendar import Calendar, hours_of, overlay
from monitor.tariffs.model import Dimension
from monitor.tariffs.ocpi import Element, PriceComponent, Tariff

Pass = Literal["session", "reservation", "expired"]
"""What is priced in one go: the session, the reservation before it, or a reservation that no session followed."""

SECOND_US = 1_000_000
KILO = 1000


class Picked(NamedTuple):
    """A price component and the index of its element in the tariff."""

    element: int
    component: PriceComponent


class Choice(NamedTuple):
    """What holds at one moment, per dimension; None: free."""

    energy: Picked | None
    time: Picked | None
    parking: Picked | None
    flat: Picked | None


@dataclass(frozen=True)
class Ladder:
    """A quantity's restrictions: `masks[i]` holds from `thresholds[i - 1]` on, below `thresholds[i]`."""

    thresholds: tuple[Decimal, ...]
    masks: tuple[int, ...]
    unknown: int

    @property
    def trivial(self) -> bool:
        """Whether no element restricts this quantity."""
        return not self.thresholds

    def at(self, value: Decimal | None) -> int:
        """The elements that let this value pass; a value nobody knows meets no restriction on it."""
        return self.unknown if value is None else self.masks[bisect_right(self.thresholds, value)]


@dataclass(frozen=True, eq=False)
class Plan:
    """A tariff's elements of one pass, in the order in which they are asked. Compared by identity."""

    elements: tuple[tuple[int, Element], ...]
    everything: int
    calendar: Calendar
    timeless: bool
    asks_for_flow: bool
    duration: Ladder
    energy: Ladder
    power: Ladder
    current: Ladder

    def timeline(self, start_us: int, end_us: int, zone: ZoneInfo) -> list[tuple[int, int]]:
        """(epoch microseconds, mask) pairs over a session that starts at `start_us`: clock, calendar and duration."""
        by_duration = [(start_us, self.duration.masks[0])]
        for threshold, mask in zip(self.duration.thresholds, self.duration.masks[1:], strict=True):
            by_duration.append((start_us + int(threshold * SECOND_US), mask))
        if self.timeless:
            return by_duration
        return overlay(self.calendar.changes(start_us, end_us, zone), by_duration)


@lru_cache(maxsize=1024)
def plan_of(tariff: Tariff, part: Pass) -> Plan:
    """The tariff compiled for one pass."""
    elements = _elements(tariff, part)
    restrictions = [element.restrictions for _, element in elements]
    calendar = Calendar(tuple(hours_of(each) for each in restrictions))
    power = _ladder([(_base(each.min_power), _base(each.max_power)) for each in restrictions])
    current = _ladder([(each.min_current, each.max_current) for each in restrictions])
    return Plan(
        elements=elements,
        everything=(1 << len(elements)) - 1,
        calendar=calendar,
        timeless=calendar.trivial,
        asks_for_flow=not (power.trivial and current.trivial),
        duration=_ladder([(_decimal(each.min_duration), _decimal(each.max_duration)) for each in restrictions]),
        energy=_ladder([(_base(each.min_kwh), _base(each.max_kwh)) for each in restrictions]),
        power=power,
        current=current,
    )


@lru_cache(maxsize=1024)
def mask_of(plan: Plan, elements: range) -> int:
    """Those of the plan's elements that the tariff has at these places."""
    return _mask(index in elements for index, _ in plan.elements)


@lru_cache(maxsize=16384)
def choice_of(plan: Plan, mask: int) -> Choice:
    """The first component of each dimension among the elements of `mask`."""
    held = [pair for bit, pair in enumerate(plan.elements) if mask >> bit & 1]
    return Choice(_first(held, "ENERGY"), _first(held, "TIME"), _first(held, "PARKING_TIME"), _first(held, "FLAT"))


def _first(elements: Iterable[tuple[int, Element]], dimension: Dimension) -> Picked | None:
    for index, element in elements:
        component = element.component(dimension)
        if component:
            return Picked(index, component)
    return None


def _elements(tariff: Tariff, part: Pass) -> tuple[tuple[int, Element], ...]:
    numbered = list(enumerate(tariff.elements))
    if part == "session":
        return tuple(pair for pair in numbered if pair[1].restrictions.reservation is None)
    reserved = [pair for pair in numbered if pair[1].restrictions.reservation == "RESERVATION"]
    if part == "reservation":
        return tuple(reserved)
    # OCPI: an expired reservation's time is priced by RESERVATION_EXPIRES where both price it, whatever the order.
    expires = [pair for pair in numbered if pair[1].restrictions.reservation == "RESERVATION_EXPIRES"]
    return tuple(expires + reserved)


def _ladder(bounds: Sequence[tuple[Decimal | None, Decimal | None]]) -> Ladder:
    """Step function of (min inclusive, max exclusive) per element; a min of 0 restricts, because V2G goes below it."""
    thresholds = tuple(sorted({bound for pair in bounds for bound in pair if bound is not None}))
    masks = [_mask(low is None for low, _ in bounds)]  # below every threshold
    masks += [
        _mask((low is None or low <= value) and (high is None or value < high) for low, high in bounds)
        for value in thresholds
    ]
    return Ladder(thresholds, tuple(masks), _mask(low is None and high is None for low, high in bounds))


def _mask(bits: Iterable[bool]) -> int:
    return sum(1 << index for index, bit in enumerate(bits) if bit)


def _decimal(seconds: int | None) -> Decimal | None:
    return None if seconds is None else Decimal(seconds)


def _base(kilo: Decimal | None) -> Decimal | None:
    return None if kilo is None else kilo * KILO
