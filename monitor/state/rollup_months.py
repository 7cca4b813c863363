"""Months of the rollups, made of their days."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Table, delete, func, select

from monitor.insight.daily import monthly
from monitor.insight.local_time import days_of_month, month_of, months_of, split_months
from monitor.insight.occupancy import DTYPE, HOURS
from monitor.state.database import chunks
from monitor.state.driver_rows import write_rows
from monitor.state.insight_tables import insight_days, insight_months, insight_pool_months, insight_pools

WEEK = np.dtype("<i8")
AGGREGATES: Mapping[str, Callable[..., Any]] = {"sum": func.sum, "max": func.max, "min": func.min}

Days = Sequence[tuple[int, int]]


def refresh(tx: Connection, days: Mapping[str, Days], connectors: pd.DataFrame, pools: pd.DataFrame) -> None:
    """Make the months of some days of sites anew; `connectors`, `pools`: the rows of these days, already written."""
    for table in (insight_months, insight_pool_months):
        for site, runs in days.items():
            for first, last in runs:
                its = table.c.month.between(month_of(first), month_of(last))
                tx.execute(delete(table).where(table.c.site == site, its))
    write_rows(tx, insight_months, monthly(_of_months(tx, insight_days, days, connectors)))
    write_rows(tx, insight_pool_months, _pools_monthly(_of_months(tx, insight_pools, days, pools)))


def _of_months(tx: Connection, table: Table, days: Mapping[str, Days], rows: pd.DataFrame) -> pd.DataFrame:
    """All rows of the months of which there are `rows`; those of months that lie within `days` are there already."""
    sites: dict[int, set[str]] = {}
    for site, runs in days.items():
        for month in {month for run in runs for month in _partly(*run)}:
            sites.setdefault(month, set()).add(site)
    read = [
        tuple(row)
        for month, its in sites.items()
        for some in chunks(sorted(its))
        for row in tx.execute(select(table).where(table.c.site.in_(some), table.c.day.between(*days_of_month(month))))
    ]
    number, names = pd.factorize(rows["site"])
    months = months_of(rows["day"].to_numpy(np.int64))
    there = {name: at for at, name in enumerate(names)}
    again = [there[site] + month * len(there) for month, its in sites.items() for site in its if site in there]
    whole = rows[~np.isin(number + months * len(there), again)]
    return pd.concat([whole, pd.DataFrame(read, columns=table.c.keys())], ignore_index=True) if read else whole


def _partly(first: int, last: int) -> set[int]:
    """The months of which some days lie within, but not all."""
    whole = split_months(first, last)[0]
    return {*range(month_of(first), month_of(last) + 1)} - ({*range(whole[0], whole[1] + 1)} if whole else set())


def _pools_monthly(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of `insight_pools` as those of `insight_pool_months`: `week` sums their hours by day of the week."""
    if rows.empty:
        return pd.DataFrame(columns=insight_pool_months.c.keys())
    day = rows["day"].to_numpy(np.int64)
    group = rows.assign(month=months_of(day)).sort_values("day").groupby(["site", "month", "pool"], sort=False)
    week = weeks(rows["hours"].tolist(), group.ngroup().sort_index().to_numpy(), day)
    found = group.agg(evses=("evses", "last"), full_us=("full_us", "sum")).reset_index()
    return found.assign(week=[each.astype(WEEK).tobytes() for each in week])


def weeks(hours: Sequence[bytes], number: Any, days: Any) -> Any:
    """Hours of days summed as [number, HOURS, 168]."""
    every = np.frombuffer(b"".join(hours), DTYPE).reshape(len(hours), len(HOURS) * 24)
    slot = number * 7 + (np.asarray(days) + 3) % 7  # 1970-01-01 was a Thursday
    order = np.argsort(slot, kind="stable")
    begins = np.flatnonzero(np.diff(slot[order], prepend=-1))
    found = np.zeros((int(number.max()) + 1, 7, len(HOURS) * 24), np.int64)
    found.reshape(-1, len(HOURS) * 24)[slot[order][begins]] = np.add.reduceat(every[order].astype(np.int64), begins)
    return found.reshape(-1, 7, len(HOURS), 24).transpose(0, 2, 1, 3).reshape(-1, len(HOURS), 168)
