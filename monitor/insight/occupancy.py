"""How much of each hour the EVSEs of a pool were taken, and all of them at once."""

from collections.abc import Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from monitor.insight.local_time import DAY_US, HOUR_US, Ints, local_us, pieces
from monitor.insight.pools import SitePools

HOURS = ("full_s", "taken_s", "arrivals", "after_full", "energy_wh", "stay_s", "idle_s", "timed_s")
"""What is kept of each hour of a day, rows of an array [HOURS, 24] of whole numbers.

`full_s`: seconds in which every EVSE that worked was taken; `taken_s`: EVSE-seconds taken; `after_full`: arrivals
within AFTER_FULL_US of the end of a full stretch. The last four are sums over the sessions that arrived in the hour;
`timed_s`: stays of those whose idle time is known.
"""
DTYPE = np.dtype("<i4")
AFTER_FULL_US = 5 * 60 * 1_000_000
"""Who plugs in so soon after a full site has a place again has probably waited for it."""

KEYS = ("site", "day", "pool")
COLUMNS = (*KEYS, "evses", "full_us", "taken_us", "arrivals", "after_full", "hours")


NEVER = pd.DataFrame({
    "site": pd.Series(dtype=object), "station": pd.Series(dtype=object), "connector": pd.Series(dtype=object),
    "start_us": pd.Series(dtype="int64"), "end_us": pd.Series(dtype="int64"),
})  # fmt: skip
"""No connector was ever down."""


class Stretches(NamedTuple):
    """Stretches of time by the number of whose they are: a pool, or an EVSE."""

    whose: Ints
    start_us: Ints
    end_us: Ints


class Seats(NamedTuple):
    """All EVSEs and pools of some sites by number. `of`: the EVSE of each (site, station, connector)."""

    of: Mapping[tuple[str, str, str], int]
    plugs: Ints
    pool: Ints
    names: list[tuple[str, str]]
    sizes: Ints


def occupancy(
    sessions: pd.DataFrame, pools: Mapping[str, SitePools], zone: ZoneInfo, down: pd.DataFrame = NEVER
) -> pd.DataFrame:
    """COLUMNS by pool and local day of all days that the finished sessions (`daily.COLUMNS`) of some sites touch.

    `down`: when connectors did not work, as columns of NEVER.
    """
    if sessions.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    seats = seats_of({site: pools[site] for site in sessions["site"].unique()})
    evse = _evses(sessions, seats)
    starts, ends = (sessions[name].to_numpy(np.int64) for name in ("plug_in_us", "plug_out_us"))
    cars = merged(Stretches(evse, starts, ends))
    full = full_pools(cars, broken(down, seats), seats)
    first = int(local_us(starts.min(keepdims=True), zone)[0] // DAY_US)
    days = int(local_us(ends.max(keepdims=True), zone)[0] // DAY_US) - first + 1
    grid = np.zeros((len(HOURS), len(seats.names) * days * 24))
    totals = {}
    for name, its in (("full_s", full), ("taken_s", cars._replace(whose=seats.pool[cars.whose]))):
        number, piece_start, piece_end = pieces(its.start_us, its.end_us)
        at = _cells(its.whose[number], piece_start, zone, first, days)
        spans = np.bincount(at, (piece_end - piece_start).astype(float), grid.shape[1])
        totals[name] = spans.reshape(len(seats.names), days, 24).sum(axis=2)
        grid[HOURS.index(name)] = spans / 1e6
    pool = seats.pool[evse]
    at = _cells(pool, starts, zone, first, days)
    for name, values in _of_arrivals(sessions, follows(pool, starts, full)).items():
        grid[HOURS.index(name)] = np.bincount(at, values, grid.shape[1])
    return _rows(grid.reshape(len(HOURS), len(seats.names), days, 24), totals, seats, first)


def full_within(
    sessions: pd.DataFrame,
    pools: Mapping[str, SitePools],
    start_us: int,
    end_us: int,
    down: pd.DataFrame = NEVER,
) -> dict[tuple[str, str], int]:
    """How long (us) (site, pool) was full in a stretch; sites without sessions are left out."""
    if sessions.empty:
        return {}
    seats = seats_of({site: pools[site] for site in sessions["site"].unique()})
    starts, ends = (sessions[name].to_numpy(np.int64) for name in ("plug_in_us", "plug_out_us"))
    full = full_pools(merged(Stretches(_evses(sessions, seats), starts, ends)), broken(down, seats), seats)
    spans = np.maximum(np.minimum(full.end_us, end_us) - np.maximum(full.start_us, start_us), 0)
    totals = np.bincount(full.whose, spans.astype(float), len(seats.names))
    return {name: round(total) for name, total in zip(seats.names, totals, strict=True)}


def seats_of(pools: Mapping[str, SitePools]) -> Seats:
    """The EVSEs and pools of these sites."""
    numbers: dict[tuple[str, str, str], int] = {}
    of, pool, names = {}, [], [(site, pool) for site, its in pools.items() for pool in its.evses]
    number_of = {name: number for number, name in enumerate(names)}
    for site, its in pools.items():
        for (station, connector), seat in its.seats.items():
            key = (site, seat.station, seat.evse)
            if key not in numbers:
                numbers[key] = len(numbers)
                pool.append(number_of[site, seat.pool])
            of[site, station, connector] = numbers[key]
    sizes = [pools[site].evses[name] for site, name in names]
    plugs = np.bincount(np.array(list(of.values()), np.int64), minlength=len(numbers))
    return Seats(of, plugs, np.array(pool, np.int64), names, np.array(sizes, np.int64))


def merged(parts: Stretches) -> Stretches:
    """The same time without overlaps: sessions of two plugs of one EVSE are one stretch."""
    if not len(parts.whose):
        return parts
    order = np.lexsort((parts.start_us, parts.whose))
    whose, since = parts.whose[order], parts.start_us[order]
    reach = pd.Series(parts.end_us[order]).groupby(whose).cummax().to_numpy(np.int64)
    fresh = np.ones(len(order), bool)
    fresh[1:] = (whose[1:] != whose[:-1]) | (since[1:] > reach[:-1])
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], len(order)) - 1
    return Stretches(whose[first], since[first], reach[last])


