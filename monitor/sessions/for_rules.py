"""What rules read of sessions: those under way, and what each connector usually gives."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from statistics import median

import pyarrow as pa

from monitor.ids import Place
from monitor.sessions.model import Session
from monitor.units import to_us

SKIPPED, USED = 10, 60
"""The usual power is the median over sessions 11 to 60 back: the last ten are what it is compared with."""

LEAST_SESSIONS = 10
"""Below this a median says more about single cars than about the connector."""

SESSIONS_SCHEMA = pa.schema(
    [
        ("site", pa.string()),
        ("station", pa.string()),
        ("connector", pa.string()),
        ("session", pa.string()),
        ("started_us", pa.int64()),
        ("stopped_us", pa.int64()),
        ("peak_w", pa.float64()),
        ("energy_wh", pa.float64()),
        ("idle_since_us", pa.int64()),
        ("flags", pa.list_(pa.string())),
    ]
)
HISTORY_SCHEMA = pa.schema(
    [
        ("site", pa.string()),
        ("station", pa.string()),
        ("connector", pa.string()),
        ("usual_power_w", pa.float64()),
    ]
)


def sessions_table(sessions: Iterable[Session]) -> pa.Table:
    """Sessions under way, one row each: columns of `SESSIONS_SCHEMA`. `stopped_us` is null while charging."""
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
        }
        for session in sessions
        if session.under_way
    ]
    return pa.Table.from_pylist(rows, SESSIONS_SCHEMA)


def idle_since(session: Session) -> datetime | None:
    """Since when the car has been connected without asking for power; None while it charges or is kept waiting."""
    tail = list(takewhile(lambda period: period.kind == "parking", reversed(session.periods)))
    return tail[-1].start if tail else None


def history_table(averages: Mapping[Place, Sequence[float]]) -> pa.Table:
    """Usual power per connector: columns of `HISTORY_SCHEMA`.

    `averages`: average charging power of the connector's finished sessions, newest first (`SessionStore.averages`).
    """
    rows = [{**_place(place), "usual_power_w": usual_power_w(newest_first)} for place, newest_first in averages.items()]
    return pa.Table.from_pylist(rows, HISTORY_SCHEMA)


def usual_power_w(newest_first: Sequence[float]) -> float | None:
    """The median of sessions 11 to 60 back; None, unknown, with fewer than ten of them."""
    used = newest_first[SKIPPED:USED]
    return median(used) if len(used) >= LEAST_SESSIONS else None


def _place(place: Place) -> dict[str, str | None]:
    return {"site": place.site, "station": place.station, "connector": place.connector}


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)
