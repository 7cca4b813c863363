"""Sums of sessions over any time: whole local days from the rollups, what is left at both ends from the sessions."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection, func, select, union

from monitor.ids import Place
from monitor.insight.congestion import PoolWeek
from monitor.insight.daily import SUMS, daily
from monitor.insight.local_time import DAY_US, day_of, local_us, midnight_us, split_months
from monitor.insight.occupancy import HOURS, NEVER, full_within
from monitor.insight.performance import Sums, added
from monitor.insight.pools import pools_of
from monitor.register import Register
from monitor.state.database import chunks
from monitor.state.finished import finished, plug_in_us
from monitor.state.insight_tables import (
    insight_days,
    insight_months,
    insight_pool_months,
    insight_pools,
    insight_ports,
    insight_sites,
)
from monitor.state.rollup_months import AGGREGATES, WEEK, weeks
from monitor.state.session_tables import sessions
from monitor.state.spells import spells_down
from monitor.units import to_us

_WHOLE = [way == "sum" and name not in {"soc_in", "soc_out"} for name, way in SUMS.items()]


class Asked(NamedTuple):
    """Sessions by plug-in, start <= plug_in < end, of one site or all."""

    start: datetime
    end: datetime
    site: str | None = None


class SiteEdge(NamedTuple):
    """What the rollups know of a site as a whole."""

    first_us: int
    longest_us: int


def known_sites(connection: Connection, site: str | None = None) -> dict[str, SiteEdge]:
    """Sites that have had sessions."""
    every = select(insight_sites.c.site, insight_sites.c.first_us, insight_sites.c.longest_us)
    found = every if site is None else every.where(insight_sites.c.site == site)
    return {row.site: SiteEdge(row.first_us, row.longest_us) for row in connection.execute(found)}


def sums_of(connection: Connection, asked: Asked, register: Register) -> dict[Place, Sums]:
    """`daily.SUMS` of every connector that had sessions."""
    parts: dict[Place, list[Sums]] = {}
    for zone, sites in _by_zone(connection, asked.site, register).items():
        first, last, ends = whole_days(asked.start, asked.end, zone)
        for place, sums in _stored(connection, list(sites), first, last):
            parts.setdefault(place, []).append(sums)
        for start_us, end_us in ends:
            frame = _plugged_in(connection, list(sites), start_us, end_us, asked.site)
            for row in daily(frame, zone).drop(columns="day").to_dict("records"):
                sums = {name: None if pd.isna(row[name]) else row[name] for name in SUMS}
                parts.setdefault(Place(row["site"], row["station"], row["connector"]), []).append(sums)
    return {place: its[0] if len(its) == 1 else added(its) for place, its in parts.items()}


def full_shares(
    connection: Connection, asked: Asked, register: Register, *, from_first: bool, upto: datetime
) -> dict[Place, float]:
    """The share of the time in which each connector's pool was full. Sites that had never had a session are left out:
    nobody knows.

    `from_first`: counted from each site's first plug-in on. `upto`: the end of the days that are taken whole, where
    nothing can have happened after `asked.end`.
    """
    found: dict[Place, float] = {}
    for zone, sites in _by_zone(connection, asked.site, register).items():
        first, last, ends = whole_days(asked.start, upto, zone)
        pools = {site: pools_of(register, site, seen) for site, seen in _seen(connection, list(sites)).items()}
        down = spells_down(connection, list(sites)) if ends else NEVER
        full: dict[tuple[str, str], float] = {}
        for key, more in _stored_full(connection, list(sites), first, last):
            full[key] = full.get(key, 0) + more
        for start_us, end_us in ends:
            longest = max(edge.longest_us for edge in sites.values())
            frame = _plugged_in(connection, list(sites), start_us - longest, end_us, asked.site)
            for key, more in full_within(frame, pools, start_us, end_us, down).items():
                full[key] = full.get(key, 0) + more
        for site, edge in sites.items():
            began = max(to_us(asked.start), edge.first_us) if from_first else to_us(asked.start)
            span = to_us(asked.end) - began
            if edge.first_us >= to_us(asked.end) or span <= 0 or site not in pools:
                continue
            for (station, connector), seat in pools[site].seats.items():
                found[Place(site, station, connector)] = full.get((site, seat.pool), 0) / span
    return found


def _seen(connection: Connection, sites: list[str]) -> dict[str, list[tuple[str, str]]]:
    """Stations and connectors that were rolled up, or of which a status is known, by site."""
    found: dict[str, list[tuple[str, str]]] = {}
    for some in chunks(sites):
        places = [
            select(*(table.c[name] for name in ("site", "station", "connector"))).where(table.c.site.in_(some))
            for table in (insight_months, insight_ports)
        ]
        for site, station, connector in connection.execute(union(*places)):
            found.setdefault(site, []).append((station, connector))
    return found


def whole_days(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[int, int, list[tuple[int, int]]]:
    """The local days that lie within, first and last, and what is left at both ends (epoch us).

    Where no day lies within, the last is before the first, and all is left.
    """
    start_us, end_us = to_us(start), to_us(end)
    first, last = (int(local_us(np.array([at]), zone)[0] // DAY_US) for at in (start_us, end_us))
    first += midnight_us(first, zone) < start_us
    if last <= first:
        return first, first - 1, [(start_us, end_us)]
    edges = [(start_us, midnight_us(first, zone)), (midnight_us(last, zone), end_us)]
    return first, last - 1, [(since, until) for since, until in edges if since < until]


def _by_zone(connection: Connection, site: str | None, register: Register) -> dict[ZoneInfo, dict[str, SiteEdge]]:
    found: dict[ZoneInfo, dict[str, SiteEdge]] = {}
    for key, edge in known_sites(connection, site).items():
        found.setdefault(register.zone(key), {})[key] = edge
    return found


def _stored(connection: Connection, sites: list[str], first: int, last: int) -> Iterator[tuple[Place, Sums]]:
    months, runs = split_months(first, last)
    spans = [(insight_days, insight_days.c.day, run) for run in runs]
    if months:
        spans.append((insight_months, insight_months.c.month, months))
    for table, time, span in spans:
        columns = [AGGREGATES[way](table.c[name]).label(name) for name, way in SUMS.items()]
        place = (table.c.site, table.c.station, table.c.connector)
        for some in chunks(sites):
            chosen = select(*place, *columns).where(table.c.site.in_(some), time.between(*span)).group_by(*place)
            for row in connection.execute(chosen).cursor.fetchall():
                # PostgreSQL adds whole numbers up to decimals.
                values = (int(v) if whole else v for whole, v in zip(_WHOLE, row[3:], strict=True))
                yield Place(*row[:3]), dict(zip(SUMS, values, strict=True))


def _stored_full(
    connection: Connection, sites: list[str], first: int, last: int
) -> Iterator[tuple[tuple[str, str], int]]:
    months, runs = split_months(first, last)
    spans = [(insight_pools, insight_pools.c.day, run) for run in runs]
    if months:
        spans.append((insight_pool_months, insight_pool_months.c.month, months))
    for table, time, span in spans:
        for some in chunks(sites):
            key = (table.c.site, table.c.pool)
            chosen = select(*key, func.sum(table.c.full_us)).where(table.c.site.in_(some), time.between(*span))
            for site, pool, full_us in connection.execute(chosen.group_by(*key)):
                yield (site, pool), int(full_us)


def _plugged_in(connection: Connection, sites: list[str], start_us: int, end_us: int, site: str | None) -> pd.DataFrame:
    """Finished sessions of some sites by plug-in."""
    within = (plug_in_us >= start_us, plug_in_us < end_us, sessions.c.plug_out_us.is_not(None))
    if site is not None:
        return finished(connection, sessions.c.site == site, *within)
    found = finished(connection, *within)
    return found[found["site"].isin(sites)]


class Day(NamedTuple):
    """A local day of a site, or of all: cars that came, EVSE-time taken, time in which a pool was full."""

    day: int
    arrivals: int
    taken_us: int
    full_us: int


def days_of(
    connection: Connection, register: Register, start: datetime | None, end: datetime, site: str | None
) -> list[Day]:
    """Every day on which anything happened, oldest first."""
    sums = (func.sum(insight_pools.c[name]) for name in ("arrivals", "taken_us", "full_us"))
    zone = register.zone(site or "")
    last = day_of(end - timedelta(microseconds=1), zone)
    chosen = select(insight_pools.c.day, *sums).where(insight_pools.c.day <= last)
    if start is not None:
        chosen = chosen.where(insight_pools.c.day >= day_of(start, zone))
    if site is not None:
        chosen = chosen.where(insight_pools.c.site == site)
    found = connection.execute(chosen.group_by(insight_pools.c.day).order_by(insight_pools.c.day))
    return [Day(row[0], *map(int, row[1:])) for row in found]


def weeks_of(connection: Connection, asked: Asked, register: Register) -> list[PoolWeek]:
    """Every pool's hours of the week over the local days that lie within, by site and pool.

    A day counts from the site's first plug-in on.
    """
    found = []
    for zone, sites in _by_zone(connection, asked.site, register).items():
        first, last, _ = whole_days(asked.start, asked.end, zone)
        for (site, pool), (evses, week) in _stored_weeks(connection, list(sites), first, last).items():
            began = max(first, int(local_us(np.array([sites[site].first_us]), zone)[0] // DAY_US))
            days = np.bincount((np.arange(began, last + 1) + 3) % 7, minlength=7)
            found.append(PoolWeek(site, pool, evses, week, days))
    return sorted(found, key=lambda week: (week.site, week.pool))


def _stored_weeks(
    connection: Connection, sites: list[str], first: int, last: int
) -> dict[tuple[str, str], tuple[int, npt.NDArray[np.int64]]]:
    """EVSEs and hours of the week [HOURS, 168] by (site, pool)."""
    months, runs = split_months(first, last)
    found: dict[tuple[str, str], tuple[int, npt.NDArray[np.int64]]] = {}

    def add(key: tuple[str, str], evses: int, week: npt.NDArray[np.int64]) -> None:
        found[key] = (evses, week + found[key][1] if key in found else week)

    for some in chunks(sites):
        if months:
            table = insight_pool_months
            chosen = select(table).where(table.c.site.in_(some), table.c.month.between(*months)).order_by(table.c.month)
            for row in connection.execute(chosen):
                add((row.site, row.pool), row.evses, np.frombuffer(row.week, WEEK).reshape(len(HOURS), 168))
        for run in runs:
            chosen = select(insight_pools).where(insight_pools.c.site.in_(some), insight_pools.c.day.between(*run))
            rows = connection.execute(chosen.order_by(insight_pools.c.day)).all()
            if rows:
                numbers: dict[tuple[str, str], int] = {}
                which = np.array([numbers.setdefault((row.site, row.pool), len(numbers)) for row in rows])
                evses = {(row.site, row.pool): row.evses for row in rows}
                by_pool = weeks([row.hours for row in rows], which, [row.day for row in rows])
                for key, week in zip(numbers, by_pool, strict=True):
                    add(key, evses[key], week)
    return found