def broken(down: pd.DataFrame, seats: Seats) -> Stretches:
    """When EVSEs did not work: all their plugs were down."""
    known = [
        (seats.of[site, station, connector], start, end)
        for site, station, connector, start, end in down.itertuples(index=False)
        if (site, station, connector) in seats.of
    ]
    columns = zip(*known, strict=True) if known else ([], [], [])
    plugs = Stretches(*(np.array(column, np.int64) for column in columns))
    return at_once(plugs, plugs, seats.plugs)


def full_pools(cars: Stretches, not_working: Stretches, seats: Seats) -> Stretches:
    """When every EVSE of a pool was taken or did not work, and at least one was taken; both are by EVSE."""
    gone = merged(Stretches(*(np.concatenate(pair) for pair in zip(cars, not_working, strict=True))))
    by_pool = [its._replace(whose=seats.pool[its.whose]) for its in (gone, cars)]
    return at_once(by_pool[0], by_pool[1], seats.sizes)


def at_once(some: Stretches, others: Stretches, sizes: Ints) -> Stretches:
    """When at least `sizes` of a number's stretches of `some` went on, and at least one of `others`."""
    moments = np.concatenate([some.start_us, some.end_us, others.start_us, others.end_us])
    whose = np.concatenate([some.whose, some.whose, others.whose, others.whose])
    up, down = np.ones(len(some.whose), np.int64), np.ones(len(others.whose), np.int64)
    changes = np.concatenate([up, -up, 0 * down, 0 * down]), np.concatenate([0 * up, 0 * up, down, -down])
    # What ends goes before what begins at the same moment.
    order = np.lexsort((changes[0] + changes[1], moments, whose))
    moments, whose = moments[order], whose[order]
    number, there = (np.cumsum(change[order]) for change in changes)
    since, until, its = moments[:-1], moments[1:], whose[:-1]
    held = (its == whose[1:]) & (until > since) & (number[:-1] >= sizes[its]) & (there[:-1] > 0)
    its, since, until = its[held], since[held], until[held]
    fresh = np.ones(len(its), bool)
    fresh[1:] = (its[1:] != its[:-1]) | (since[1:] > until[:-1])
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], len(its)) - 1 if len(its) else first
    return Stretches(its[first], since[first], until[last])


def follows(pool: Ints, starts: Ints, full: Stretches) -> npt.NDArray[np.bool_]:
    """Which arrivals came within AFTER_FULL_US of the end of a full stretch of their pool."""
    after = np.zeros(len(starts), bool)
    if len(full.whose):
        ended = pd.DataFrame({"pool": full.whose, "at": full.end_us, "end": full.end_us}).sort_values("at")
        came = pd.DataFrame({"pool": pool, "at": starts, "row": np.arange(len(starts))}).sort_values("at")
        found = pd.merge_asof(came, ended, on="at", by="pool", tolerance=AFTER_FULL_US)
        after[found["row"].to_numpy()] = found["end"].notna().to_numpy()
    return after


def _of_arrivals(sessions: pd.DataFrame, after_full: npt.NDArray[np.bool_]) -> dict[str, npt.NDArray[np.float64]]:
    """What each session adds to the hour in which it arrived."""
    split = sessions["split_known"].to_numpy(bool)
    stay_s = (sessions["plug_out_us"] - sessions["plug_in_us"]).to_numpy(float) / 1e6
    return {
        "arrivals": np.ones(len(sessions)),
        "after_full": after_full.astype(float),
        "energy_wh": sessions["energy_mwh"].fillna(0).to_numpy(float) / 1000,
        "stay_s": stay_s,
        "idle_s": np.where(split, sessions["idle_us"].to_numpy(float), 0) / 1e6,
        "timed_s": np.where(split, stay_s, 0),
    }


def _evses(sessions: pd.DataFrame, seats: Seats) -> Ints:
    """The number of each session's EVSE."""
    places = sessions.groupby(["site", "station", "connector"], sort=False)
    numbers = np.array([seats.of[place] for place in places.size().index], np.int64)
    return numbers[places.ngroup().to_numpy()]


def _cells(pool: Ints, moments_us: Ints, zone: ZoneInfo, first: int, days: int) -> Ints:
    hours = local_us(moments_us, zone) // HOUR_US
    return pool * (days * 24) + hours - first * 24


def _rows(
    grid: npt.NDArray[np.float64], totals: Mapping[str, npt.NDArray[np.float64]], seats: Seats, first: int
) -> pd.DataFrame:
    whole = np.rint(grid).astype(DTYPE)
    pool, day = np.nonzero(whole.any(axis=(0, 3)))
    sums = {name: whole[HOURS.index(name)].sum(axis=2)[pool, day] for name in ("arrivals", "after_full")}
    return pd.DataFrame({
        "site": [seats.names[number][0] for number in pool],
        "day": day + first,
        "pool": [seats.names[number][1] for number in pool],
        "evses": seats.sizes[pool],
        "full_us": np.rint(totals["full_s"][pool, day]).astype(np.int64),
        "taken_us": np.rint(totals["taken_s"][pool, day]).astype(np.int64),
        **sums,
        "hours": [whole[:, number, its].tobytes() for number, its in zip(pool, day, strict=True)],
    })  # fmt: skip
