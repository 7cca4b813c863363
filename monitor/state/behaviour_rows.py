"""What pages on behaviour read of single sessions: distributions, and how often users came, without who they are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy import BigInteger, Connection, and_, false, func, or_, select, type_coerce

from monitor.state.insight_tables import insight_ports, insight_spells
from monitor.state.session_tables import sessions
from monitor.units import to_us

LONGEST_US = 7 * 86_400_000_000
"""A car that was there for longer before its connector became Faulted is not looked for."""


class Single(NamedTuple):
    """One number for each finished session; NaN: not known."""

    stay_min: npt.NDArray[np.float64]
    energy_kwh: npt.NDArray[np.float64]
    soc_in: npt.NDArray[np.float64]
    soc_out: npt.NDArray[np.float64]


Spans = Sequence[tuple[datetime, datetime]]
"""Stretches of time, start and end; sessions with start <= plug_in < end."""


def singles(connection: Connection, spans: Spans, site: str | None) -> Single:
    """Of the sessions of some stretches."""
    stay = type_coerce(sessions.c.plug_out_us, BigInteger) - type_coerce(sessions.c.plug_in_us, BigInteger)
    columns = (stay, sessions.c.energy_mwh, sessions.c.soc_in, sessions.c.soc_out)
    found = connection.execute(select(*columns).where(*_within(spans, site))).cursor.fetchall()
    rows = np.array(found, dtype=float).reshape(-1, 4)
    return Single(rows[:, 0] / 6e7, rows[:, 1] / 1e6, rows[:, 2], rows[:, 3])


def visits(connection: Connection, spans: Spans, site: str | None) -> list[int]:
    """How often each known user came."""
    counted = select(func.count()).where(*_within(spans, site), sessions.c.user_token.is_not(None))
    return list(connection.execute(counted.group_by(sessions.c.user_token)).scalars())


def unplugged_faulted(connection: Connection, spans: Spans, site: str | None) -> int | None:
    """Cars that were there when their connector became Faulted, and left before it was well again.

    None: no status of any connector is known, so nobody can tell.
    """
    heard = (
        select(insight_ports.c.site)
        if site is None
        else select(insight_ports.c.site).where(insight_ports.c.site == site)
    )
    if connection.execute(heard.limit(1)).first() is None:
        return None
    faulted = and_(insight_spells.c.condition == "down", insight_spells.c.status == "Faulted")
    place = [insight_spells.c[name] == sessions.c[name] for name in ("site", "station", "connector")]
    began, plug_in = (type_coerce(column, BigInteger) for column in (insight_spells.c.start_us, sessions.c.plug_in_us))
    since = insight_spells.c.start_us
    met = (
        select(func.count())
        .select_from(insight_spells.join(sessions, and_(*place)))
        .where(
            faulted, or_(false(), *(and_(since >= start, since < end) for start, end in spans)),
            plug_in < began, plug_in > began - LONGEST_US,
            sessions.c.plug_out_us >= insight_spells.c.start_us,
            or_(insight_spells.c.end_us.is_(None), sessions.c.plug_out_us <= insight_spells.c.end_us),
        )
    )  # fmt: skip
    return int(connection.execute(met if site is None else met.where(insight_spells.c.site == site)).scalar_one())


def _within(spans: Spans, site: str | None) -> list[Any]:
    plug_in = type_coerce(sessions.c.plug_in_us, BigInteger)
    chosen = [
        or_(false(), *(and_(plug_in >= to_us(start), plug_in < to_us(end)) for start, end in spans)),
        sessions.c.plug_out_us.is_not(None),
    ]
    return chosen if site is None else [sessions.c.site == site, *chosen]
