"""Old rows deleted in pieces: the store has one writer, and neither a tick nor a batch may wait long for it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from time import perf_counter

from monitor.readings.schema import TRANSACTION
from monitor.readings.store import ReadingStore
from monitor.units import from_us

_FIRST, _SHORTEST, _LONGEST = timedelta(hours=1), timedelta(minutes=1), timedelta(days=30)
_QUICK_S, _SLOW_S = 0.05, 0.2
"""A piece that took less makes the next one twice as long, one that took more half as long."""


def forget(store: ReadingStore, measurement: str, before: datetime) -> Iterator[int]:
    """Delete rows older than `before`, oldest first; after each piece how many rows it was.

    Raises what `ReadingStore.forget` raises. Who stops in between goes on another time.
    """
    oldest = _oldest(store, measurement, before)
    while oldest is not None:
        yield from _pieces(oldest, before, lambda at: store.forget(measurement, at))
        left = _oldest(store, measurement, before)
        oldest = None if left == oldest else left


def forget_users(store: ReadingStore, before: datetime) -> Iterator[int]:
    """Erase users from transactions older than `before`, oldest first; after each piece how many rows had one.

    Raises what `ReadingStore.forget_users` raises.
    """
    oldest = _oldest(store, TRANSACTION.name, before)
    if oldest is not None:
        yield from _pieces(oldest, before, store.forget_users, over_holes=True)


def _pieces(
    begin: datetime, before: datetime, erase: Callable[[datetime], int], *, over_holes: bool = False
) -> Iterator[int]:
    """What `erase` took, up to later and later moments; up to the first hole, which may be years long, or over all."""
    span, at = _FIRST, begin
    while at < before:
        at = min(at + span, before)
        began = perf_counter()
        gone = erase(at)
        took_s = perf_counter() - began
        yield gone
        if took_s > _SLOW_S:
            span = max(span / 2, _SHORTEST)
        elif took_s < _QUICK_S:
            span = min(span * 2, _LONGEST)
        if not gone and not over_holes:
            return


def _oldest(store: ReadingStore, measurement: str, before: datetime) -> datetime | None:
    for batch in store.scan(measurement, end=before, limit=1):
        if batch.num_rows:
            return from_us(batch["time_us"][0].as_py())
    return None
