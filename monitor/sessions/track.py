"""One connector being followed: where its fold stands, and earlier states to go back to when a row comes late."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from monitor.sessions.fold import State, step
from monitor.sessions.glance import Essence
from monitor.sessions.outlet import Outlet
from monitor.sessions.rows import Key, Row, key_of
from monitor.sessions.visit import Visit

CHECKPOINT_US = 5 * 60 * 1_000_000
CHECKPOINTS = 12
"""An hour in steps of five minutes: rows that come seconds or minutes out of order cost little."""

Touched = dict[Key, Visit]
"""Visits that changed, by the row that began them."""


@dataclass
class Track:
    """Mutable: the assembler's memory of one connector. `ids`: what each visit was last called; `told`: what was said
    of the car that is there when its session was last given out whole.

    `whole`: its fold began with the connector's first row ever, else with a row before which nothing is known.
    `begun_with`: the transaction of the session under way, when its fold began with that one, and knows none before it.
    """

    whole: bool = False
    begun_with: str | None = None
    state: State = field(default_factory=State)
    checkpoints: deque[State] = field(default_factory=lambda: deque(maxlen=CHECKPOINTS))
    ids: dict[Key, str] = field(default_factory=dict)
    told: Essence | None = None

    def in_order(self, rows: list[Row]) -> bool:
        """Whether sorted `rows` all come after what was folded."""
        return self.state.last is None or key_of(rows[0]) > self.state.last

    def fold(self, rows: Iterable[Row], outlet: Outlet, grace_us: int) -> Touched | None:
        """Fold sorted rows; None when that takes more than is kept here: periods given away, a session not known."""
        touched: Touched = {}
        for row in rows:
            before = self.state
            if not self.checkpoints or _apart(self.checkpoints[-1], row):
                self.checkpoints.append(before)
            self.state = after = step(before, row, outlet, grace_us)
            for visit in (after.previous, after.current):
                if visit is None or visit is before.current or visit is before.previous:
                    continue
                if self.begun_with is not None and self._may_be_the_one_before(before, visit):
                    return None
                if not visit.shed:
                    touched[visit.born] = visit
                elif visit != _ended_by_another(before, visit) or _closes_earlier(visit, grace_us):
                    return None
        return touched

    def _may_be_the_one_before(self, before: State, visit: Visit) -> bool:
        """Whether what seems to begin a visit may be of the one before the first that is known here.

        So may a stop without its start, and meter values that name another transaction.
        """
        if visit.started_us is None:
            return True
        new = before.current is None or visit.born != before.current.born
        return new and visit.source == "meter" and before.previous is None and visit.transaction != self.begun_with

    def back_to(self, key: Key) -> bool:
        """Go back to the last state before `key`; False when none is kept that far back."""
        while self.checkpoints and not _before(self.checkpoints[-1], key):
            self.checkpoints.pop()
        if not self.checkpoints or (self.checkpoints[-1].last is None and not self.whole):
            return False
        self.state = self.checkpoints.pop()
        return True

    def shed(self) -> None:
        """Give away the periods of visits that are closed, and the states that hold them."""
        self.state = self.state._replace(
            current=_shed(self.state.current),
            previous=_shed(self.state.previous),
        )
        kept = {visit.born for visit in (self.state.current, self.state.previous) if visit is not None}
        self.ids = {key: name for key, name in self.ids.items() if key in kept}
        self.checkpoints.clear()
        self.checkpoints.append(self.state)


def _apart(checkpoint: State, row: Row) -> bool:
    return checkpoint.last is None or row.time_us - checkpoint.last[0] >= CHECKPOINT_US


def _before(state: State, key: Key) -> bool:
    return state.last is None or state.last < key


def _ended_by_another(state: State, visit: Visit) -> Visit | None:
    """The visit as it was, but for the next one's beginning, which changes nothing of a closed one."""
    for known in (state.current, state.previous):
        if known is not None and known.born == visit.born:
            ended = known.copy()
            ended.replaced_us = visit.replaced_us
            return ended
    return None


def _closes_earlier(visit: Visit, grace_us: int) -> bool:
    """Whether a closed visit turns out to have closed when the next one began, within its grace."""
    if visit.replaced_us is None or visit.plug_out_us is None:
        return False
    return visit.replaced_us < visit.plug_out_us + grace_us


def _shed(visit: Visit | None) -> Visit | None:
    return None if visit is None else visit.without_slices()
