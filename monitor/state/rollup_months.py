"""Months of the rollups, made of their days."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, delete, func, insert, literal, select

from monitor.insight.daily import SUMS
from monitor.insight.local_time import days_of_month, month_of
from monitor.insight.occupancy import DTYPE, HOURS
from monitor.state.database import chunks
from monitor.state.driver_rows import write_rows
from monitor.state.insight_tables import insight_days, insight_months, insight_pool_months, insight_pools

WEEK = np.dtype("<i8")
AGGREGATES: Mapping[str, Callable[..., Any]] = {"sum": func.sum, "max": func.max, "min": func.min}

Days = Sequence[tuple[int, int]]


def refresh(tx: Connection, days: Mapping[str, Days]) -> None:
    """Make the months of these days of sites anew."""
    sites: dict[int, list[str]] = {}
    for site, runs in days.items():
        for month in sorted({each for first, last in runs for each in range(month_of(first), month_of(last) + 1)}):
            sites.setdefault(month, []).append(site)
    for month, its in sites.items():
        for some in chunks(its):
            _connectors(tx, month, some)
            _pools(tx, month, some)


def _connectors(tx: Connection, month: int, sites: list[str]) -> None:
    tx.execute(delete(insight_months).where(insight_months.c.month == month, insight_months.c.site.in_(sites)))
    place = [insight_days.c[name] for name in ("site", "station", "connector")]
    sums = [AGGREGATES[way](insight_days.c[name]) for name, way in SUMS.items()]
    within = (insight_days.c.site.in_(sites), insight_days.c.day.between(*days_of_month(month)))
    chosen = select(place[0], literal(month), *place[1:], *sums).where(*within).group_by(*place)
    tx.execute(insert(insight_months).from_select(["site", "month", "station", "connector", *SUMS], chosen))


def _pools(tx: Connection, month: int, sites: list[str]) -> None:
    tx.execute(
        delete(insight_pool_months).where(insight_pool_months.c.month == month, insight_pool_months.c.site.in_(sites))
    )
    within = (insight_pools.c.site.in_(sites), insight_pools.c.day.between(*days_of_month(month)))
    rows = tx.execute(
        select(*(insight_pools.c[name] for name in ("site", "pool", "day", "evses", "full_us", "hours")))
        .where(*within)
        .order_by(insight_pools.c.site, insight_pools.c.pool)
    ).all()
    if rows:
        write_rows(tx, insight_pool_months, by_pool(rows, "hours").assign(month=month))


def by_pool(rows: Sequence[Any], name: str) -> pd.DataFrame:
    """Rows in the order of site and pool as one row each: `week` sums their hours by day of the week."""
    keys = pd.DataFrame([(row.site, row.pool, row.evses, row.full_us) for row in rows],
                        columns=["site", "pool", "evses", "full_us"])  # fmt: skip
    group = keys.groupby(["site", "pool"], sort=False)
    number = group.ngroup().to_numpy()
    week = weeks([getattr(row, name) for row in rows], number, [row.day for row in rows])
    found = group.agg(evses=("evses", "last"), full_us=("full_us", "sum")).reset_index()
    return found.assign(week=[each.astype(WEEK).tobytes() for each in week])


def weeks(hours: Sequence[bytes], number: Any, days: Sequence[int]) -> Any:
    """Hours of days summed as [number, HOURS, 168]."""
    every = np.frombuffer(b"".join(hours), DTYPE).reshape(len(hours), len(HOURS) * 24)
    slot = number * 7 + (np.array(days) + 3) % 7  # 1970-01-01 was a Thursday
    order = np.argsort(slot, kind="stable")
    begins = np.flatnonzero(np.diff(slot[order], prepend=-1))
    found = np.zeros((int(number.max()) + 1, 7, len(HOURS) * 24), np.int64)
    found.reshape(-1, len(HOURS) * 24)[slot[order][begins]] = np.add.reduceat(every[order].astype(np.int64), begins)
    return found.reshape(-1, 7, len(HOURS), 24).transpose(0, 2, 1, 3).reshape(-1, len(HOURS), 168)
