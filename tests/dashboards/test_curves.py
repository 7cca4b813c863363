"""Thinning out: far fewer points, and nothing that a person would have seen is lost."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

import pandas as pd
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards import curves
from dashboards.curves import POINTS, Curve, Line, thinned
from monitor.ids import Place
from monitor.readings.embedded import EmbeddedStore
from monitor.units import to_us
from tests.dashboards.sample import meter_batch

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
STRETCH = (NOW - timedelta(hours=1), NOW)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=400),
    st.integers(min_value=8, max_value=120),
)
def test_extremes_and_ends_stay_and_the_limit_holds(values: list[float | None], points: int) -> None:
    line = pd.Series(values, dtype="float64")
    kept = thinned([line], points)
    assert len(kept) <= max(points, 2)
    assert list(kept) == sorted(set(kept))
    assert {0, len(line) - 1} <= set(kept)
    if line.notna().any():
        assert line.iloc[kept].max() == line.max()
        assert line.iloc[kept].min() == line.min()


def test_a_single_peak_among_many_rows_is_drawn() -> None:
    line = pd.Series([10.0] * 50_000)
    line.iloc[31_415] = 400.0
    kept = thinned([line, line * 0], POINTS)
    assert 31_415 in kept
    assert len(kept) <= POINTS


def curve_of(minutes: list[int]) -> Curve:
    times = pd.Series([to_us(NOW + timedelta(minutes=minute)) for minute in minutes])
    line = Line("Power", "power", "kW", pd.Series([11.0] * len(minutes)))
    return Curve(times, (line,), (), STRETCH, UTC, cut=False)


def test_silence_is_a_gap_not_a_straight_line() -> None:
    drawn = curve_of([0, 1, 2, 3, 40, 41]).as_json()
    assert drawn["y"][0] == [11.0, 11.0, 11.0, 11.0, None, 11.0, 11.0]
    assert None not in curve_of([0, 1, 2, 3, 4]).as_json()["y"][0]


def test_times_are_steps_that_lead_to_where_the_readings_are() -> None:
    minutes = [-50, -49, -47, -3]
    drawn = curve_of(minutes).as_json()
    times = list(accumulate(drawn["x"], initial=drawn["from"]))[1:]
    assert [at for at, value in zip(times, drawn["y"][0], strict=True) if value is not None] == [
        (NOW + timedelta(minutes=minute)).timestamp() for minute in minutes
    ]


@given(st.lists(st.integers(0, 3600 * 10**6), min_size=1, max_size=300, unique=True))
def test_steps_do_not_drift(after_us: list[int]) -> None:
    times = sorted(to_us(STRETCH[0]) + each for each in after_us)
    line = Line("Power", "power", "kW", pd.Series([11.0] * len(times)))
    drawn = Curve(pd.Series(times), (line,), (), STRETCH, UTC, cut=False).as_json()
    told = [
        at for at, y in zip(accumulate(drawn["x"], initial=drawn["from"]), [None, *drawn["y"][0]], strict=True) if y
    ]
    assert all(abs(at - each / 1e6) <= 0.001 for at, each in zip(told, times, strict=True))


def test_a_connector_that_sent_nothing_has_an_empty_curve(app: Flask, tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "readings.duckdb", timedelta(minutes=30))
    with app.test_request_context("/"):
        curve = curves.of_connector(store, Place("a", "s", "1"), STRETCH, UTC)
        assert (curve.empty, curve.told, curve.table) == (True, [], [])
    store.close()


def test_missing_values_stay_missing(app: Flask, tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "readings.duckdb", timedelta(minutes=30))
    place = Place("a", "s", "1")
    rows = [{"at": NOW - timedelta(minutes=9), "power_w": 7000.0}, {"at": NOW - timedelta(minutes=8), "soc": 40.0}]
    store.append(meter_batch(place, rows))
    with app.test_request_context("/"):
        curve = curves.of_connector(store, place, STRETCH, UTC)
        assert [line.label for line in curve.lines] == ["Power", "State of charge"]
        assert curve.as_json()["y"] == [[7.0, None], [None, 40.0]]
        assert curve.told == ["Power: least 7\u00a0kW, greatest 7\u00a0kW, last 7\u00a0kW",
                              "State of charge: least 40\u00a0%, greatest 40\u00a0%, last 40\u00a0%"]  # fmt: skip
    store.close()
