"""A row of values that only grows, shared by all states that hold a beginning of it."""

from array import array
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

Cells = TypeVar("Cells", list[Any], "array[float]")


class Shared(Generic[Cells]):
    """The first `len` of some cells. `plus` takes constant time, and what it gives shares them with this one.

    The fold keeps a dozen states of every connector to go back to; each with a copy of its own of hours of time would
    be gigabytes. A state that grows in another way than a later one did gets its own cells.
    """

    __slots__ = ("_cells", "_count")

    def __init__(self, cells: Cells, count: int | None = None) -> None:
        self._cells: Cells = cells
        self._count = len(cells) if count is None else count

    def __len__(self) -> int:
        return self._count

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shared) and self.cells() == other.cells()

    __hash__ = None  # type: ignore[assignment]

    def plus(self, more: Sequence[Any]) -> "Shared[Cells]":
        """These cells and `more`."""
        cells = self._cells if len(self._cells) == self._count else self._cells[: self._count]
        cells.extend(more)
        return Shared(cells, self._count + len(more))

    def cells(self) -> Cells:
        """A copy, which other threads may read while these grow."""
        return self._cells[: self._count]
