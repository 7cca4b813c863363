"""Rollups of sessions, brought up to what changed: the work of the scheduler beside the ticks."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import Connection, delete, func, insert, select

from monitor.insight.daily import COLUMNS, daily
from monitor.insight.local_time import DAY_US, midnight_us
from monitor.insight.occupancy import occupancy
from monitor.insight.pools import SitePools, pools_of, shape
from monitor.register import Register
from monitor.state import anomalies, rollup_months
from monitor.state import insight_due as due
from monitor.state.database import Database
from monitor.state.driver_rows import write_rows
from monitor.state.finished import finished, plug_in_us, plug_out_us, seen_at
from monitor.state.insight_tables import insight_days, insight_due, insight_pools, insight_sites
from monitor.state.session_tables import sessions
from monitor.state.spells import spells_down

AT_ONCE = 200_000
"""Sessions that are in memory at a time; a transaction that writes their rollups lasts under half a second."""

UTC = ZoneInfo("UTC")
Days = Sequence[tuple[int, int]]
"""Runs of days, first and last."""


class Rollups:
    """Keeps `insight_*` as the sessions are. One job at a time; several processes may do the same work twice."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._begun = False
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End a run after the piece under way; the next start goes on."""
        self._stopped.set()

    def bring_up_to_date(self, register: Register) -> int:
        """Roll up all days that are due; how many sites had any."""
        if not self._begun:
            with self._database.begin() as tx:
                due.note_once(tx)
            self._begun = True
        with self._database.read() as connection:
            shapes = {row.site: row.shape for row in connection.execute(select(insight_sites))}
        changed = [site for site, was in shapes.items() if was != shape(register, site)]
        if changed:
            with self._database.begin() as tx:
                for site in changed:
                    due.note_site(tx, site)
        done = 0
        while not self._stopped.is_set() and (found := self._next_due()):
            number, days = found
            for piece in _pieces(self._database, days):
                if self._stopped.is_set():
                    break
                self._redo({site: days[site] for site in piece}, number, register)
                done += len(piece)
        return done

    def _next_due(self) -> tuple[int, dict[str, Days]] | None:
        with self._database.read() as connection:
            rows = connection.execute(select(insight_due).order_by(insight_due.c.site, insight_due.c.first_day)).all()
        if not rows:
            return None
        # A UTC day is at most two local ones, whatever the zone.
        by_site = {
            site: _runs((row.first_day - 1, row.last_day + 1) for row in its)
            for site, its in groupby(rows, key=lambda row: row.site)
        }
        return max(row.id for row in rows), by_site

    def _redo(self, days: Mapping[str, Days], number: int, register: Register) -> None:
        with self._database.read() as connection:
            longest = _known(connection, list(days))
            frame = load(connection, days, longest, register)
            firsts = {site: _first(connection, site) for site in days}
            seen = seen_at(connection, list(days))
            down = spells_down(connection, list(days))
        # A stay that is longer than all before is of a day that is due, so it was found without knowing it.
        stays = (frame["plug_out_us"] - frame["plug_in_us"]).groupby(frame["site"]).max()
        found = rolled_up(frame, {site: pools_of(register, site, seen.get(site, ())) for site in days}, down, register)
        with self._database.begin() as tx:
            for site, runs in days.items():
                for table in (insight_days, insight_pools):
                    for first, last in runs:
                        tx.execute(delete(table).where(table.c.site == site, table.c.day.between(first, last)))
                tx.execute(delete(insight_sites).where(insight_sites.c.site == site))
                tx.execute(delete(insight_due).where(insight_due.c.site == site, insight_due.c.id <= number))
            for table, rows in zip((insight_days, insight_pools), found, strict=True):
                write_rows(tx, table, within(rows, days))
            rollup_months.refresh(tx, days)
            for site in days:
                anomalies.refresh(tx, site)
            sites = [
                {
                    "site": site, "shape": shape(register, site), "first_us": first,
                    "longest_us": max(longest.get(site, 0), int(stays.get(site, 0))),
                }
                for site, first in firsts.items() if first is not None
            ]  # fmt: skip
            if sites:
                tx.execute(insert(insight_sites), sites)


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
) -> pd.DataFrame:
    """The finished sessions (`daily.COLUMNS`) that touch some days of sites, or those a day before and after."""
    parts = []
    for site, runs in days.items():
        zone = register.zone(site)
        for first, last in runs:
            start, end = midnight_us(first - 1, zone), midnight_us(last + 2, zone)
            parts.append(
                finished(
                    connection, sessions.c.site == site, plug_in_us >= start - longest.get(site, 0),
                    plug_in_us < end, plug_out_us > start,
                )
            )  # fmt: skip
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    return frame.drop_duplicates("id") if len(parts) > 1 else frame


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


def _runs(spans: Iterator[tuple[int, int]]) -> Days:
    """Days as runs that do not touch; `spans` in the order of their first day."""
    runs: list[tuple[int, int]] = []
    for first, last in spans:
        if runs and first <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], max(runs[-1][1], last))
        else:
            runs.append((first, last))
    return runs


def _pieces(database: Database, days: Mapping[str, Days]) -> Iterator[list[str]]:
    """Sites in groups of about AT_ONCE sessions on their days."""
    piece: list[str] = []
    count = 0
    for site, runs in days.items():
        span = (runs[0][0] * DAY_US, (runs[-1][1] + 1) * DAY_US)
        with database.read() as connection:
            between = (sessions.c.site == site, plug_in_us >= span[0], plug_in_us < span[1])
            count += connection.execute(select(func.count()).select_from(sessions).where(*between)).scalar_one()
        piece.append(site)
        if count >= AT_ONCE:
            yield piece
            piece, count = [], 0
    if piece:
        yield piece


def _known(connection: Connection, sites: Sequence[str]) -> dict[str, int]:
    """The longest stay at each site so far."""
    found = select(insight_sites.c.site, insight_sites.c.longest_us).where(insight_sites.c.site.in_(sites))
    return {row.site: row.longest_us for row in connection.execute(found)}


def _first(connection: Connection, site: str) -> int | None:
    """The first plug-in at a site; None: there are no sessions any more."""
    found = select(func.min(plug_in_us)).where(sessions.c.site == site)
    first: int | None = connection.execute(found).scalar()
    return first
