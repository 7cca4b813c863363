"""Which pools have too little of what: how full by hour of the week, how long the wait, and what is lost. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from monitor.insight.erlang import erlang_c, mean_wait_s, servers_for
from monitor.insight.occupancy import HOURS

Bottleneck = Literal["plugs", "power", "idle", "faults"]
WEEK_HOURS = 168
MONTH_DAYS = 30

FULL_ENOUGH = 0.005
"""Below half a percent of the time full (an hour a week) there is no bottleneck to name."""
DOWN_SHARE, IDLE_SHARE, LIMITED_SHARE = 0.1, 0.3, 0.5
"""From which on faults, idle cars and shared power are named, in this order: all are cheaper to mend than plugs."""

Week = npt.NDArray[np.float64]
"""A number for each hour of the week, Monday 00-01 first."""


@dataclass(frozen=True, eq=False)
class PoolWeek:
    """What a pool's hours add up to. `hours`: [HOURS, 168]; `days`: how often each weekday lies in the time.

    `down_share`: the part of its EVSEs' known time in which they were down; None: unknown. `limited_share`: sessions of
    which the diagnosis is shared or managed power; None: no session tells.
    """

    site: str
    pool: str
    evses: int
    hours: npt.NDArray[np.int64]
    days: npt.NDArray[np.int64]
    down_share: float | None = None
    limited_share: float | None = None

    def of(self, name: str) -> Week:
        """One row of the hours."""
        found: Week = self.hours[HOURS.index(name)].astype(float)
        return found

    @property
    def observed(self) -> Week:
        """How often each hour of the week was."""
        return np.repeat(self.days.astype(float), 24)


def together(weeks: Iterable[PoolWeek]) -> list[PoolWeek]:
    """The weeks of several times as one of each pool."""
    found: dict[tuple[str, str], PoolWeek] = {}
    for week in weeks:
        key = (week.site, week.pool)
        before = found.get(key)
        found[key] = week if before is None else replace(
            week, hours=before.hours + week.hours, days=before.days + week.days
        )  # fmt: skip
    return list(found.values())


@dataclass(frozen=True, eq=False)
class Congestion:
    """The figures of `figures.of_kind("congestion")` of a pool; `full_by_hour`, `load_by_hour`: for its heat map."""

    site: str
    pool: str
    evses: int
    pool_full_share: float | None
    taken_share: float | None
    arrivals: int
    after_full: int
    peak_hour: int | None
    peak_load: float | None
    stay_s: float | None
    wait_share: float | None
    wait_s: float | None
    evses_needed: int | None
    lost_sessions: float | None
    pool_idle_share: float | None
    bottleneck: Bottleneck | None
    full_by_hour: list[float | None]
    load_by_hour: list[float | None]


def congestion(week: PoolWeek, target_wait_s: float) -> Congestion:
    """The figures of one pool."""
    times, arrivals = week.observed, int(week.of("arrivals").sum())
    span_s = 3600 * times.sum()
    full, load = _per_hour(week.of("full_s"), times), _per_hour(week.of("taken_s"), times)
    stay = float(week.of("taken_s").sum()) / arrivals if arrivals else None
    peak = int(np.argmax(load)) if arrivals else None
    peak_load = None if peak is None else float(load[peak])
    idle_share = _idle_share(week)
    full_share = float(week.of("full_s").sum() / span_s) if span_s else None
    known = peak_load is not None and stay is not None
    return Congestion(
        site=week.site,
        pool=week.pool,
        evses=week.evses,
        pool_full_share=full_share,
        taken_share=float(week.of("taken_s").sum() / span_s / week.evses) if span_s else None,
        arrivals=arrivals,
        after_full=int(week.of("after_full").sum()),
        peak_hour=peak,
        peak_load=peak_load,
        stay_s=stay,
        wait_share=erlang_c(week.evses, peak_load) if peak_load is not None else None,
        wait_s=mean_wait_s(week.evses, peak_load, stay) if peak_load is not None and stay is not None else None,
        evses_needed=servers_for(peak_load or 0, stay or 0, target_wait_s) if known else None,
        lost_sessions=lost(week),
        pool_idle_share=idle_share,
        bottleneck=bottleneck(full_share, week.down_share, idle_share, week.limited_share),
        full_by_hour=_cells(full, times),
        load_by_hour=_cells(load, times),
    )


def lost(week: PoolWeek) -> float | None:
    """Sessions in 30 days that found every EVSE taken and left, as an estimate: in each hour of the week as many come
    while the pool is full as while it has a place, and none of them waits. None without a day that is over.

    An hour that is always full is taken at the rate of the hours in which it is not.
    """
    days = week.days.sum()
    if not days:
        return None
    open_s = np.maximum(3600 * week.observed - week.of("full_s"), 0)
    arrivals = week.of("arrivals")
    known = open_s >= 600
    usual = arrivals[known].sum() / open_s[known].sum() if open_s[known].sum() else 0.0
    rates = np.where(known, arrivals / np.where(known, open_s, 1), usual)
    return float((rates * week.of("full_s")).sum() / days * MONTH_DAYS)


def bottleneck(full: float | None, down: float | None, idle: float | None, limited: float | None) -> Bottleneck | None:
    """What a full pool has too little of; None where it is hardly ever full."""
    if full is None or full < FULL_ENOUGH:
        return None
    if (down or 0) >= DOWN_SHARE:
        return "faults"
    if (idle or 0) >= IDLE_SHARE:
        return "idle"
    return "power" if (limited or 0) >= LIMITED_SHARE else "plugs"


def by_need(found: list[Congestion]) -> list[Congestion]:
    """Those that lose most sessions first; of equal ones the fullest, then by name."""
    return sorted(
        found, key=lambda each: (-(each.lost_sessions or 0), -(each.pool_full_share or 0), each.site, each.pool)
    )


def _idle_share(week: PoolWeek) -> float | None:
    """Idle time over the stays of the sessions of which it is known."""
    timed = week.of("timed_s").sum()
    return float(week.of("idle_s").sum() / timed) if timed else None


def _per_hour(seconds: Week, times: Week) -> Week:
    return np.divide(seconds, 3600 * times, out=np.zeros(WEEK_HOURS), where=times > 0)


def _cells(values: Week, times: Week) -> list[float | None]:
    known: list[bool] = (times > 0).tolist()
    return [value if seen else None for value, seen in zip(np.round(values, 6).tolist(), known, strict=True)]
