"""What rules read of sessions under way; of finished ones see `history_table`."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import takewhile

import pyarrow as pa

from monitor.ids import Place
from monitor.rules.frame import SESSIONS
from monitor.sessions.glance import Glance
from monitor.sessions.model import Session
from monitor.units import to_us


def sessions_table(sessions: Iterable[Session]) -> pa.Table:
    """Sessions under way, one row each: columns of `SESSIONS`. `stopped_us` is null while charging."""
    rows = [
        {
            **_place(session.place),
            "session": session.id,
            "started_us": _us(session.started),
            "stopped_us": _us(session.stopped),
            "peak_w": session.peak_power_w,
            "energy_wh": session.energy_wh,
            "idle_since_us": _us(idle_since(session)),
            "flags": sorted(session.flags),
            "soc_in": session.soc_in,
            "known_at_us": None,
        }
        for session in sessions
        if session.under_way
    ]
    return pa.Table.from_pylist(rows, SESSIONS)


def glances_table(glances: Sequence[Glance]) -> pa.Table:
    """The same of glances: at each tick, of all cars that are there."""
    columns = {
        **{name: [getattr(glance.place, name) for glance in glances] for name in Place._fields},
        "session": [glance.id for glance in glances],
        "started_us": [glance.started_us for glance in glances],
        "stopped_us": [glance.stopped_us for glance in glances],
        "peak_w": [glance.peak_power_w for glance in glances],
        "energy_wh": [None if glance.energy_mwh is None else glance.energy_mwh / 1000 for glance in glances],
        "idle_since_us": [glance.idle_since_us for glance in glances],
        "flags": [sorted(glance.flags) for glance in glances],
        "soc_in": [glance.soc_in for glance in glances],
        "known_at_us": [None] * len(glances),
    }
    return pa.table(columns, SESSIONS)


def idle_since(session: Session) -> datetime | None:
    """Since when the car has been connected without asking for power; None while it charges or is kept waiting."""
    tail = list(takewhile(lambda period: period.kind == "parking", reversed(session.periods)))
    return tail[-1].start if tail else None


def _place(place: Place) -> dict[str, str | None]:
    return {"site": place.site, "station": place.station, "connector": place.connector}


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)
