"""Meter rows in the order of (connector, time) as arrays: what windows over readings are computed from.

In this order a window of a connector is a stretch of each array, and its sum or its greatest value costs what reading
the memory costs: 2 ms for 6 million values. DuckDB, whose rows lie as they came, hashes or sorts them each time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from monitor.readings.tables import NEVER_US

Longs = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]
T = TypeVar("T", np.int64, np.bool_)


@dataclass(frozen=True)
class Column:
    """Stored values of one field. `known` False: the row has none, and 0 stands there; None: every row has one.

    Both arrays have one element more than there are rows, so that the end of the last window is a place in them.
    """

    values: Longs
    known: Truths | None


@dataclass(frozen=True)
class Samples:
    """Rows `starts[key]` up to `starts[key + 1]` are those of the connector with that key, oldest first.

    `time_us` has one element more than there are rows. Nothing is ever changed in these arrays.
    """

    starts: Longs
    time_us: Longs
    columns: Mapping[str, Column]

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.time_us) - 1

    def bounds(self, keys: Longs) -> tuple[Longs, Longs]:
        """Where the rows of each connector begin and end; nowhere for a key that has none, as one below 0."""
        known = (keys >= 0) & (keys < len(self.starts) - 1)
        keys = np.where(known, keys, 0)
        begin = np.where(known, self.starts[keys], 0)
        return begin, np.where(known, self.starts[np.minimum(keys + 1, len(self.starts) - 1)], 0)

    def upto(self, keys: Longs, moments: Longs) -> Longs:
        """For each of the connectors and each of the moments (ascending), in that order, the first of its rows that is
        later; where its rows end if none is.
        """
        begin, end = self.bounds(keys)
        if len(moments) == 1:
            return later(self.time_us, begin, end, np.broadcast_to(moments, len(keys)))
        connectors, width = len(self.starts) - 1, len(moments) + 1
        of = np.repeat(np.arange(connectors), np.diff(self.starts))
        counts = np.bincount(of * width + np.searchsorted(moments, self.time_us[:-1]), minlength=connectors * width)
        before = np.cumsum(counts.reshape(connectors, width)[:, :-1], axis=1)
        known = end > begin
        found: Longs = np.repeat(begin[:, np.newaxis], width - 1, axis=1)
        found[known] += before[keys[known]]
        return found.ravel()

    def last_of(self, keys: Longs, moments: Longs) -> Longs:
        """The time of the row before that; NEVER_US where there is none."""
        begin, _ = self.bounds(keys)
        end = self.upto(keys, moments)
        return np.where(end > np.repeat(begin, len(moments)), self.time_us[end - 1], NEVER_US)


def later(times: Longs, begin: Longs, end: Longs, moments: Longs) -> Longs:
    """The first of the rows from `begin` to `end` (each an array) that is later than the moment; `end` if none is."""
    # Most windows reach to the last row or begin with the first: the search is for the others.
    found = end.copy()
    inner = np.flatnonzero((begin < end) & (times[end - 1] > moments))
    low, high, moments = begin[inner], end[inner] - 1, moments[inner]
    ahead = np.flatnonzero(times[low] <= moments)
    found[inner], low, high, moments = low, low[ahead] + 1, high[ahead], moments[ahead]
    for _ in range(int((high - low).max(initial=0)).bit_length()):
        middle = (low + high) >> 1
        earlier = (low < high) & (times[middle] <= moments)
        low = np.where(earlier, middle + 1, low)
        high = np.where(earlier, high, middle)
    found[inner[ahead]] = low
    return found


def arranged(rows: pa.Table, fields: Iterable[tuple[str, pa.ChunkedArray]]) -> Samples:
    """Samples of rows in any order: a table of their `connector_key` and `time_us`, and one column after the other,
    which need not be there at once.
    """
    keys, times = rows["connector_key"].to_numpy(), rows["time_us"].to_numpy()
    order = np.lexsort((times, keys))
    counts = np.bincount(keys, minlength=1)
    columns = {name: _column(column, order) for name, column in fields}
    return Samples(np.concatenate([[0], np.cumsum(counts)]), _ordered(times, order), columns)


def merged(old: Samples, new: Samples, after_us: int) -> Samples:
    """The rows of both that are later than `after_us`; a row of `new` stands in for an old one of its moment."""
    connectors = max(len(old.starts), len(new.starts)) - 1
    starts, added = _padded(old.starts, connectors), _padded(new.starts, connectors)
    keys = np.repeat(np.arange(connectors), np.diff(added))
    times = new.time_us[:-1]
    place = later(old.time_us, starts[keys], starts[keys + 1], times)
    again = (place > starts[keys]) & (old.time_us[place - 1] == times)
    keep = old.time_us[:-1] > after_us
    keep[place[again] - 1] = False
    kept_before = np.concatenate([[0], np.cumsum(keep)])
    place = kept_before[place] + np.arange(new.rows)
    is_old = np.ones(int(kept_before[-1]) + new.rows, np.bool_)
    is_old[place] = False

    def both(before: npt.NDArray[T], after: npt.NDArray[T]) -> npt.NDArray[T]:
        joined = np.zeros(len(is_old) + 1, before.dtype)
        joined[:-1][is_old] = before[:-1][keep]
        joined[place] = after[:-1]
        return joined

    def column(before: Column, after: Column) -> Column:
        known = None
        if before.known is not None or after.known is not None:
            known = both(*(np.ones(len(each.values), np.bool_) if each.known is None else each.known
                           for each in (before, after)))  # fmt: skip
        return Column(both(before.values, after.values), known)

    return Samples(
        kept_before[starts] + added,
        both(old.time_us, new.time_us),
        {name: column(old.columns[name], new.columns[name]) for name in old.columns},
    )


def _padded(starts: Longs, connectors: int) -> Longs:
    return np.concatenate([starts, np.full(connectors + 1 - len(starts), starts[-1])])


def _column(column: pa.ChunkedArray, order: Longs) -> Column:
    if not column.null_count:
        return Column(_ordered(column.to_numpy(), order), None)
    known = pc.is_valid(column).to_numpy()
    return Column(_ordered(pc.fill_null(column, 0).to_numpy(), order), _ordered(known, order))


def _ordered(values: npt.NDArray[T], order: Longs) -> npt.NDArray[T]:
    """With one element more at the end."""
    found = np.zeros(len(order) + 1, values.dtype)
    np.take(values, order, out=found[:-1], mode="clip")
    return found
