"""Periods cut wherever another element may begin to hold: few of many, so those few one by one in whole numbers."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from monitor.tariffs.selection import SECOND_US, Plan
from monitor.tariffs.vector.columns import Columns, Longs
from monitor.tariffs.vector.ladders import half_even

NANO_PER_MILLI = 1_000_000


@dataclass(frozen=True)
class Pieces:
    """Segments of all sessions in order: period of each, its ends in time (us) and in energy so far (nWh)."""

    period: Longs
    t0: Longs
    t1: Longs
    e0: Longs
    e1: Longs


@dataclass(frozen=True)
class Borders:
    """Where a price may change: moments by the calendar with the elements that hold from each, durations, energies."""

    calendar_us: Longs
    calendar_masks: Longs
    durations_us: list[int]
    energies_nwh: list[int]


def borders(plan: Plan, columns: Columns, zone: ZoneInfo) -> Borders:
    """Those of a tariff over the time that the sessions span."""
    changes = plan.calendar.changes(int(columns.t0.min()), int(columns.t1.max()), zone) if not plan.timeless else []
    return Borders(
        calendar_us=np.array([instant for instant, _ in changes], np.int64),
        calendar_masks=np.array([mask for _, mask in changes], np.int64),
        durations_us=[int(seconds) * SECOND_US for seconds in plan.duration.thresholds],
        energies_nwh=[int(wh.scaleb(9)) for wh in plan.energy.thresholds],
    )


def cut(columns: Columns, at: Borders) -> Pieces:
    """All periods as pieces in which no border lies."""
    session = columns.session
    e1 = _running(columns.energy_mwh * NANO_PER_MILLI, columns.offsets)
    e0 = e1 - columns.energy_mwh * NANO_PER_MILLI
    begun = columns.start[session]
    first = np.searchsorted(at.calendar_us, columns.t0, "right")
    last = np.searchsorted(at.calendar_us, columns.t1, "left")
    crossed = last > first
    for span in at.durations_us:
        crossed |= (begun + span > columns.t0) & (begun + span < columns.t1)
    for energy in at.energies_nwh:
        crossed |= (e0 < energy) & (energy < e1)
    which = np.flatnonzero(crossed)
    counts = np.ones(len(e0), np.int64)
    instants: list[int] = []
    energies: list[int] = []
    for row, a, b, low, high, i, j, start in zip(
        *(each[which].tolist() for each in (np.arange(len(e0)), columns.t0, columns.t1, e0, e1, first, last, begun)),
        strict=True,
    ):
        moments = [*at.calendar_us[i:j].tolist(), *(start + span for span in at.durations_us if a < start + span < b)]
        within = at.energies_nwh[bisect_right(at.energies_nwh, low) : bisect_left(at.energies_nwh, high)]
        points = {(moment, low + half_even((high - low) * (moment - a), b - a)) for moment in moments}
        points |= {(a + half_even((b - a) * (energy - low), high - low), energy) for energy in within}
        ordered = sorted(points)
        counts[row] = len(ordered) + 1
        instants += [a, *(moment for moment, _ in ordered)]
        energies += [low, *(energy for _, energy in ordered)]
    return _pieces(columns, e0, e1, counts, (which, instants, energies))


def _pieces(columns: Columns, e0: Longs, e1: Longs, counts: Longs, found: tuple[Longs, list[int], list[int]]) -> Pieces:
    period = np.repeat(np.arange(len(e0)), counts)
    t_low, e_low = columns.t0[period], e0[period]
    which, instants, energies = found
    ends = np.cumsum(counts)
    rows = np.repeat(ends[which] - counts[which], counts[which])
    places = rows + _counting(counts[which])
    t_low[places], e_low[places] = instants, energies
    t_high, e_high = columns.t1[period], e1[period]
    inner = np.flatnonzero(np.diff(period) == 0)  # pieces that another of their period follows
    t_high[inner], e_high[inner] = t_low[inner + 1], e_low[inner + 1]
    return Pieces(period, t_low, t_high, e_low, e_high)


def _counting(counts: Longs) -> Longs:
    """0 .. n - 1 for each n."""
    total = int(counts.sum())
    return np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)


def _running(values: Longs, offsets: Longs) -> Longs:
    """Sums up to and with each row, from 0 in each session."""
    sums = np.cumsum(values)
    before = np.concatenate(([0], sums))[offsets[:-1]]
    running: Longs = sums - np.repeat(before, np.diff(offsets))
    return running
