"""Ranges that InfluxDB 3 Core reads: a question may touch so many files and no more, and nobody knows how many it does.

So a range is asked for as a whole, and in halves when that was too much. A half without rows costs next to nothing,
which is why the bounds may be decades apart.
"""

from collections.abc import Callable, Iterator

import pyarrow as pa

from monitor.readings.influx.refusal import TooManyFiles


def in_pieces(
    ask: Callable[[int, int], pa.Table], start_us: int, end_us: int, step_us: int, *, newest_first: bool = False
) -> Iterator[pa.Table]:
    """The answers for start <= time < end, in the order of time; borders lie at multiples of `step_us`.

    Raises TooManyFiles when less than a step is too much.
    """
    try:
        yield ask(start_us, end_us)
    except TooManyFiles:
        middle_us = (start_us + end_us) // 2 // step_us * step_us
        if not start_us < middle_us < end_us:
            raise
        halves = [(start_us, middle_us), (middle_us, end_us)]
        for begin_us, upto_us in reversed(halves) if newest_first else halves:
            yield from in_pieces(ask, begin_us, upto_us, step_us, newest_first=newest_first)
