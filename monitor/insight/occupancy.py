"""How much of each hour the EVSEs of a pool were taken, and all of them at once."""

from collections.abc import Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from monitor.insight.local_time import DAY_US, HOUR_US, Ints, local_us, pieces
from monitor.insight.pools import SitePools

HOURS = ("full_s", "taken_s", "arrivals", "after_full", "energy_wh", "stay_s", "idle_s", "timed")
"""What is kept of each hour of a day, rows of an array [HOURS, 24] of whole numbers.

`full_s`: seconds in which every EVSE was taken; `taken_s`: EVSE-seconds taken; `after_full`: arrivals within
AFTER_FULL_US of the end of a full stretch. The last four are sums over the sessions that arrived in the hour; `timed`:
those whose idle time is known.
"""
DTYPE = np.dtype("<i4")
AFTER_FULL_US = 5 * 60 * 1_000_000
"""Who plugs in so soon after a full site has a place again has probably waited for it."""

KEYS = ("site", "day", "pool")
COLUMNS = (*KEYS, "evses", "full_us", "taken_us", "arrivals", "after_full", "hours")


class Full(NamedTuple):
    """Stretches in which every EVSE of a pool was taken, by number of the pool."""

    pool: Ints
    start_us: Ints
    end_us: Ints


def occupancy(sessions: pd.DataFrame, pools: Mapping[str, SitePools], zone: ZoneInfo) -> pd.DataFrame:
    """COLUMNS by pool and local day of all days that the finished sessions (`daily.COLUMNS`) of some sites touch."""
    if sessions.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    pool, evse, names = _numbered(sessions, pools)
    starts, ends = (sessions[name].to_numpy(np.int64) for name in ("plug_in_us", "plug_out_us"))
    sizes = np.array([pools[site].evses[name] for site, name in names])
    owner, begins, finishes = merged(evse, starts, ends)
    pool_of_evse = np.zeros(evse.max() + 1, np.int64)
    pool_of_evse[evse] = pool
    full = full_stretches(pool_of_evse[owner], begins, finishes, sizes)
    first = int(local_us(starts.min(keepdims=True), zone)[0] // DAY_US)
    days = int(local_us(ends.max(keepdims=True), zone)[0] // DAY_US) - first + 1
    grid = np.zeros((len(HOURS), len(names) * days * 24))
    totals = {}
    stretches = (("full_s", full.pool, full.start_us, full.end_us), ("taken_s", pool_of_evse[owner], begins, finishes))
    for row, (name, whose, since, until) in enumerate(stretches):
        number, piece_start, piece_end = pieces(since, until)
        at = _cells(whose[number], piece_start, zone, first, days)
        spans = np.bincount(at, (piece_end - piece_start).astype(float), grid.shape[1])
        totals[name] = spans.reshape(len(names), days, 24).sum(axis=2)
        grid[row] = spans / 1e6
    at = _cells(pool, starts, zone, first, days)
    split = sessions["split_known"].to_numpy(bool)
    weights = {
        "arrivals": np.ones(len(sessions)),
        "after_full": follows(pool, starts, full).astype(float),
        "energy_wh": sessions["energy_mwh"].fillna(0).to_numpy(float) / 1000,
        "stay_s": (ends - starts) / 1e6,
        "idle_s": np.where(split, sessions["idle_us"].to_numpy(float), 0) / 1e6,
        "timed": split.astype(float),
    }
    for name, values in weights.items():
        grid[HOURS.index(name)] = np.bincount(at, values, grid.shape[1])
    return _rows(grid.reshape(len(HOURS), len(names), days, 24), totals, names, sizes, first)


def merged(evse: Ints, starts: Ints, ends: Ints) -> tuple[Ints, Ints, Ints]:
    """Stretches in which each EVSE was taken: sessions that overlap (two plugs of one place) are one."""
    order = np.lexsort((starts, evse))
    whose, since = evse[order], starts[order]
    reach = pd.Series(ends[order]).groupby(whose).cummax().to_numpy(np.int64)
    fresh = np.ones(len(order), bool)
    fresh[1:] = (whose[1:] != whose[:-1]) | (since[1:] > reach[:-1])
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], len(order)) - 1
    return whose[first], since[first], reach[last]


