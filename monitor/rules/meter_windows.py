"""Windows over meter readings at the slots of a frame, from samples in the order of (connector, time).

The rows of a window are a stretch of the arrays, so each aggregate is one pass over memory, for one slot as for a day
of them. Whole numbers throughout: the answer depends on the rows alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from monitor.readings.samples import Column, Longs, Samples, Truths, later
from monitor.rules.windows import Share, Window, Windows

Doubles = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.int8]
Condition = Callable[[str, pa.Table], Bytes]
"""Asked with SQL over a row `m` and a table of such rows: 1 where it holds, 0 where not, -1 where that is unknown."""

AT_ONCE = 2_000_000
"""Rows under windows of a share that are spread out at a time: over a day of slots each stands in many windows."""

_LIMB = 18
"""Bits of the parts that squares are made of, so that sums of their products stay whole numbers below 2**63."""


@dataclass(frozen=True)
class Stretches:
    """Values of one field, those that are missing left out, and for each window where its values begin and end."""

    values: Longs
    times: Longs
    begin: Longs
    end: Longs

    @property
    def count(self) -> Longs:
        """How many values there are."""
        return self.end - self.begin

    def over(self, ufunc: np.ufunc, values: Longs | Bytes | None = None) -> Longs:
        """`ufunc` over each window; anything where a window is empty. The windows are in the order of their begin."""
        bounds = np.empty(2 * len(self.begin), np.int64)
        bounds[::2], bounds[1::2] = self.begin, self.end
        found: Longs = ufunc.reduceat(self.values if values is None else values, bounds, dtype=np.int64)[::2]
        return found

    @property
    def first(self) -> Longs:
        """The oldest value of each window."""
        return self.values[self.begin]

    @property
    def last(self) -> Longs:
        """The newest one."""
        return self.values[np.maximum(self.end - 1, 0)]

    @property
    def delta(self) -> Longs:
        """What the newest one is more than the oldest."""
        return self.last - self.first

    @property
    def seconds_us(self) -> Longs:
        """Time from the oldest to the newest value."""
        return self.times[np.maximum(self.end - 1, 0)] - self.times[self.begin]

    @property
    def changes(self) -> Longs:
        """How many values are unlike the one before, which is of the window too."""
        differs = np.append(False, self.values[1:] != self.values[:-1])
        return np.where(self.count > 1, _counted(differs, np.minimum(self.begin + 1, self.end), self.end), 0)

    @property
    def stddev(self) -> Doubles:
        """Of the population, from whole sums."""
        total, squares = self.over(np.add).astype(object), np.zeros(len(self.begin), object)
        parts = [self.values >> 2 * _LIMB, self.values >> _LIMB & (1 << _LIMB) - 1, self.values & (1 << _LIMB) - 1]
        for high, one in enumerate(parts):
            for low, other in enumerate(parts):
                squares += self.over(np.add, one * other).astype(object) << _LIMB * (4 - high - low)
        deviation = np.where(self.count > 0, self.count.astype(object) * squares - total * total, 0).astype(np.float64)
        spread: Doubles = np.sqrt(deviation) / np.maximum(self.count, 1)
        return spread


class Meter:
    """Windows over `samples` at every row of a frame (`connector_key`, `slot_us`, `clip_us`).

    Readings from before `clip_us` are another car's. `derived` (`connector_key`, `time_us`, `from_us`, `power_mw`) is
    the power of connectors that send only their register; one that was derived over `clip_us` does not count.
    """

    def __init__(
        self, samples: Samples, frame: pa.Table, derived: pa.Table, width: int = 1, at_once: int = AT_ONCE
    ) -> None:
        """`width`: so many rows of the frame one after the other are of one connector, at the same ascending slots.
        `at_once`: the rows for which a condition is asked at a time, a window's more or less.
        """
        self._at_once = at_once
        keys = frame["connector_key"].cast(pa.int64()).fill_null(-1).to_numpy()
        slots = frame["slot_us"].to_numpy()
        self._width = width
        if width == 1:
            self._order = np.lexsort((slots, keys))
        else:
            first = np.argsort(keys[::width], kind="stable") * width
            self._order = (first[:, np.newaxis] + np.arange(width)).ravel()
        self._keys = keys[self._order]
        self._slots = slots[self._order]
        self._clip = frame["clip_us"].to_numpy()[self._order]
        self._samples, self._times = samples, samples.time_us
        self._begin, self._last = samples.bounds(self._keys)
        self._end = self._upto(self._slots)
        self._own = self._since_clip()
        self._columns = dict(samples.columns)
        self._power_from: Longs | None = None
        if derived.num_rows and "power_mw" in self._columns:
            self._derive(samples, derived)
        self._stretches: dict[tuple[str, int], Stretches] = {}

    def columns(self, windows: Windows, frame: pa.Table, condition: Condition) -> dict[str, pa.Array]:
        """The value of each window over meter readings in the rows of the frame, by its column.

        `frame` has the columns that conditions of shares name.
        """
        found = {column: self._value(window) for window, column in windows.meter_aggregates.items()}
        return found | {column: self._share(share, frame, condition) for share, column in windows.meter_shares.items()}

    def _upto(self, moments: Longs) -> Longs:
        """For each row of the frame the first of its connector's samples that is later than its moment."""
        if self._width == 1:
            return later(self._times, self._begin, self._last, moments)
        return self._samples.upto(self._keys[:: self._width], moments[: self._width])

    def _since_clip(self) -> Longs:
        """The first sample that is not another car's; looked for where another one may have come."""
        turns = np.append(True, (self._keys[1:] != self._keys[:-1]) | (self._clip[1:] != self._clip[:-1]))
        at = np.flatnonzero(turns[: len(self._keys)])
        found = later(self._times, self._begin[at], self._last[at], self._clip[at] - 1)
        return np.minimum(np.repeat(found, np.diff(np.append(at, len(self._keys)))), self._end)

    def _derive(self, samples: Samples, derived: pa.Table) -> None:
        """Put derived power where its register was read, and note since when each value holds."""
        begin, end = samples.bounds(derived["connector_key"].cast(pa.int64()).to_numpy())
        times = derived["time_us"].to_numpy()
        place = later(self._times, begin, end, times) - 1
        there = (place >= begin) & (self._times[place] == times)
        power = self._columns["power_mw"]
        known = np.ones(len(power.values), np.bool_) if power.known is None else power.known.copy()
        values, since = power.values.copy(), self._times.copy()
        values[place[there]], known[place[there]] = derived["power_mw"].to_numpy()[there], True
        since[place[there]] = derived["from_us"].to_numpy()[there]
        self._columns["power_mw"], self._power_from = Column(values, known), since

    def _span(self, span_us: int) -> Longs:
        """Where the rows of windows of that length begin."""
        return np.minimum(np.maximum(self._upto(self._slots - span_us), self._own), self._end)

    def _of(self, column: str, span_us: int) -> Stretches:
        if (column, span_us) not in self._stretches:
            self._stretches[column, span_us] = self._stretch(column, span_us)
        return self._stretches[column, span_us]

    def _stretch(self, column: str, span_us: int) -> Stretches:
        chosen, begin, end = self._columns[column], self._span(span_us), self._end
        if chosen.known is None:
            return Stretches(chosen.values, self._times, begin, end)
        before, kept = self._present[column], np.append(chosen.known[:-1], True)
        begin, end = before[begin], before[end]
        if column == "power_mw" and self._power_from is not None:
            begin = np.maximum(begin, later(self._power_from[kept], before[self._begin], end, self._clip - 1))
        return Stretches(chosen.values[kept], self._times[kept], begin, end)

    @cached_property
    def _present(self) -> dict[str, Longs]:
        """By column with missing values: how many values there are before each row."""
        return {name: np.concatenate([[0], np.cumsum(column.known[:-1])])
                for name, column in self._columns.items() if column.known is not None}  # fmt: skip

    def _value(self, window: Window) -> pa.Array:
        of = self._of(window.source.column, window.span_us)
        values, there = _AGGREGATES[window.function](of)
        scale = 1 if window.function in {"samples", "changes"} else window.source.scale
        return self._array(values / scale, there)

    def _array(self, values: Doubles, there: Truths) -> pa.Array:
        """In the rows of the frame."""
        placed, missing = np.empty(len(values)), np.empty(len(values), np.bool_)
        placed[self._order], missing[self._order] = values, ~there
        return pa.array(placed, mask=missing)

    def _share(self, share: Share, frame: pa.Table, condition: Condition) -> pa.Array:
        """How long each value held, as a part of the time for which a value is known.

        A value holds until the next, at most twice its usual (median) spacing, the last one until the slot.
        """
        begin = self._span(share.span_us)
        derived = self._power_from is not None and "power_mw" in share.readings
        if derived or share.frame_names:

            def of_window(rows: Longs, of: Longs) -> Bytes:
                asked = self._rows(share, rows) | dict(_items(frame.select(share.frame_names).take(self._order[of])))
                truth = condition(share.condition, pa.table(asked))
                if derived and self._power_from is not None:
                    truth = np.where(self._power_from[rows] >= self._clip[of], truth, np.int8(-1))
                return truth

            total, true = self._times_of(begin, np.arange(len(begin)), of_window)
        else:
            truths = condition(share.condition, pa.table(self._rows(share, slice(0, -1))))
            total, true = self._uniform(begin, truths)
            others = np.flatnonzero(total < 0)
            total[others], true[others] = self._times_of(begin, others, lambda rows, _: truths[rows])
        return self._array(100.0 * true / np.maximum(total, 1), total > 0)

    def _uniform(self, begin: Longs, truths: Bytes) -> tuple[Longs, Longs]:
        """As `_times_of`, of windows in which the condition held all the time or never: how long makes no difference.

        -1: of the others.
        """
        count = self._end - begin
        known = _counted(truths >= 0, begin, self._end) if (truths < 0).any() else count
        held = _counted(truths > 0, begin, self._end) if (truths > 0).any() else np.zeros_like(count)
        sure = (known == count) & ((held == 0) | (held == count))
        there = (count > 0) & (self._slots > self._times[begin])
        return np.where(sure, there, -1), (sure & there & (held > 0)).astype(np.int64)

    def _times_of(self, begin: Longs, windows: Longs, truth_of: Callable[[Longs, Longs], Bytes]) -> tuple[Longs, Longs]:
        """For how long a value is known, and for how long the condition held, in each of some windows.

        `truth_of` gives the truth of rows, each in the window of that number.
        """
        total, true = np.zeros(len(windows), np.int64), np.zeros(len(windows), np.int64)
        upto = np.cumsum(self._end[windows] - begin[windows])
        borders = np.searchsorted(upto, np.arange(self._at_once, int(upto.max(initial=0)), self._at_once))
        for first, last in pairwise([0, *borders.tolist(), len(windows)]):
            part = slice(first, last)
            total[part], true[part] = self._some_times_of(begin, windows[part], truth_of)
        return total, true

    def _some_times_of(
        self, begin: Longs, windows: Longs, truth_of: Callable[[Longs, Longs], Bytes]
    ) -> tuple[Longs, Longs]:
        rows, window = _expanded(begin[windows], self._end[windows])
        truth = truth_of(rows, windows[window])
        if (truth < 0).any():
            rows, window, truth = rows[truth >= 0], window[truth >= 0], truth[truth >= 0]
        counts = np.bincount(window, minlength=len(windows))
        there = counts > 0
        end = np.cumsum(counts)[there]
        held = _held(self._times[rows], end - counts[there], end, self._slots[windows][there])
        total, true = np.zeros(len(windows), np.int64), np.zeros(len(windows), np.int64)
        if len(held):
            total[there] = np.add.reduceat(held, end - counts[there])
            true[there] = np.add.reduceat(held * truth, end - counts[there])
        return total, true

    def _rows(self, share: Share, rows: Longs | slice) -> dict[str, Any]:
        """The readings that a condition is asked of."""
        found: dict[str, Any] = {}
        for name in share.readings:
            column = self._columns[name]
            found[name] = pa.array(column.values[rows], mask=None if column.known is None else ~column.known[rows])
        return found


