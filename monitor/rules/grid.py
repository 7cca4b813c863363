"""Numbers (of connectors, of stations) by slots as flat arrays: place `number * width + slot`.

What held at a slot is the last event before it. Each event is put where it is known first, and what stands there is
carried on to the slots behind: one pass over memory, however many slots there are.
"""

from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from monitor.readings.samples import Longs
from monitor.readings.tables import NEVER_US

T = TypeVar("T", bound=np.generic)
Truths = npt.NDArray[np.bool_]
NEVER = NEVER_US
"""Stands for no time: earlier than every time, so that the later of two is the one that is known."""


@dataclass(frozen=True)
class Grid:
    """`slots`: epoch microseconds, ascending."""

    slots: Longs
    _tiled: dict[int, Longs] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """How many slots there are."""
        return len(self.slots)

    def times(self, numbers: int) -> Longs:
        """The slot of each place."""
        if numbers not in self._tiled:
            self._tiled[numbers] = np.tile(self.slots, numbers)
        return self._tiled[numbers]

    def bounds(self, sql: str) -> dict[str, int]:
        """`$first` and `$last`, the first and the last slot, as far as a statement names them."""
        both = {"first": int(self.slots[0]), "last": int(self.slots[-1])}
        return {name: slot for name, slot in both.items() if f"${name}" in sql}

    def places(self, numbers: Longs) -> Longs:
        """The places of these numbers at each slot."""
        if self.width == 1:
            return numbers
        found: Longs = (numbers[:, np.newaxis] * self.width + np.arange(self.width)).ravel()
        return found

    def spread(self, values: npt.NDArray[T]) -> npt.NDArray[T]:
        """What each number has, at each slot."""
        return values if self.width == 1 else np.repeat(values, self.width)

    def as_of(self, numbers: int, of: Longs, times: Longs, *, before_us: int = 0) -> Longs:
        """The last of the events of each number that is not later than the slot less `before_us`; -1 where none is.

        Event i is of the number `of[i]` (below 0: of none); those of one number are in the order of time.
        """
        slot = np.searchsorted(self.slots - before_us, times)
        there = np.flatnonzero((of >= 0) & (slot < self.width))
        found = np.full(numbers * self.width, -1, np.int64)
        # Of several in one place the last stays.
        found[of[there] * self.width + slot[there]] = there
        if self.width > 1:
            np.maximum.accumulate(found.reshape(numbers, self.width), axis=1, out=found.reshape(numbers, self.width))
        return found


def at(values: Longs, index: Longs) -> Longs:
    """The times of events by index, NEVER for -1."""
    if not len(values):
        return np.full(len(index), NEVER, np.int64)
    found: Longs = np.where(index >= 0, values[index], NEVER)
    return found
