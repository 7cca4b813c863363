"""Readings played slot by slot through the production code: stored, made sessions, judged by the rules, told.

As many slots as know the same rows are judged at once (`evaluate_slots`): between two of them nothing may come late.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, cast

import pyarrow as pa
import pyarrow.compute as pc

from monitor.alerts.flapping import Key
from monitor.alerts.model import Alert, Message
from monitor.authoring.histories import Histories
from monitor.authoring.replay import Files, Replay
from monitor.config import Settings
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.store import ReadingStore
from monitor.rules.answer import Answer
from monitor.rules.evaluate import Facts, evaluate_slots, waiting
from monitor.rules.frame import SESSIONS
from monitor.rules.program import compile_rules
from monitor.sessions.assembler import Assembler
from monitor.sessions.classes import TimeRules
from monitor.sessions.for_rules import glances_table
from monitor.units import to_us

AT_ONCE = 500_000
"""Pairs of a connector and a slot that are judged together: what bounds the memory."""

Tables = Mapping[str, pa.Table]
"""What came in at a slot: rows by measurement, in wire units."""


class Rows(Protocol):
    """Where the rows of each slot go on their way to the store that rules are judged over.

    It is also the store that sessions are assembled from (`arrivals`, `arrivals_are_all`, `scan` of `ReadingStore`),
    which knows nothing later than the slot.
    """

    @property
    def store(self) -> EmbeddedStore:
        """What the rules look at, once `flush` was called."""
        ...

    def take(self, slot: datetime, came: Tables) -> None:
        """What came since the slot before."""
        ...

    def flush(self) -> None:
        """Everything that was taken is in the store."""
        ...


@dataclass(frozen=True)
class Moment:
    """After the evaluation of a slot: what rules said, the last alert that there has been of each rule and subject, and
    what was told.
    """

    at: datetime
    answers: Sequence[Answer]
    alerts: Mapping[Key, Alert]
    messages: tuple[Message, ...]


class Play:
    """One series of slots. `failures`: rules that could not be judged, with the reason."""

    def __init__(
        self, files: Files, replay: Replay, rows: Rows, settings: Settings, histories: Histories,
        *, every_unknown: bool = False,
    ) -> None:  # fmt: skip
        """`every_unknown`: moments also have the answers of rules that do not know and of which nothing follows."""
        self._files, self._replay, self._rows, self._histories = files, replay, rows, histories
        self._every_unknown = every_unknown
        self._program = compile_rules([rule for rule in files.rules if rule.on != "source"])
        sessions = settings.sessions
        self._assembler = Assembler(
            cast("ReadingStore", rows), sessions.grace, sessions.bill_until, files.register,
            time_rules=TimeRules(frozenset(sessions.neither), sessions.least_current),
        )  # fmt: skip
        self._sessions: dict[datetime, pa.Table] = {}
        self._under_way = SESSIONS.empty_table()
        self._waiting: list[datetime] = []
        self._last_us: int | None = None
        self.failures: dict[str, str] = {}
        rows.store.register([place for place, _ in files.register])

    def know(self, at: datetime, came: Tables) -> None:
        """Take rows from before the first slot."""
        self._rows.take(at, came)
        self._assemble(at)
        self._note_under_way(at, fresh=True)
        self._rows.flush()

    def go(self, slots: Iterable[tuple[datetime, Tables]]) -> Iterator[Moment]:
        """Take slots, each with the rows that came since the one before; what became of each of them."""
        for slot, came in slots:
            late = self._last_us is not None and any(_first_us(rows) <= self._last_us for rows in came.values())
            if late or len(self._waiting) >= self._most():
                yield from self._judge()
            self._rows.take(slot, came)
            self._assemble(slot)
            self._note_under_way(slot, fresh=bool(came))
            self._waiting.append(slot)
            self._last_us = to_us(slot)
        yield from self._judge()

    def _assemble(self, slot: datetime) -> None:
        closed = [session for session in self._assembler.update(slot) if session.closed_at is not None]
        self._histories.note(closed, to_us(slot))

    def _note_under_way(self, slot: datetime, *, fresh: bool) -> None:
        """`fresh`: rows have come; without any, what is known of the cars that are there is what it was."""
        if fresh:
            self._under_way = glances_table([each.glance for each in self._assembler.under_way()])
        known_at = pa.array([to_us(slot)] * self._under_way.num_rows, pa.int64())
        column = self._under_way.column_names.index("known_at_us")
        self._sessions[slot] = self._under_way.set_column(column, "known_at_us", known_at)

    def _judge(self) -> Iterator[Moment]:
        """The slots that wait."""
        slots, self._waiting = self._waiting, []
        if not slots:
            return
        self._rows.flush()
        self._rows.store.bring_up_to(slots[-1])
        active = frozenset((alert.rule, alert.subject) for alert in self._replay.active)
        with self._rows.store.snapshot() as snapshot:
            answers, failures, waits = evaluate_slots(
                self._program, snapshot, self.facts(slots), slots, active, every_unknown=self._every_unknown
            )
        self.failures |= failures
        at: dict[datetime, list[Answer]] = defaultdict(list)
        for answer in answers:
            at[answer.at].append(answer)
        for slot in slots:
            silent = waiting(self._program, slot, "all stations are silent").failures if slot in waits else {}
            messages = self._replay.take(slot, at[slot], {**failures, **silent})
            yield Moment(slot, at[slot], self._replay.latest, messages)

    def facts(self, slots: Sequence[datetime]) -> Facts:
        """What was known of sessions at these slots."""
        known = pa.concat_tables([SESSIONS.empty_table(), *(self._sessions[slot] for slot in slots)])
        return Facts(self._files.register, known, self._histories.table())

    def forget(self, before: datetime) -> None:
        """Nothing is asked of the slots before that any more."""
        self._sessions = {slot: table for slot, table in self._sessions.items() if slot >= before}
        self._histories.shed(to_us(before))

    def _most(self) -> int:
        return max(1, AT_ONCE // max(1, len(self._files.register.connectors)))


def _first_us(rows: pa.Table) -> int:
    first: int = pc.min(rows["time_us"]).as_py()
    return first


def slots_between(start: datetime, end: datetime, interval: timedelta) -> Iterator[datetime]:
    """start, start + interval, ... up to end, which may be one of them."""
    at = start
    while at <= end:
        yield at
        at += interval
