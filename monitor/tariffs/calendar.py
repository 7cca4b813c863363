"""Restrictions by local time of day, weekday and date, as a function of absolute time: which elements hold from when.

An element is one bit of a whole number; a set of elements is such a number ("mask").
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from monitor.tariffs.ocpi import WEEKDAYS, Restrictions
from monitor.units import from_us, to_us

DAY_US = 86_400_000_000
MIDNIGHT = time(0)


@dataclass(frozen=True)
class Hours:
    """The calendar part of one element's restrictions."""

    start: time
    end: time
    weekdays: frozenset[int]
    first: date
    end_date: date

    def holds(self, local: datetime) -> bool:
        """Whether a local wall-clock time lies within. A start equal to the end is a whole day."""
        if local.weekday() not in self.weekdays or not self.first <= local.date() < self.end_date:
            return False
        moment = local.time()
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


def hours_of(restrictions: Restrictions) -> Hours:
    """What the restrictions say about local time; without a word about it: always."""
    days = [WEEKDAYS.index(day) for day in restrictions.day_of_week or WEEKDAYS]
    return Hours(
        start=restrictions.start_time or MIDNIGHT,
        end=restrictions.end_time or MIDNIGHT,
        weekdays=frozenset(days),
        first=restrictions.start_date or date.min,
        end_date=restrictions.end_date or date.max,
    )


@dataclass(frozen=True, eq=False)
class Calendar:
    """The calendar parts of a tariff's elements, in order. Compared by identity, so that days can be remembered."""

    elements: tuple[Hours, ...]

    @property
    def trivial(self) -> bool:
        """Whether no element says anything about local time."""
        return all(hours == hours_of(Restrictions()) for hours in self.elements)

    def changes(self, start_us: int, end_us: int, zone: ZoneInfo) -> list[tuple[int, int]]:
        """(epoch microseconds, mask) pairs: what holds from each moment on; the first is at or before `start_us`.

        Local days are 23, 24 or 25 hours long, and some never were; so time is cut into UTC days, and each of
        those at every moment at which the wall clock passes a border.
        """
        days = range(start_us // DAY_US, max(end_us - 1, start_us) // DAY_US + 1)
        return _merged(change for day in days for change in _utc_day(self, zone, day))

    def mask(self, instant_us: int, zone: ZoneInfo) -> int:
        """The elements that hold at one moment."""
        local = from_us(instant_us).astimezone(zone)
        return sum(1 << bit for bit, hours in enumerate(self.elements) if hours.holds(local))


@lru_cache(maxsize=4096)
def _utc_day(calendar: Calendar, zone: ZoneInfo, day: int) -> tuple[tuple[int, int], ...]:
    start, end = day * DAY_US, (day + 1) * DAY_US
    times = {MIDNIGHT} | {moment for hours in calendar.elements for moment in (hours.start, hours.end)}
    borders = {start, *_clock_changes(start, end, zone)}
    first = from_us(start).astimezone(zone).date()
    for offset in (-1, 0, 1, 2):
        for moment in times:
            borders.update(_instants(first + timedelta(days=offset), moment, zone))
    instants = sorted(border for border in borders if start <= border < end)
    return tuple(_merged((instant, calendar.mask(instant, zone)) for instant in instants))


def _instants(day: date, moment: time, zone: ZoneInfo) -> list[int]:
    """When a wall clock shows this: twice in the hour that autumn repeats, beside spring's gap (which does no harm)."""
    local = datetime.combine(day, moment, zone)
    return [to_us(local.replace(fold=fold).astimezone(UTC)) for fold in (0, 1)]


def _clock_changes(start_us: int, end_us: int, zone: ZoneInfo) -> list[int]:
    """When the zone's offset changes within a UTC day: a border where the clock jumps over one."""

    def offset(instant_us: int) -> timedelta | None:
        return from_us(instant_us).astimezone(zone).utcoffset()

    if offset(start_us) == offset(end_us):
        return []
    minutes = range(start_us, end_us + 1, 60_000_000)  # zones change at whole minutes
    return [minutes[bisect_left(minutes, True, key=lambda instant: offset(instant) != offset(start_us))]]


def _merged(changes: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for change in changes:
        if not kept or kept[-1][1] != change[1]:
            kept.append(change)
    return kept


def overlay(first: Sequence[tuple[int, int]], second: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Two such functions of time at once: an element holds where both let it. Both start at or before what is asked."""
    instants = sorted({instant for instant, _ in (*first, *second)})
    both, at = [], [0, 0]
    for instant in instants:
        for index, changes in enumerate((first, second)):
            while at[index] + 1 < len(changes) and changes[at[index] + 1][0] <= instant:
                at[index] += 1
        both.append((instant, first[at[0]][1] & second[at[1]][1]))
    return _merged(both)
