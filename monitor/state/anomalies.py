"""Connectors that stopped being what they were: looked for where sessions are new, kept for pages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, delete, func, insert, select

from monitor.ids import Place
from monitor.insight.cusum import Shift, failures, shifts
from monitor.rules.names import DELIVERED_WH
from monitor.state.database import chunks
from monitor.state.finished import finished, plug_in_us
from monitor.state.insight_tables import insight_anomalies
from monitor.state.session_tables import sessions
from monitor.units import from_us

LOOKED_BACK_US = 365 * 86_400_000_000
FIGURES = ("average_power_w", "peak_power_w", "first_kwh_s", "failed_share")


@dataclass(frozen=True)
class Anomaly:
    """What changed at a connector, from what to what, since when, and when that was plain."""

    place: Place
    figure: str
    since: datetime
    found: datetime
    before: float
    after: float


def refresh(tx: Connection, site: str) -> None:
    """Look anew at all connectors of a site."""
    newest = tx.execute(select(func.max(plug_in_us)).where(sessions.c.site == site)).scalar()
    tx.execute(delete(insight_anomalies).where(insight_anomalies.c.site == site))
    if newest is None:
        return
    frame = finished(tx, sessions.c.site == site, plug_in_us >= newest - LOOKED_BACK_US)
    rows: list[dict[str, Any]] = []
    for (station, connector), its in frame.sort_values("plug_in_us").groupby(["station", "connector"]):
        place = {"site": site, "station": station, "connector": connector}
        rows += [
            {**place, "figure": figure, "since_us": since, "found_us": found, "before": shift.before,
             "after": shift.after}
            for figure, shift, since, found in _found(its)
        ]  # fmt: skip
    for some in chunks(rows):
        tx.execute(insert(insight_anomalies), some)


def anomalies(connection: Connection, site: str | None = None) -> Sequence[Anomaly]:
    """What changed, the latest first."""
    chosen = select(insight_anomalies).order_by(
        insight_anomalies.c.since_us.desc(), *(insight_anomalies.c[name] for name in _KEY)
    )
    rows = connection.execute(chosen if site is None else chosen.where(insight_anomalies.c.site == site))
    return [Anomaly(Place(*row[:3]), *row[3:]) for row in rows]


_KEY = ("site", "station", "connector", "figure")


def _found(its: pd.DataFrame) -> Iterator[tuple[str, Shift, datetime, datetime]]:
    at = its["plug_in_us"].to_numpy(np.int64)
    speed = its["split_known"] & (its["charging_us"] > 0)
    values = {
        "average_power_w": (its["energy_mwh"] * 3.6e6 / its["charging_us"].where(speed)).to_numpy(float),
        "peak_power_w": its["peak_w"].to_numpy(float),
        "first_kwh_s": its["first_kwh_us"].to_numpy(float) / 1e6,
    }
    for figure, series in values.items():
        known = np.isfinite(series) & (series > 0)
        yield from _dated(figure, shifts(series[known]), at[known])
    judged = (its["energy_mwh"].notna() | its["started_us"].isna()).to_numpy()
    failed = ~(its["energy_mwh"] >= DELIVERED_WH * 1000).to_numpy()
    yield from _dated("failed_share", failures(failed[judged].tolist()), at[judged])


def _dated(figure: str, found: Sequence[Shift], at: Any) -> Iterator[tuple[str, Shift, datetime, datetime]]:
    for shift in found:
        yield figure, shift, from_us(int(at[shift.since])), from_us(int(at[shift.found]))
