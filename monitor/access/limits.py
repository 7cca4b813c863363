"""How often somebody may try to log in, without locking out who knows the password.

Waits grow with failures and are counted three ways: of a user from an address, of an address over all users, of a user
over all addresses. A wait is never longer than a minute, so nobody is locked out for good; and a browser that has
logged in as the user before (`known`) is counted by itself, so that no stranger's failures make it wait.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

FORGET: Final = timedelta(minutes=30)
"""Failures are forgotten so long after the last one."""
LONGEST: Final = timedelta(minutes=1)
REMEMBERED: Final = 10_000
"""Counters kept; beyond, the oldest goes, so that made-up names do not fill the memory."""
_FREE: Final = {"pair": 5, "address": 20, "user": 50}
"""Failures of each kind before one has to wait. An address may be an office of many people."""


@dataclass
class _Count:
    failures: int
    last: datetime


class Limits:
    """Failed attempts of one process, in memory. Its caller sees to it that one thread uses it at a time."""

    def __init__(self) -> None:
        self._counts: OrderedDict[Hashable, _Count] = OrderedDict()

    def wait(self, user: str, address: str, now: datetime, *, known: str = "") -> timedelta:
        """How long to wait before the next attempt; zero: try now. `known`: what names a browser known to the user."""
        return max((self._left(key, free, now) for key, free in _keys(user, address, known)), default=timedelta())

    def failed(self, user: str, address: str, now: datetime, *, known: str = "") -> None:
        """Note a wrong password."""
        for key, _ in _keys(user, address, known):
            count = self._counts.pop(key, None)
            failures = count.failures + 1 if count and now - count.last < FORGET else 1
            self._counts[key] = _Count(failures, now)
        while len(self._counts) > REMEMBERED:
            self._counts.popitem(last=False)

    def succeeded(self, user: str, address: str, *, known: str = "") -> None:
        """Forget the failures of this user from here; those of the address stay, lest one good login clears them."""
        keys = [key for key, _ in _keys(user, address, known) if key != ("address", address)]
        for key in keys:
            self._counts.pop(key, None)

    def _left(self, key: Hashable, free: int, now: datetime) -> timedelta:
        count = self._counts.get(key)
        if count is None or count.failures < free or now - count.last >= FORGET:
            return timedelta()
        pause = min(timedelta(seconds=2 ** min(count.failures - free, 10)), LONGEST)
        return max(count.last + pause - now, timedelta())


def _keys(user: str, address: str, known: str) -> Iterator[tuple[Hashable, int]]:
    if known:
        yield ("known", user, known), _FREE["pair"]
        return
    yield ("pair", user, address), _FREE["pair"]
    yield ("address", address), _FREE["address"]
    yield ("user", user), _FREE["user"]
