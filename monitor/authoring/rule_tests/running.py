"""A case run through the production code: its rows into a store, its sessions assembled, every slot evaluated."""

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast

import pyarrow as pa

from monitor.alerts.model import Alert, Message
from monitor.authoring.replay import Files, Key, Replay
from monitor.authoring.rule_tests.cases import Case, Row, tables
from monitor.config import Settings
from monitor.ids import Place
from monitor.ingest.plain import column_types
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.schema import MEASUREMENTS
from monitor.readings.store import Batch, ReadingStore
from monitor.rules.answer import Answer
from monitor.rules.evaluate import Facts, evaluate_slots
from monitor.rules.explain import Explained, explain
from monitor.rules.frame import HISTORY, SESSIONS
from monitor.rules.program import compile_rules
from monitor.sessions.assembler import Assembler
from monitor.sessions.for_rules import sessions_table
from monitor.sessions.history import Past, history_of
from monitor.sessions.model import Session
from monitor.units import to_us


@dataclass(frozen=True)
class Moment:
    """After the evaluation of a slot: the last alert there has been of each rule and subject, and what was told."""

    at: datetime
    alerts: Mapping[Key, Alert]
    messages: tuple[Message, ...]


@dataclass
class Ran:
    """The moments of a case, and rules that failed with the reason."""

    moments: list[Moment] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)


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


class Run:
    """One case on a store of its own; `explain` can be asked while the store is open."""

    def __init__(self, case: Case, store: EmbeddedStore, settings: Settings) -> None:
        self._case, self._store = case, store
        self._interval = settings.evaluate.interval
        self._program = compile_rules(case.rules)
        self._replay = Replay(Files(case.rules, case.routes, case.register), self._interval)
        sessions = settings.sessions
        self._arriving = _Arriving(store)
        self._assembler = Assembler(
            cast("ReadingStore", self._arriving), sessions.grace, sessions.bill_until, case.register
        )
        self._closed: dict[Place, list[Session]] = defaultdict(list)
        self._sessions: list[pa.Table] = []
        self._history = case.history
        self._waiting: list[datetime] = []
        self.ran = Ran()

    def slots(self) -> list[datetime]:
        """One each interval from the test's start to its end."""
        return [self._case.start + number * self._interval for number in range(self._case.lasts // self._interval + 1)]

    def go(self) -> None:
        """Evaluate all slots, as many at once as know the same: late rows and finished sessions change what follows."""
        self._store.register([place for place, _ in self._case.register])
        rows = list(reversed(self._case.rows))
        before: datetime | None = None
        for slot in self.slots():
            came: list[Row] = []
            while rows and self._case.start + rows[-1].came <= slot:
                came.append(rows.pop())
            if before is not None and any(row.values["time_us"] <= to_us(before) for row in came):
                self._evaluate()
            self._arriving.append(Batch(_batch(came), slot) if came else None)
            closed = [session for session in self._assembler.update(slot) if session.closed_at is not None]
            if closed:
                self._evaluate()
                self._remember(closed)
            under_way = sessions_table(self._assembler.under_way())
            known_at = pa.array([to_us(slot)] * under_way.num_rows, pa.int64())
            column = under_way.column_names.index("known_at_us")
            self._sessions.append(under_way.set_column(column, "known_at_us", known_at))
            self._waiting.append(slot)
            before = slot
        self._evaluate()

    def explain(self, rule: str, subject: str, at: datetime) -> Explained:
        """Every sub-expression of the rule at a slot, by what is known at the end of the case."""
        [chosen] = [each for each in self._case.rules if each.id == rule]
        with self._store.snapshot() as snapshot:
            return explain(chosen, subject, snapshot, self._facts([at]), at)

    def _evaluate(self) -> None:
        """The slots since the last time."""
        slots, self._waiting = self._waiting, []
        if not slots:
            return
        self._store.bring_up_to(slots[-1])
        with self._store.snapshot() as snapshot:
            answers, failures, waits = evaluate_slots(
                self._program, snapshot, self._facts(slots), slots, self._replay.active
            )
        self.ran.failures |= failures
        at: dict[datetime, list[Answer]] = defaultdict(list)
        for answer in answers:
            at[answer.at].append(answer)
        for slot in slots:
            silent = {rule.id: "all stations are silent" for rule in self._case.rules} if slot in waits else {}
            messages = self._replay.take(slot, at[slot], {**failures, **silent})
            self.ran.moments.append(Moment(slot, dict(self._replay.latest), messages))

    def _facts(self, slots: Sequence[datetime]) -> Facts:
        wanted = pa.array([to_us(slot) for slot in slots], pa.int64())
        known = pa.concat_tables([SESSIONS.empty_table(), *self._sessions])
        at_slots = known.filter(pa.compute.is_in(known["known_at_us"], wanted))
        return Facts(self._case.register, at_slots, self._history)

    def _remember(self, closed: Sequence[Session]) -> None:
        """Finished sessions say of their connector what the case does not say of it."""
        for session in closed:
            self._closed[session.place].insert(0, session)
        given = {Place(row["site"], row["station"], row["connector"]) for row in self._case.history.to_pylist()}
        rows = [
            {**place._asdict(), **vars(history_of([_past(session) for session in sessions]))}
            for place, sessions in self._closed.items()
            if place not in given
        ]
        self._history = pa.concat_tables([self._case.history, pa.Table.from_pylist(rows, HISTORY)])


@contextmanager
def run(case: Case, settings: Settings) -> Iterator[Run]:
    """The case after all its slots."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(EmbeddedStore(Path(folder) / "readings.duckdb", settings.evaluate.window)) as store,
    ):
        running = Run(case, store, settings)
        running.go()
        yield running


def _batch(rows: Sequence[Row]) -> Mapping[str, pa.Table]:
    found = tables(rows).items()
    return {name: pa.Table.from_pylist(values, _schema(name, values)) for name, values in found}


def _schema(name: str, values: Sequence[Mapping[str, object]]) -> pa.Schema:
    there = {column for row in values for column in row}
    return pa.schema([(column, kind) for column, kind in column_types(MEASUREMENTS[name]).items() if column in there])


def _past(session: Session) -> Past:
    ended = session.plug_out or session.stopped or session.plug_in
    return Past(
        to_us(ended),
        session.energy_wh,
        session.average_power_w,
        session.user,
        session.stop_reason,
        session.diagnosis.code if session.diagnosis else None,
    )
