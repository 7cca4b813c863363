"""Rotas: a receiver that is a person by turns. Pure; handovers are at wall-clock time, so right across DST."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Names of weekdays, in the order of `date.weekday()`."""

_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True)
class Override:
    """Somebody stands in from `start` to before `end`, aware UTC."""

    start: datetime
    end: datetime
    who: str


@dataclass(frozen=True)
class Shift:
    """Who is on call from `start` to before `end`, aware UTC; `override`: standing in."""

    start: datetime
    end: datetime
    who: str
    override: bool = False


@dataclass(frozen=True)
class Rota:
    """`people` (addresses) take turns of a week, from the first `weekday` (0 is Monday) at `at` on or after `first`.

    Before that the first of them is on call already, so that nobody's alert is lost. A handover at a time that the
    clock skips in spring is at the moment when it would have been; one that comes twice in autumn is the first.
    """

    zone: ZoneInfo
    weekday: int
    at: time
    people: tuple[str, ...]
    first: date
    overrides: tuple[Override, ...] = ()

    @property
    def everybody(self) -> tuple[str, ...]:
        """All who are ever on call, each once."""
        return tuple(dict.fromkeys((*self.people, *(override.who for override in self.overrides))))

    def on_call(self, now: datetime) -> str:
        """Who is told at `now`."""
        standing_in = (override.who for override in self.overrides if override.start <= now < override.end)
        return next(standing_in, self.people[self._turn(now) % len(self.people)])

    def shifts(self, start: datetime, end: datetime) -> Iterator[Shift]:
        """Who is on call when from `start` to before `end`; neighbours of one person are one shift."""
        edges = {start, end}
        edges.update(edge for override in self.overrides for edge in (override.start, override.end))
        turn = self._turn(start)
        while (handover := self._handover(turn + 1)) < end:
            edges.add(handover)
            turn += 1
        inside = sorted(edge for edge in edges if start <= edge <= end)
        shift = None
        for begins, ends in pairwise(inside):
            override = any(each.start <= begins < each.end for each in self.overrides)
            who = self.on_call(begins)
            if shift and (shift.who, shift.override) == (who, override):
                shift = Shift(shift.start, ends, who, override)
                continue
            if shift:
                yield shift
            shift = Shift(begins, ends, who, override)
        if shift:
            yield shift

    def _handover(self, turn: int) -> datetime:
        """When turn number `turn` begins (0: the first)."""
        first = self.first + timedelta(days=(self.weekday - self.first.weekday()) % 7)
        return datetime.combine(first + turn * _WEEK, self.at, self.zone).astimezone(UTC)

    def _turn(self, now: datetime) -> int:
        """The number of the turn at `now`, at least 0."""
        guess = int((now - self._handover(0)) / _WEEK) + 1  # a week is up to an hour longer or shorter
        while guess > 0 and self._handover(guess) > now:
            guess -= 1
        return max(guess, 0)
