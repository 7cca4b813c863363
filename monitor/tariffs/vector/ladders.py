"""Which elements let a value pass, for many values at once; and division that rounds as the reference engine does."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from monitor.tariffs.selection import Ladder
from monitor.tariffs.vector.columns import Doubles, Longs

FLOAT_DIGITS = 15
"""A decimal of so many digits is the shortest text of the float that it becomes."""


def half_even(numerator: int, denominator: int) -> int:
    """The nearest whole number to a fraction of positive denominator, halves to even."""
    quotient, rest = divmod(numerator, denominator)
    return quotient + (2 * rest > denominator or (2 * rest == denominator and quotient & 1))


def divided(numerators: npt.NDArray[np.object_], denominator: int, *, half_up: bool = False) -> npt.NDArray[np.object_]:
    """`half_even` (or half up, away from zero) for whole numbers of any size."""
    if half_up:
        sign = np.where(numerators < 0, -1, 1)
        away: npt.NDArray[np.object_] = sign * ((2 * sign * numerators + denominator) // (2 * denominator))
        return away
    quotients = numerators // denominator
    rests = 2 * (numerators - quotients * denominator)
    up = (rests > denominator) | ((rests == denominator) & (quotients % 2 == 1))
    nearest: npt.NDArray[np.object_] = quotients + up.astype(np.int64)
    return nearest


def whole_masks(ladder: Ladder, values: Longs, thresholds: Sequence[int]) -> Longs:
    """The ladder's masks at whole numbers; `thresholds`: the ladder's in their unit."""
    steps = np.searchsorted(np.array(thresholds, np.int64), values, "right")
    masks: Longs = np.array(ladder.masks, np.int64)[steps]
    return masks


def double_masks(ladder: Ladder, values: Doubles) -> Longs:
    """The ladder's masks at floats, read as the decimals that they are written as; NaN: nobody knows."""
    steps = np.searchsorted(np.array([float(each) for each in ladder.thresholds]), values, "right")
    masks = np.array(ladder.masks, np.int64)[np.minimum(steps, len(ladder.masks) - 1)]
    return np.where(np.isnan(values), ladder.unknown, masks)


def exact_as_floats(ladder: Ladder) -> bool:
    """Whether comparing floats with its thresholds is comparing decimals."""
    return all(len(each.as_tuple().digits) <= FLOAT_DIGITS for each in ladder.thresholds)


def whole(value: Decimal, digits: int) -> int | None:
    """A decimal in units of ten to the minus `digits`; None: it is finer."""
    scaled = value.scaleb(digits)
    return int(scaled) if scaled == scaled.to_integral_value() else None
