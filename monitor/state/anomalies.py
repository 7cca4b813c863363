"""Connectors that stopped being what they were: looked for where sessions are new, kept for pages."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import numpy as np
import pandas as pd
from sqlalchemy import Connection, delete, insert, select

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


def look(connection: Connection, site: str, newest_us: int, known: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Look anew at all connectors of a site: rows of `insight_anomalies`.

    `newest_us`: the last plug-in. `known`: sessions of the site (`daily.COLUMNS`), where it is certain that all of the
    year before it are among them.
    """
    since = newest_us - LOOKED_BACK_US
    if known is None:
        known = finished(connection, sessions.c.site == site, plug_in_us >= since)
    else:
        known = known[known["plug_in_us"] >= since]
    return list(_shifts(known.sort_values(["station", "connector", "plug_in_us"], ignore_index=True), site))


def keep(tx: Connection, sites: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Put what was found at these sites in place of what was found before."""
    for some in chunks(list(sites)):
        tx.execute(delete(insight_anomalies).where(insight_anomalies.c.site.in_(some)))
    for some in chunks(list(rows)):
        tx.execute(insert(insight_anomalies), some)


def anomalies(connection: Connection, site: str | None = None) -> Sequence[Anomaly]:
    """What changed, the latest first."""
    chosen = select(insight_anomalies).order_by(
        insight_anomalies.c.since_us.desc(), *(insight_anomalies.c[name] for name in _KEY)
    )
    rows = connection.execute(chosen if site is None else chosen.where(insight_anomalies.c.site == site))
    return [Anomaly(Place(*row[:3]), *row[3:]) for row in rows]


Looked = Callable[[Any], Sequence[Shift]]
_KEY = ("site", "station", "connector", "figure")


def _shifts(frame: pd.DataFrame, site: str) -> Iterator[dict[str, Any]]:
    """`frame`: by connector, in the order of time."""
    at = frame["plug_in_us"].to_numpy(np.int64)
    energy, charging = frame["energy_mwh"].to_numpy(float), frame["charging_us"].to_numpy(float)
    failed = ~(energy >= DELIVERED_WH * 1000)
    timed = frame["split_known"].to_numpy(bool) & (charging > 0)
    judged = np.isfinite(energy) | frame["started_us"].isna().to_numpy()
    measured = {
        "average_power_w": np.divide(energy * 3.6e6, charging, out=np.full(len(frame), np.nan), where=timed),
        "peak_power_w": frame["peak_w"].to_numpy(float),
        "first_kwh_s": frame["first_kwh_us"].to_numpy(float) / 1e6,
    }
    every: list[tuple[str, Looked, Any, Any]] = [
        *((figure, shifts, np.isfinite(values) & (values > 0), values) for figure, values in measured.items()),
        ("failed_share", failures, judged, failed),
    ]
    for key, its in frame.groupby(["station", "connector"], observed=True).indices.items():
        station, connector = cast("tuple[str, str]", key)
        for figure, look, known, values in every:
            those = its[known[its]]
            for shift in look(values[those]):
                since, seen = (from_us(int(at[those[index]])) for index in (shift.since, shift.found))
                yield {
                    "site": site, "station": station, "connector": connector, "figure": figure, "since_us": since,
                    "found_us": seen, "before": shift.before, "after": shift.after,
                }  # fmt: skip
