"""Rollups of sessions, brought up to what changed: the work of the scheduler beside the ticks."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import groupby

from sqlalchemy import delete, func, insert, select

from monitor.insight.local_time import DAY_US
from monitor.insight.pools import shape
from monitor.register import Register
from monitor.state import anomalies, rollup_months
from monitor.state import insight_due as due
from monitor.state.database import Database
from monitor.state.driver_rows import write_rows
from monitor.state.finished import plug_in_us
from monitor.state.insight_tables import insight_days, insight_due, insight_pools, insight_sites
from monitor.state.rollup_days import Days, Made
from monitor.state.rollup_process import made_ahead
from monitor.state.session_tables import sessions

AT_ONCE = 50_000
"""Sessions that are in memory at a time; a transaction that writes their rollups lasts under half a second."""


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
            pieces = ({site: days[site] for site in piece} for piece in _pieces(self._database, days))
            with closing(made_ahead(self._database, register, pieces)) as every:
                for made in every:
                    self._keep(made, number)
                    done += len(made.days)
                    if self._stopped.is_set():
                        break
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

    def _keep(self, made: Made, number: int) -> None:
        with self._database.begin() as tx:
            for site, runs in made.days.items():
                for table in (insight_days, insight_pools):
                    for first, last in runs:
                        tx.execute(delete(table).where(table.c.site == site, table.c.day.between(first, last)))
                tx.execute(delete(insight_sites).where(insight_sites.c.site == site))
                tx.execute(delete(insight_due).where(insight_due.c.site == site, insight_due.c.id <= number))
            write_rows(tx, insight_days, made.connectors)
            write_rows(tx, insight_pools, made.pools)
            rollup_months.refresh(tx, made.days, made.connectors, made.pools)
            anomalies.keep(tx, list(made.days), made.shifts)
            if made.sites:
                tx.execute(insert(insight_sites), made.sites)


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
