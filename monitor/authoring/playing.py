"""Readings played slot by slot through the production code: stored, made sessions, judged by the rules, told.

As many slots as know the same rows are judged at once (`evaluate_slots`): between two of them nothing may come late.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc

from monitor.alerts.flapping import Key
from monitor.alerts.model import Alert, Message
from monitor.authoring.replay import Files, Replay
from monitor.config import Settings
from monitor.ids import Place
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.schema import MEASUREMENTS
from monitor.readings.store import Batch, ReadingStore
from monitor.rules.answer import Answer
from monitor.rules.evaluate import Facts, evaluate_slots, waiting
from monitor.rules.frame import HISTORY, SESSIONS
from monitor.rules.program import compile_rules
from monitor.sessions.assembler import Assembler
from monitor.sessions.for_rules import glances_table
from monitor.sessions.history import USED, Past, history_of, past_of
from monitor.sessions.model import Session
from monitor.units import to_us

AT_ONCE = 200_000
"""Pairs of a connector and a slot that are judged together: what bounds the memory."""

Tables = Mapping[str, pa.Table]
"""What came in at a slot: rows by measurement, in wire units."""


@dataclass(frozen=True)
class Moment:
    """After the evaluation of a slot: the last alert there has been of each rule and subject, and what was told."""

    at: datetime
    alerts: Mapping[Key, Alert]
    messages: tuple[Message, ...]


class Play:
    """One series of slots on a store of its own. `failures`: rules that could not be judged, with the reason."""

    def __init__(self, files: Files, store: EmbeddedStore, settings: Settings, history: pa.Table) -> None:
        """`history`, in columns of `HISTORY`: of connectors whose history stays as it is."""
        self._files, self._store = files, store
        self._program = compile_rules([rule for rule in files.rules if rule.on != "source"])
        self._replay = Replay(files, settings.evaluate.interval)
        self._arriving = _Arriving(store)
        sessions = settings.sessions
        self._assembler = Assembler(
            cast("ReadingStore", self._arriving), sessions.grace, sessions.bill_until, files.register
        )
        self._sessions: list[pa.Table] = []
        self._histories = _Histories(history)
        self._waiting: list[datetime] = []
        self._last_us: int | None = None
        self.failures: dict[str, str] = {}
        store.register([place for place, _ in files.register])

    def go(self, slots: Iterable[tuple[datetime, Tables]]) -> Iterator[Moment]:
        """Take slots, each with the rows that came since the one before; what became of each of them."""
        for slot, came in slots:
            late = self._last_us is not None and any(_first_us(rows) <= self._last_us for rows in came.values())
            if late or len(self._waiting) >= self._most():
                yield from self._judge()
            self._take(slot, came)
            self._waiting.append(slot)
        yield from self._judge()

    def _take(self, slot: datetime, came: Tables) -> None:
        self._arriving.append(Batch(came, slot) if came else None)
        closed = [session for session in self._assembler.update(slot) if session.closed_at is not None]
        self._histories.note(closed, to_us(slot))
        under_way = glances_table([each.glance for each in self._assembler.under_way()])
        known_at = pa.array([to_us(slot)] * under_way.num_rows, pa.int64())
        column = under_way.column_names.index("known_at_us")
        self._sessions.append(under_way.set_column(column, "known_at_us", known_at))
        self._last_us = to_us(slot)

    def _judge(self) -> Iterator[Moment]:
        """The slots that wait."""
        slots, self._waiting = self._waiting, []
        if not slots:
            return
        self._store.bring_up_to(slots[-1])
        with self._store.snapshot() as snapshot:
            answers, failures, waits = evaluate_slots(
                self._program, snapshot, self.facts(slots), slots, self._replay.active
            )
        self.failures |= failures
        at: dict[datetime, list[Answer]] = defaultdict(list)
        for answer in answers:
            at[answer.at].append(answer)
        for slot in slots:
            silent = waiting(self._program, slot, "all stations are silent").failures if slot in waits else {}
            messages = self._replay.take(slot, at[slot], {**failures, **silent})
            yield Moment(slot, self._replay.latest, messages)

    def facts(self, slots: Sequence[datetime]) -> Facts:
        """What was known of sessions at these slots."""
        wanted = pa.array([to_us(slot) for slot in slots], pa.int64())
        known = pa.concat_tables([SESSIONS.empty_table(), *self._sessions])
        at_slots = known.filter(pc.is_in(known["known_at_us"], wanted))
        return Facts(self._files.register, at_slots, self._histories.table())

    def _most(self) -> int:
        return max(1, AT_ONCE // max(1, len(self._files.register.connectors)))


class _Arriving:
    """The store as the assembler asks it; a measurement of which nothing came at a slot is not looked for."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store
        self._came: frozenset[str] = frozenset()
        self._nothing = {name: store.arrivals(name, 0)[0] for name in MEASUREMENTS}
        self._position = 0
        self.arrivals_are_all = True
        self.scan = store.scan

    def append(self, batch: Batch | None) -> None:
        """What came at a slot."""
        self._came = frozenset(batch.tables if batch else ())
        if batch:
            self._store.append(batch)
            _, self._position = self._store.arrivals("link", self._position)

    def arrivals(self, measurement: str, after: int, upto: int | None = None) -> tuple[pa.Table, int]:
        """See `ReadingStore.arrivals`."""
        if measurement in self._came:
            return self._store.arrivals(measurement, after, upto)
        return self._nothing[measurement], max(after, self._position if upto is None else upto)


class _Histories:
    """What finished sessions say of connectors, from one end of a session to the next."""

    def __init__(self, fixed: pa.Table) -> None:
        self._fixed = fixed
        self._named = {Place(row["site"], row["station"], row["connector"]) for row in fixed.to_pylist()}
        self._past: dict[Place, deque[Past]] = {}
        self._rows: dict[Place, list[dict[str, Any]]] = {}

    def note(self, closed: Iterable[Session], at_us: int) -> None:
        """Sessions that ended by a slot, which knows of them."""
        for session in closed:
            if session.place in self._named:
                continue
            self._past.setdefault(session.place, deque(maxlen=USED)).appendleft(past_of(session))
            rows = self._rows.setdefault(session.place, [])
            if rows:
                rows[-1]["known_until_us"] = at_us
            rows.append(self._row(session.place, at_us))

    def table(self) -> pa.Table:
        """In the columns of `HISTORY`."""
        rows = [row for some in self._rows.values() for row in some]
        return pa.concat_tables([self._fixed, pa.Table.from_pylist(rows, HISTORY)])

    def _row(self, place: Place, from_us: int) -> dict[str, Any]:
        said = vars(history_of(list(self._past[place])))
        return {**place._asdict(), **said, "known_from_us": from_us, "known_until_us": None}


def _first_us(rows: pa.Table) -> int:
    first: int = pc.min(rows["time_us"]).as_py()
    return first


def slots_between(start: datetime, end: datetime, interval: timedelta) -> Iterator[datetime]:
    """start, start + interval, ... up to end, which may be one of them."""
    at = start
    while at <= end:
        yield at
        at += interval
