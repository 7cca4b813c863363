"""How much of its power a battery takes on average from one state of charge to another."""

from itertools import pairwise
from math import log

from monitor.rules.expected import ARRIVAL

_LAST_SLOPE = (ARRIVAL[-1][1] - ARRIVAL[-2][1]) / (ARRIVAL[-1][0] - ARRIVAL[-2][0])
_CURVE = ((0, 1.0), *ARRIVAL, (100, ARRIVAL[-1][1] + _LAST_SLOPE * (100 - ARRIVAL[-1][0])))


def share_between(soc_in: float, soc_out: float) -> float:
    """The mean over time of the share of peak power left, charging from `soc_in` to `soc_out` (percent).

    Time goes as energy over power, so it is the harmonic mean over the state of charge.
    """
    if soc_out <= soc_in:
        return _share(soc_in)
    return (soc_out - soc_in) / sum(
        _slowness(max(low, soc_in), min(high, soc_out))
        for (low, _), (high, _) in pairwise(_CURVE)
        if high > soc_in and low < soc_out
    )


def _share(soc: float) -> float:
    (low, at_low), (high, at_high) = next(line for line in pairwise(_CURVE) if soc <= line[1][0])
    return at_low + (at_high - at_low) * (soc - low) / (high - low)


def _slowness(low: float, high: float) -> float:
    """The integral of 1 / share over a piece on which the share is a straight line."""
    at_low, at_high = _share(low), _share(high)
    if abs(at_high - at_low) < 1e-9:
        return (high - low) / at_low
    return (high - low) * log(at_high / at_low) / (at_high - at_low)
