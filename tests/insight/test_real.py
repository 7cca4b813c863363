"""Figures of the real sessions, beside those that pandas makes of the files in another way."""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from monitor.insight.performance import By, Row
from monitor.register import Register
from monitor.state.database import Database
from monitor.state.insight import Chosen, InsightStore
from tests.insight.real import AC_SITE, DC_SITE, ac_frame, dc_frame

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SPANS = [
    pytest.param(None, None, id="everything"),
    pytest.param(datetime(2019, 9, 30, 22, tzinfo=UTC), datetime(2019, 12, 31, 23, tzinfo=UTC), id="whole local days"),
    pytest.param(datetime(2019, 10, 3, 7, 31, 12, tzinfo=UTC), datetime(2020, 2, 20, 17, 2, tzinfo=UTC),
                 id="in the middle of days, across a change of the clock"),
    pytest.param(datetime(2019, 10, 3, 15, 0, tzinfo=UTC), datetime(2019, 10, 3, 20, 0, tzinfo=UTC), id="five hours"),
    pytest.param(datetime(2022, 6, 1, tzinfo=UTC), datetime(2022, 9, 1, tzinfo=UTC), id="a summer of DC"),
]  # fmt: skip


@pytest.fixture(scope="module")
def files(shared: Path) -> pd.DataFrame:
    return pd.concat([ac_frame(shared).assign(site=AC_SITE), dc_frame(shared).assign(site=DC_SITE)], ignore_index=True)


def asked(real: Database, by: By, start: datetime | None, end: datetime | None) -> dict[tuple[Any, ...], Row]:
    found = InsightStore(real).performance(Register(), by, Chosen(start, end), NOW)
    return {(row.group.site, row.group.station, row.group.connector): row for row in found.rows}


@pytest.mark.parametrize("by", ["connector", "station", "site"])
@pytest.mark.parametrize(("start", "end"), SPANS)
def test_sums_and_shares_are_those_of_the_files(
    real: Database, files: pd.DataFrame, by: By, start: datetime | None, end: datetime | None
) -> None:
    chosen = files[(files["plug_in"] >= (start or files["plug_in"].min())) & (files["plug_in"] < (end or NOW))]
    keys = ["site", "station", "connector"][: ["site", "station", "connector"].index(by) + 1]
    rows = asked(real, by, start, end)
    assert len(rows) == chosen.groupby(keys).ngroups
    for key, its in chosen.groupby(keys):
        figures = rows[(*key, *[None] * (3 - len(key)))].figures
        assert figures["sessions"] == len(its)
        assert figures["energy_wh"] == pytest.approx(its["energy_wh"].sum(), rel=1e-8)  # stored in mWh
        assert figures["plugged_s"] == pytest.approx((its["plug_out"] - its["plug_in"]).dt.total_seconds().sum())
        assert figures["success_rate"] == pytest.approx((its["energy_wh"] >= 100).mean())
        peak = its["peak_w"].max()
        assert figures["peak_power_w"] == (None if pd.isna(peak) else pytest.approx(peak))
        # The files do not say how long the cars charged, nor what state the connectors were in.
        for unknown in ("charging_s", "idle_s", "idle_share", "average_power_w", "uptime", "availability", "faults"):
            assert figures[unknown] is None


def full_by_scanning(sessions: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> float:
    """Seconds in which every connector was taken: all moments of change one by one, no merging."""
    size = len(sessions.groupby(["station", "connector"]))
    near = sessions[(sessions["plug_in"] < end) & (sessions["plug_out"] > start)]
    edges = sorted({start, end, *near["plug_in"].clip(lower=start), *near["plug_out"].clip(upper=end)})
    total = 0.0
    for since, until in pairwise(edges):
        there = near[(near["plug_in"] <= since) & (near["plug_out"] >= until)]
        if len(there.groupby(["station", "connector"])) == size:
            total += (until - since).total_seconds()
    return total


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param("2022-06-30T22:00Z", "2022-07-31T22:00Z", id="a local month"),
        pytest.param("2022-07-01T05:17Z", "2022-07-20T13:40Z", id="from and to within days"),
        pytest.param("2022-10-29T10:00Z", "2022-11-01T10:00Z", id="across the change to winter time"),
    ],
)
def test_both_plugs_of_the_dc_station_taken(real: Database, files: pd.DataFrame, start: str, end: str) -> None:
    since, until = pd.Timestamp(start), pd.Timestamp(end)
    whole = full_by_scanning(files[files["site"] == DC_SITE], since, until)
    row = asked(real, "site", since.to_pydatetime(), until.to_pydatetime())[DC_SITE, None, None]
    assert whole > 0
    assert row.figures["full_share"] == pytest.approx(whole / (until - since).total_seconds(), rel=1e-9)
