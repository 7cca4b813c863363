"""What rules knew of sessions at a moment in the past, from stored sessions and the readings until then."""

from dataclasses import replace
from datetime import datetime, timedelta

from monitor.readings.store import Snapshot
from monitor.register import Register
from monitor.rules.frame import SESSIONS, Facts
from monitor.sessions.for_rules import sessions_table
from monitor.sessions.history_table import HistoryTable
from monitor.sessions.model import Session
from monitor.state.sessions import SessionStore
from monitor.units import to_us

_LOOK = 500
"""Sessions of a site before the moment among which those that were under way are looked for."""

_SO_FAR = """
SELECT u.* EXCLUDE (peak_w, energy_wh), m.peak_w, m.energy_wh FROM under_way u LEFT JOIN (
    SELECT u.session, max(m.power_mw) / 1000e0 AS peak_w,
        (max(m.energy_mwh) - min(m.energy_mwh)) / 1000e0 AS energy_wh
    FROM under_way u JOIN connectors USING (site, station, connector) JOIN meter m USING (connector_key)
    WHERE m.time_us >= u.started_us AND m.time_us <= $at GROUP BY u.session
) m USING (session)
"""


def facts_at(sessions: SessionStore, register: Register, snapshot: Snapshot, site: str, at: datetime) -> Facts:
    """Facts about one site at `at`. Since when a car idles is known only as far as its session is still under way.

    What is usual is that of today: it is a median over dozens of sessions, and moves slowly.
    """
    before = sessions.list(end=at + timedelta(microseconds=1), site=site, limit=_LOOK)
    under_way = [session for session in before if session.plug_out is None or session.plug_out > at]
    table = sessions_table([_then(session, at) for session in under_way])
    so_far = snapshot.query(_SO_FAR, {"at": to_us(at)}, under_way=table) if table.num_rows else table
    return Facts(register, so_far.select(SESSIONS.names).cast(SESSIONS), HistoryTable(sessions.histories()).table)


def _then(session: Session, at: datetime) -> Session:
    """The session without what happened later."""
    started, stopped = (moment if moment and moment <= at else None for moment in (session.started, session.stopped))
    return replace(session, started=started, stopped=stopped, plug_out=None, periods=())
