"""Samples brought up row by row are those that are read at once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.readings.embedded import EmbeddedStore
from monitor.readings.samples import Samples, later
from monitor.readings.store import Batch
from monitor.units import to_us

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
WINDOW = timedelta(minutes=30)
FIELDS = {"power_w": "power_mw", "soc": "soc_mpct"}

rows = st.fixed_dictionaries({
    "connector": st.sampled_from("123"),
    "second": st.integers(0, 30),
    **{name: st.none() | st.integers(0, 3) for name in FIELDS},
})  # fmt: skip
# A turn: what comes in (late, again, of connectors nobody knew), and how far `now` has moved.
turns = st.lists(st.tuples(st.lists(rows, max_size=6), st.integers(0, 10)), min_size=1, max_size=6)


def batch(found: list[dict[str, Any]]) -> Batch:
    """Of rows by second after START; the last of a moment counts."""
    table = pa.table({
        "site": ["site"] * len(found), "station": ["station"] * len(found),
        "connector": [row["connector"] for row in found],
        "time_us": [to_us(START) + row["second"] * 1_000_000 for row in found],
        **{name: pa.array([row[name] for row in found], pa.float64()) for name in FIELDS},
    })  # fmt: skip
    return Batch({"meter": table}, START)


def listed(samples: Samples, after_us: int, upto_us: int) -> list[tuple[Any, ...]]:
    """(key, time, values) of the rows in between."""
    keys = np.repeat(np.arange(len(samples.starts) - 1), np.diff(samples.starts))
    columns = [samples.columns[name] for name in FIELDS.values()]
    return [
        (key, at, *(int(c.values[n]) if c.known is None or c.known[n] else None for c in columns))
        for n, (key, at) in enumerate(zip(keys.tolist(), samples.time_us.tolist(), strict=False))
        if after_us < at <= upto_us
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[], Path]:
    numbers = iter(range(10**6))
    return lambda: tmp_path / f"{next(numbers)}.duckdb"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turns)
def test_brought_up_they_are_what_the_store_holds(folder: Callable[[], Path], turns_: list[Any]) -> None:
    store = EmbeddedStore(folder(), WINDOW)
    try:
        now = START
        for found, passed in turns_:
            now += timedelta(seconds=passed)
            if found:
                store.append(batch(found))
            store.bring_up_to(now)
            after_us, upto_us = to_us(now) - 12_000_000, to_us(now)
            with store.snapshot() as snapshot:
                got = snapshot.samples(frozenset(FIELDS.values()), after_us, upto_us)
                held = snapshot.query(
                    "SELECT connector_key, time_us, power_mw, soc_mpct FROM meter "
                    "WHERE time_us > $after AND time_us <= $upto ORDER BY ALL",
                    {"after": after_us, "upto": upto_us},
                ).to_pylist()
            assert listed(got, after_us, upto_us) == [tuple(row.values()) for row in held]
    finally:
        store.close()


def test_a_question_about_the_past_leaves_those_of_now_alone(folder: Callable[[], Path]) -> None:
    store = EmbeddedStore(folder(), WINDOW)
    try:
        store.append(batch([{"connector": "1", "second": n, "power_w": n, "soc": None} for n in range(30)]))
        store.bring_up_to(START + timedelta(seconds=30))
        columns, now_us = frozenset({"power_mw"}), to_us(START) + 30_000_000
        with store.snapshot() as snapshot:
            first = snapshot.samples(columns, now_us - 10_000_000, now_us)
            past = snapshot.samples(columns, now_us - 25_000_000, now_us - 20_000_000)
            assert past.time_us[:-1].tolist() == [to_us(START) + n * 1_000_000 for n in range(6, 11)]
            assert snapshot.samples(columns, now_us - 10_000_000, now_us) is first
    finally:
        store.close()


def test_a_longer_stretch_than_before_is_there_from_its_beginning(folder: Callable[[], Path]) -> None:
    """Slots of a backtest: five minutes at once, then half an hour, in which samples of five minutes do not do."""
    store = EmbeddedStore(folder(), WINDOW)
    try:
        store.append(batch([{"connector": "1", "second": 60 * minute, "power_w": 1, "soc": 1} for minute in range(31)]))
        for begin, end in ((0, 5), (5, 30)):
            after, upto = (to_us(START + timedelta(minutes=minute)) for minute in (begin, end))
            store.bring_up_to(START + timedelta(minutes=end))
            with store.snapshot() as snapshot:
                found = snapshot.samples(set(FIELDS.values()), after, upto)
            assert len(listed(found, after, upto)) == end - begin
    finally:
        store.close()


def test_what_was_forgotten_is_not_kept(folder: Callable[[], Path]) -> None:
    store = EmbeddedStore(folder(), WINDOW)
    try:
        store.append(batch([{"connector": "1", "second": n, "power_w": n, "soc": None} for n in range(30)]))
        store.bring_up_to(START + timedelta(seconds=30))
        columns, now_us = frozenset({"power_mw"}), to_us(START) + 30_000_000
        for forgotten, left in ((0, 29), (20, 10)):
            store.forget("meter", START + timedelta(seconds=forgotten))
            with store.snapshot() as snapshot:
                assert snapshot.samples(columns, to_us(START), now_us).rows == left
    finally:
        store.close()


@given(st.lists(st.integers(0, 9), max_size=20), st.data())
def test_the_first_later_row_is_found(times: list[int], data: st.DataObject) -> None:
    ordered = sorted(times)
    begin = data.draw(st.integers(0, len(ordered)))
    end = data.draw(st.integers(begin, len(ordered)))
    moment = data.draw(st.integers(-1, 10))
    found = later(np.array([*ordered, 0]), np.array([begin]), np.array([end]), np.array([moment]))
    assert found.tolist() == [next((n for n in range(begin, end) if ordered[n] > moment), end)]
