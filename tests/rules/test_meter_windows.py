"""Windows over meter readings are what a small interpreter makes of the rows, for one slot and for many."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.readings.samples import Samples, arranged
from monitor.rules import names
from monitor.rules.meter_windows import Meter
from monitor.rules.windows import Share, Window, Windows

FUNCTIONS = ("avg", "min", "max", "first", "last", "delta", "rate", "stddev", "samples", "changes")
SPANS = (3, 8)
SHARE = Share("power", "meter", 8, ("power_mw",), ())
Rows = dict[tuple[int, int], dict[str, int | None]]

# (connector, time) -> values; whole numbers as they are stored.
readings = st.dictionaries(
    st.tuples(st.integers(0, 2), st.integers(0, 12)),
    st.fixed_dictionaries({
        "power_mw": st.none() | st.sampled_from([0, 1, -5, 150_000_000, 2**53]),
        "energy_mwh": st.none() | st.integers(0, 5),
    }),
    max_size=20,
)  # fmt: skip
frames = st.lists(
    st.fixed_dictionaries({
        "connector_key": st.none() | st.integers(0, 4), "slot_us": st.integers(0, 14), "clip_us": st.integers(0, 8)
    }),
    max_size=6,
)  # fmt: skip


def samples_of(rows: Rows) -> Samples:
    listed = [{"connector_key": key, "time_us": at, **values} for (key, at), values in rows.items()]
    table = pa.Table.from_pylist(listed, pa.schema([
        ("connector_key", pa.int32()), *((name, pa.int64()) for name in ("time_us", "power_mw", "energy_mwh")),
    ]))  # fmt: skip
    return arranged(table, ((name, table[name]) for name in ("power_mw", "energy_mwh")))


def frame_of(rows: Sequence[dict[str, Any]]) -> pa.Table:
    schema = pa.schema([("connector_key", pa.int32()), ("slot_us", pa.int64()), ("clip_us", pa.int64())])
    return pa.Table.from_pylist(list(rows), schema)


def windows_of() -> Windows:
    windows = Windows()
    for name in ("power_w", "energy_wh"):
        known = names.find(name, "connector")
        assert known is not None
        assert known.source is not None
        for function in FUNCTIONS:
            for span in SPANS:
                windows.add(Window(function, known.source, span))
    windows.add_share(SHARE)
    return windows


def positive(_: str, rows: pa.Table) -> Any:
    """The condition of SHARE in place of SQL."""
    return np.array([-1 if value is None else int(value > 0) for value in rows["power_mw"].to_pylist()], np.int8)


def inside(rows: Rows, row: dict[str, Any], column: str, span: int) -> list[tuple[int, int]]:
    first = max(row["slot_us"] - span + 1, row["clip_us"])
    return sorted(
        (at, value) for (key, at), values in rows.items()
        if key == row["connector_key"] and first <= at <= row["slot_us"] and (value := values[column]) is not None
    )  # fmt: skip


def aggregate(function: str, found: list[tuple[int, int]], scale: int) -> float | None:  # noqa: PLR0911 - one a function
    values = [value for _, value in found]
    if function == "samples":
        return len(values)
    if not values or (function in {"delta", "rate"} and len(values) < 2):
        return None
    match function:
        case "changes":
            return sum(one != other for one, other in pairwise(values))
        case "avg":
            return float(sum(values)) / len(values) / scale
        case "rate":
            return 3600e6 * float(values[-1] - values[0]) / (found[-1][0] - found[0][0]) / scale
        case "stddev":
            squares = len(values) * sum(value * value for value in values) - sum(values) ** 2
            return float(np.sqrt(float(squares)) / len(values) / scale)
    return {"min": min(values), "max": max(values), "first": values[0], "last": values[-1],
            "delta": float(values[-1] - values[0])}[function] / scale  # fmt: skip


def share(found: list[tuple[int, int]], slot: int) -> float | None:
    times = [at for at, _ in found]
    spacings = [after - before for before, after in pairwise(times)]
    longest = 2 * round(median(spacings)) if spacings else slot
    held = [min(after - before, longest) for before, after in pairwise([*times, slot])]
    true = sum(span for span, (_, value) in zip(held, found, strict=True) if value > 0)
    return 100 * true / sum(held) if sum(held) else None


@settings(deadline=None)
@given(readings, frames, st.sampled_from([1, 5, 1000]))
def test_each_is_what_the_rows_say(rows: Rows, frame: list[dict[str, Any]], at_once: int) -> None:
    windows = windows_of()
    derived = pa.table({"connector_key": pa.array([], pa.int32())})
    got = Meter(samples_of(rows), frame_of(frame), derived, at_once=at_once).columns(windows, frame_of(frame), positive)
    for window, column in windows.meter_aggregates.items():
        scale = window.source.scale
        expected = [aggregate(window.function, inside(rows, row, window.source.column, window.span_us), scale)
                    for row in frame]  # fmt: skip
        assert got[column].to_pylist() == expected, window
    expected = [share(inside(rows, row, "power_mw", 8), row["slot_us"]) for row in frame]
    assert got[windows.meter_shares[SHARE]].to_pylist() == [
        None if value is None else pytest.approx(value) for value in expected
    ]


def test_sums_of_squares_beyond_64_bits_are_exact() -> None:
    rows: Rows = {(0, at): {"power_mw": 2**53 - at, "energy_mwh": None} for at in range(100)}
    windows, known = Windows(), names.find("power_w", "connector")
    assert known is not None
    assert known.source is not None
    windows.add(Window("stddev", known.source, 1000))
    frame = frame_of([{"connector_key": 0, "slot_us": 99, "clip_us": 0}])
    [got] = Meter(samples_of(rows), frame, pa.table({})).columns(windows, frame, positive).values()
    assert got.to_pylist() == [pytest.approx(((100**2 - 1) / 12) ** 0.5 / 1000)]


@settings(deadline=None)
@given(readings, st.lists(st.none() | st.integers(0, 4), unique=True, max_size=4),
       st.lists(st.integers(0, 14), min_size=2, max_size=5).map(sorted), st.data())  # fmt: skip
def test_many_slots_of_each_connector_are_what_each_of_them_is(
    rows: Rows, keys: list[int | None], slots: list[int], data: st.DataObject
) -> None:
    frame = frame_of([{"connector_key": key, "slot_us": slot, "clip_us": data.draw(st.integers(0, 8))}
                      for key in keys for slot in slots])  # fmt: skip
    windows, derived = windows_of(), pa.table({"connector_key": pa.array([], pa.int32())})
    together, one_by_one = (
        Meter(samples_of(rows), frame, derived, width).columns(windows, frame, positive) for width in (len(slots), 1)
    )
    assert together == one_by_one