def full_stretches(pool: Ints, starts: Ints, ends: Ints, sizes: Ints) -> Full:
    """When as many EVSEs of a pool were taken as it has."""
    moments = np.concatenate([starts, ends])
    whose = np.concatenate([pool, pool])
    change = np.concatenate([np.ones(len(starts), np.int64), np.full(len(ends), -1)])
    order = np.lexsort((change, moments, whose))  # a car that leaves goes before one that comes at the same moment
    moments, whose, taken = moments[order], whose[order], np.cumsum(change[order])
    since, until, its = moments[:-1], moments[1:], whose[:-1]
    full = (its == whose[1:]) & (until > since) & (taken[:-1] >= sizes[its])
    since, until, its = since[full], until[full], its[full]
    if not len(its):
        return Full(its, since, until)
    fresh = np.ones(len(its), bool)
    fresh[1:] = (its[1:] != its[:-1]) | (since[1:] > until[:-1])
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], len(its)) - 1
    return Full(its[first], since[first], until[last])


def follows(pool: Ints, starts: Ints, full: Full) -> npt.NDArray[np.bool_]:
    """Which arrivals came within AFTER_FULL_US of the end of a full stretch of their pool."""
    if not len(full.pool):
        return np.zeros(len(starts), bool)
    ended = pd.DataFrame({"pool": full.pool, "at": full.end_us, "end": full.end_us}).sort_values("at")
    came = pd.DataFrame({"pool": pool, "at": starts, "row": np.arange(len(starts))}).sort_values("at")
    found = pd.merge_asof(came, ended, on="at", by="pool", tolerance=AFTER_FULL_US)
    after = np.zeros(len(starts), bool)
    after[found["row"].to_numpy()] = found["end"].notna().to_numpy()
    return after


def _numbered(sessions: pd.DataFrame, pools: Mapping[str, SitePools]) -> tuple[Ints, Ints, list[tuple[str, str]]]:
    """The number of each session's pool and EVSE, and what the numbers of pools stand for."""
    places = sessions.groupby(["site", "station", "connector"], sort=False)
    numbers: dict[tuple[str, str], int] = {}
    evses: dict[tuple[str, str, str], int] = {}
    of_place = []
    for site, station, connector in places.size().index:
        seat = pools[site].seats[station, connector]
        pool = numbers.setdefault((site, seat.pool), len(numbers))
        of_place.append((pool, evses.setdefault((site, seat.station, seat.evse), len(evses))))
    seats = np.array(of_place, np.int64)
    which = places.ngroup().to_numpy()
    return seats[which, 0], seats[which, 1], list(numbers)


def _cells(pool: Ints, moments_us: Ints, zone: ZoneInfo, first: int, days: int) -> Ints:
    hours = local_us(moments_us, zone) // HOUR_US
    return pool * (days * 24) + hours - first * 24


def _rows(
    grid: npt.NDArray[np.float64],
    totals: Mapping[str, npt.NDArray[np.float64]],
    names: list[tuple[str, str]],
    sizes: Ints,
    first: int,
) -> pd.DataFrame:
    whole = np.rint(grid).astype(DTYPE)
    pool, day = np.nonzero(whole.any(axis=(0, 3)))
    sums = {name: whole[HOURS.index(name)].sum(axis=2)[pool, day] for name in ("arrivals", "after_full")}
    return pd.DataFrame({
        "site": [names[number][0] for number in pool],
        "day": day + first,
        "pool": [names[number][1] for number in pool],
        "evses": sizes[pool],
        "full_us": np.rint(totals["full_s"][pool, day]).astype(np.int64),
        "taken_us": np.rint(totals["taken_s"][pool, day]).astype(np.int64),
        **sums,
        "hours": [whole[:, number, its].tobytes() for number, its in zip(pool, day, strict=True)],
    })  # fmt: skip


def full_within(
    sessions: pd.DataFrame, pools: Mapping[str, SitePools], start_us: int, end_us: int
) -> dict[tuple[str, str], int]:
    """How long (us) every EVSE of (site, pool) was taken in a stretch; pools without sessions are left out."""
    if sessions.empty:
        return {}
    pool, evse, names = _numbered(sessions, pools)
    sizes = np.array([pools[site].evses[name] for site, name in names])
    pool_of_evse = np.zeros(evse.max() + 1, np.int64)
    pool_of_evse[evse] = pool
    owner, begins, finishes = merged(
        evse, *(sessions[name].to_numpy(np.int64) for name in ("plug_in_us", "plug_out_us"))
    )
    full = full_stretches(pool_of_evse[owner], begins, finishes, sizes)
    spans = np.maximum(np.minimum(full.end_us, end_us) - np.maximum(full.start_us, start_us), 0)
    totals = np.bincount(full.pool, spans.astype(float), len(names))
    return {name: round(total) for name, total in zip(names, totals, strict=True)}
