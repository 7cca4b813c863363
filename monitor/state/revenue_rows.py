"""Priced sessions as columns, for what they earned."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, Connection, func, select

from monitor.insight.daily import EARNS
from monitor.insight.local_time import HOUR_US, local_us
from monitor.insight.revenue import PARTS, Priced
from monitor.state.finished import plug_in_us
from monitor.state.session_tables import sessions
from monitor.units import to_us

BILLS_AT_MOST = 20_000
"""Reading so many bills takes about a second."""
_PLAIN = ("excl_vat_micro", "energy_mwh", "tariff", "user_group", "currency")


def earned(connection: Connection, start: datetime, end: datetime, site: str | None, zone: ZoneInfo) -> pd.DataFrame:
    """Columns of `monitor.insight.revenue.revenue`; the hour is that of plug-in on the clock of `zone`."""
    parts = [sessions.c.bill["by_kind"][part]["excl_vat"].as_string().label(part) for part in PARTS]
    columns = (plug_in_us, *(sessions.c[name] for name in _PLAIN), *parts)
    rows = connection.execute(select(*columns).where(*_earning(start, end, site))).all()
    frame = pd.DataFrame(rows, columns=["plug_in_us", "amount", *_PLAIN[1:], *PARTS])
    frame["hour"] = (local_us(frame["plug_in_us"].to_numpy(np.int64), zone) // HOUR_US) % 24
    for part in PARTS:
        frame[part] = frame[part].astype(float).fillna(0) * 1e6
    return frame


def bills(connection: Connection, start: datetime, end: datetime, site: str | None) -> list[Priced] | None:
    """The lines of the bills of the same sessions; None where they are more than BILLS_AT_MOST."""
    earning = _earning(start, end, site)
    some = select(sessions.c.id).where(*earning).limit(BILLS_AT_MOST + 1).subquery()
    if connection.execute(select(func.count()).select_from(some)).scalar_one() > BILLS_AT_MOST:
        return None
    columns = (sessions.c.currency, sessions.c.tariff, sessions.c.bill["lines"])
    chosen = select(*columns).where(*earning, sessions.c.bill.is_not(None))
    return [Priced(*row) for row in connection.execute(chosen)]


def _earning(start: datetime, end: datetime, site: str | None) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = [
        plug_in_us >= to_us(start), plug_in_us < to_us(end), sessions.c.plug_out_us.is_not(None),
        sessions.c.state.in_(EARNS), sessions.c.excl_vat_micro.is_not(None),
    ]  # fmt: skip
    return chosen if site is None else [*chosen, sessions.c.site == site]
