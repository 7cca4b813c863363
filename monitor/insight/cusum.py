"""When a connector stopped being what it was: cumulative sums (Page 1954) against its own history. Pure.

What is usual is learnt from the first LEARNT sessions, by median and median deviation, so that single odd cars do not
count; deviations of one session count for at most CLIPPED. A sum adds what lies beyond SLACK standard deviations; above
LIMIT something has changed, since the session at which the sum last left zero. From then on what is usual is learnt
anew.

SLACK and LIMIT were chosen so that a shift of 1.5 standard deviations is found within 20 sessions, with under one
false alarm in 1,000, though what is usual is known from 40 sessions alone (tests/insight/test_cusum.py).
"""

from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

LEARNT = 40
CLIPPED = 4.0
SLACK, LIMIT = 0.75, 9.0
SPREAD_OF_MAD = 1.4826
"""Standard deviation over median deviation of a normal distribution."""
LEAST_SPREAD = 0.05
"""Of logarithms: a connector whose cars all charge the same must not alarm at one that takes 5 % less."""

SOME_FAIL, MORE_FAIL, FAIL_LIMIT = 0.03, 0.3, 8.0
"""Share of sessions that fail though all is well, at least; the share that is looked for; the limit of the sum of
log-likelihoods, with which a false alarm comes after e^8 = 2,981 sessions at the earliest on average (Wald)."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Shift:
    """A change: the index of the first value after it, that at which it was found, and means before and since."""

    since: int
    found: int
    before: float
    after: float


def shifts(values: Values) -> list[Shift]:
    """Changes of a positive quantity, up or down, in its order; in logarithms: halving is as far as doubling."""
    found, start = [], 0
    logs = np.log(values)
    while len(values) - start > LEARNT:
        at = _next(logs[start:])
        if at is None:
            break
        since, seen = start + at[0], start + at[1]
        found.append(Shift(since, seen, _typical(values[start:since]), _typical(values[since : seen + LEARNT])))
        start = since
    return found


def failures(failed: npt.NDArray[np.bool_]) -> list[Shift]:
    """Changes of the share of sessions that fail, for the worse."""
    found, start = [], 0
    while len(failed) - start > LEARNT:
        usual = max(float(np.mean(failed[start : start + LEARNT])), SOME_FAIL)
        worse = max(MORE_FAIL, min(3 * usual, 0.9))
        if usual >= worse:
            break
        bad, good = log(worse / usual), log((1 - worse) / (1 - usual))
        at = _crossing(np.where(failed[start + LEARNT :], bad, good), FAIL_LIMIT)
        if at is None:
            break
        since, seen = (start + LEARNT + index for index in at)
        found.append(Shift(since, seen, usual, float(np.mean(failed[since : seen + LEARNT]))))
        start = since
    return found


def _next(logs: Values) -> tuple[int, int] | None:
    """Since when and where the first change was found; what is usual is that of the first values."""
    usual = float(np.median(logs[:LEARNT]))
    spread = max(SPREAD_OF_MAD * float(np.median(np.abs(logs[:LEARNT] - usual))), LEAST_SPREAD)
    off = np.clip((logs[LEARNT:] - usual) / spread, -CLIPPED, CLIPPED)
    both = [at for at in (_crossing(off - SLACK, LIMIT), _crossing(-off - SLACK, LIMIT)) if at is not None]
    if not both:
        return None
    since, seen = min(both, key=lambda at: at[1])
    return LEARNT + since, LEARNT + seen


def _crossing(steps: Values, limit: float) -> tuple[int, int] | None:
    """Where the sum of steps, which never falls below 0, first exceeds `limit`, and since when it was above 0."""
    sums = np.concatenate(([0.0], np.cumsum(steps)))
    least = np.minimum.accumulate(sums)
    above = sums - least > limit
    seen = int(np.argmax(above))
    if not above[seen]:
        return None
    since = int(np.flatnonzero(sums[:seen] == least[:seen])[-1])
    return since, seen - 1


def _typical(values: Values) -> float:
    return float(np.exp(np.median(np.log(values))))
