"""Days of sites rolled up from their sessions: only read and computed, in any process."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import Connection, func, select

from monitor.insight.daily import daily
from monitor.insight.local_time import midnight_us
from monitor.insight.occupancy import occupancy
from monitor.insight.pools import SitePools, pools_of, shape
from monitor.register import Register
from monitor.state import anomalies
from monitor.state.database import Database
from monitor.state.finished import finished_each, plug_in_us, plug_out_us, seen_at
from monitor.state.insight_tables import insight_sites
from monitor.state.session_tables import sessions
from monitor.state.spells import spells_down

UTC = ZoneInfo("UTC")
Days = Sequence[tuple[int, int]]
"""Runs of days, first and last."""


class Made(NamedTuple):
    """Rows to put in place of those of some days of sites."""

    days: Mapping[str, Days]
    connectors: pd.DataFrame
    pools: pd.DataFrame
    shifts: Sequence[Mapping[str, Any]]
    sites: Sequence[Mapping[str, Any]]


def make(database: Database, register: Register, days: Mapping[str, Days]) -> Made:
    """Roll up some days of sites, without changing anything."""
    with database.read() as connection:
        longest = _known(connection, list(days))
        edges = {site: edge for site in days if (edge := _edges(connection, site)) is not None}
        seen = seen_at(connection, list(days))
        down = spells_down(connection, list(days))
        frames = load(connection, days, longest, register)
        shifts = [
            shift
            for site, edge in edges.items()
            for shift in anomalies.look(
                connection, site, edge.last_us, _year(days[site], edge, frames[site], register.zone(site))
            )
        ]
    frame = pd.concat(frames.values(), ignore_index=True)
    # A stay that is longer than all before is of a day that is due, so it was found without knowing it.
    stays = (frame["plug_out_us"] - frame["plug_in_us"]).groupby(frame["site"]).max()
    found = rolled_up(frame, {site: pools_of(register, site, seen.get(site, ())) for site in days}, down, register)
    connectors, pools = (within(each, days) for each in found)
    sites = [
        {
            "site": site, "shape": shape(register, site), "first_us": edge.first_us,
            "longest_us": max(longest.get(site, 0), int(stays.get(site, 0))),
        }
        for site, edge in edges.items()
    ]  # fmt: skip
    return Made(days, connectors, pools, shifts, sites)


def rolled_up(
    frame: pd.DataFrame, pools: Mapping[str, SitePools], down: pd.DataFrame, register: Register
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of `insight_days` and `insight_pools` of sessions; sites of one zone at a time."""
    zones = {site: register.zone(site).key for site in frame["site"].unique()}
    by_zone = frame.groupby(frame["site"].map(zones), sort=False)
    parts = [(daily(its, ZoneInfo(key)), occupancy(its, pools, ZoneInfo(key), down)) for key, its in by_zone]
    days, hours = zip(*parts, strict=True) if parts else ([daily(frame, UTC)], [occupancy(frame, pools, UTC)])
    return pd.concat(days), pd.concat(hours)


def load(
    connection: Connection, days: Mapping[str, Days], longest: Mapping[str, int], register: Register
) -> dict[str, pd.DataFrame]:
    """The finished sessions (`daily.COLUMNS`) of each site that touch some of its days, or a day before or after."""
    its, choices = [], []
    for site, runs in days.items():
        zone = register.zone(site)
        for first, last in runs:
            start, end = midnight_us(first - 1, zone), midnight_us(last + 2, zone)
            within = (plug_in_us >= start - longest.get(site, 0), plug_in_us < end, plug_out_us > start)
            its.append(site)
            choices.append((sessions.c.site == site, *within))
    found: dict[str, pd.DataFrame] = {}
    for site, frame in zip(its, finished_each(connection, choices), strict=True):
        # A stay of several days can be of two runs.
        found[site] = pd.concat([found[site], frame]).drop_duplicates("id") if site in found else frame
    return found


def within(rows: pd.DataFrame, days: Mapping[str, Days]) -> pd.DataFrame:
    """The rows of the days that are to be made anew; those around them were only needed for them."""
    number, names = pd.factorize(rows["site"])
    order = {str(name): n for n, name in enumerate(names)}
    spans = [(order[site], first, last) for site, runs in days.items() if site in order for first, last in runs]
    day, wanted = rows["day"].to_numpy(), np.zeros(len(rows), bool)
    by_site = pd.Series(np.arange(len(rows))).groupby(number).indices
    for site, first, last in spans:
        its = by_site[site]
        wanted[its] |= (day[its] >= first) & (day[its] <= last)
    return rows[wanted]


def _known(connection: Connection, sites: Sequence[str]) -> dict[str, int]:
    """The longest stay at each site so far."""
    found = select(insight_sites.c.site, insight_sites.c.longest_us).where(insight_sites.c.site.in_(sites))
    return {row.site: row.longest_us for row in connection.execute(found)}


class Edges(NamedTuple):
    """The first and the last plug-in at a site."""

    first_us: int
    last_us: int


def _edges(connection: Connection, site: str) -> Edges | None:
    """None: there are no sessions any more."""
    edges = (func.min(plug_in_us), func.max(plug_in_us))
    found = connection.execute(select(*edges).where(sessions.c.site == site)).one()
    return None if found[0] is None else Edges(*found)


def _year(runs: Days, edges: Edges, frame: pd.DataFrame, zone: ZoneInfo) -> pd.DataFrame | None:
    """The sessions of a site, where all that anomalies are looked for in are among them."""
    first, last = runs[-1]
    since = max(edges.last_us - anomalies.LOOKED_BACK_US, edges.first_us)
    return frame if midnight_us(first, zone) <= since and edges.last_us < midnight_us(last + 1, zone) else None
