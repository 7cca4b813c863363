"""Priced sessions as columns, for what they earned."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import Connection, select

from monitor.insight.daily import EARNS
from monitor.insight.local_time import HOUR_US, local_us
from monitor.insight.revenue import PARTS
from monitor.state.finished import plug_in_us
from monitor.state.session_tables import sessions
from monitor.units import to_us

_PLAIN = ("excl_vat_micro", "energy_mwh", "tariff", "user_group", "currency")


def earned(connection: Connection, start: datetime, end: datetime, site: str | None, zone: ZoneInfo) -> pd.DataFrame:
    """Columns of `monitor.insight.revenue.revenue`; the hour is that of plug-in on the clock of `zone`."""
    parts = [sessions.c.bill["by_kind"][part]["excl_vat"].as_string().label(part) for part in PARTS]
    columns = (plug_in_us, *(sessions.c[name] for name in _PLAIN), *parts)
    chosen = select(*columns).where(
        plug_in_us >= to_us(start), plug_in_us < to_us(end), sessions.c.plug_out_us.is_not(None),
        sessions.c.state.in_(EARNS), sessions.c.excl_vat_micro.is_not(None),
    )  # fmt: skip
    rows = connection.execute(chosen if site is None else chosen.where(sessions.c.site == site)).all()
    frame = pd.DataFrame(rows, columns=["plug_in_us", "amount", *_PLAIN[1:], *PARTS])
    frame["hour"] = (local_us(frame["plug_in_us"].to_numpy(np.int64), zone) // HOUR_US) % 24
    for part in PARTS:
        frame[part] = frame[part].astype(float).fillna(0) * 1e6
    return frame