def _items(table: pa.Table) -> list[tuple[str, pa.ChunkedArray]]:
    return list(zip(table.column_names, table.columns, strict=True))


def _counted(rows: Truths, begin: Longs, end: Longs) -> Longs:
    """How many of the rows of each window are chosen."""
    bounds = np.empty(2 * len(begin), np.int64)
    bounds[::2], bounds[1::2] = begin, end
    # numpy sums bytes into four of theirs three times as fast as into eight.
    sums = np.add.reduceat(np.append(rows, False).view(np.int8), bounds, dtype=np.int32)[::2]
    return np.where(end > begin, sums, 0)


def _expanded(begin: Longs, end: Longs) -> tuple[Longs, Longs]:
    """Every row of every window, and the number of its window."""
    counts = end - begin
    window = np.repeat(np.arange(len(begin)), counts)
    return np.arange(len(window)) + np.repeat(begin - (np.cumsum(counts) - counts), counts), window


def _held(times: Longs, begin: Longs, end: Longs, slots: Longs) -> Longs:
    """How long the value of each row held; rows of window i are `begin[i]` up to `end[i]`, and there is one."""
    held = np.empty(len(times), np.int64)
    held[:-1] = times[1:] - times[:-1]
    held[end - 1] = slots - times[end - 1]
    several = end - begin > 1
    begin, end = begin[several], end[several]
    if not len(begin):
        return held
    # Where no value lasts longer than twice the shortest spacing, none lasts longer than twice the median.
    inner = np.empty(2 * len(begin), np.int64)
    inner[::2], inner[1::2] = begin, end - 1
    least, most = (
        np.minimum.reduceat(held, inner)[::2],
        np.maximum(np.maximum.reduceat(held, inner)[::2], held[end - 1]),
    )
    uneven = most > 2 * least
    begin, end = begin[uneven], end[uneven]
    spacings, window = _expanded(begin, end - 1)
    ordered = held[spacings[np.lexsort((held[spacings], window))]]
    count = end - 1 - begin
    first = np.cumsum(count) - count
    usual = np.rint((ordered[first + (count - 1) // 2] + ordered[first + count // 2]) / 2).astype(np.int64)
    rows, window = _expanded(begin, end)
    held[rows] = np.minimum(held[rows], 2 * usual[window])
    return held


def _some(values: Longs | Doubles, of: Stretches, least: int = 1) -> tuple[Doubles, Truths]:
    """Values, and whether there are at least so many samples."""
    return values.astype(np.float64), of.count >= least


_AGGREGATES: Mapping[str, Callable[[Stretches], tuple[Doubles, Truths]]] = {
    "avg": lambda of: _some(of.over(np.add) / np.maximum(of.count, 1), of),
    "min": lambda of: _some(of.over(np.minimum), of),
    "max": lambda of: _some(of.over(np.maximum), of),
    "first": lambda of: _some(of.first, of),
    "last": lambda of: _some(of.last, of),
    "samples": lambda of: _some(of.count, of, 0),
    "delta": lambda of: _some(of.delta, of, 2),
    # Of a register, as power: its difference over the time between the first and the last sample.
    "rate": lambda of: _some(3600e6 * of.delta / np.maximum(of.seconds_us, 1), of, 2),
    "stddev": lambda of: _some(of.stddev, of),
    "changes": lambda of: _some(of.changes, of),
}
