"""A frame judged: every statement run over it, its rows made answers."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat

import pyarrow as pa
import pyarrow.compute as pc

from monitor.errors import InputError
from monitor.ids import Place
from monitor.readings.store import Snapshot
from monitor.rules.answer import Answer
from monitor.rules.frame import Frame
from monitor.rules.program import PLACE_COLUMNS, Program, Statement
from monitor.units import from_us

Stopwatch = Callable[[], float]
Active = AbstractSet[tuple[str, str]]
"""(rule id, subject) of every alert that is pending or firing."""


@dataclass
class Judged:
    """See `monitor.rules.answer.Evaluation`."""

    answers: list[Answer] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)

    @property
    def sorted(self) -> tuple[Answer, ...]:
        """The answers in the order of (rule, subject)."""
        return tuple(sorted(self.answers, key=lambda answer: (answer.rule, answer.subject)))


@dataclass(frozen=True)
class _Asked:
    """What a statement is asked with."""

    program: Program
    frame: Frame
    snapshot: Snapshot
    active: Active
    every_unknown: bool


def judge(
    program: Program,
    statements: Sequence[Statement],
    frame: Frame,
    snapshot: Snapshot,
    active: Active,
    *,
    every_unknown: bool = False,
    stopwatch: Stopwatch = lambda: 0.0,
) -> Judged:
    """Run the statements. `every_unknown`: answers for all subjects that are unknown, whatever follows from it."""
    asked = _Asked(program, frame, snapshot, active, every_unknown)
    found = Judged()
    for statement in statements:
        began = stopwatch()
        _judge(asked, statement, found)
        found.durations |= dict.fromkeys((rule.id for rule in statement.rules), stopwatch() - began)
    rules = {rule.id for statement in statements for rule in statement.rules} - set(found.failures)
    found.answers += _gone(rules, found.answers, frame.last, active)
    return found


def _judge(asked: _Asked, statement: Statement, found: Judged) -> None:
    """Add what a statement says; when it fails, what its rules say one by one, and the errors of those that fail."""
    try:
        rows = _rows(asked, statement)
    except InputError as error:
        if len(statement.rules) == 1:
            found.failures[statement.rules[0].id] = str(error)
            return
        for rule in statement.rules:
            _judge(asked, asked.program.alone[rule.id], found)
        return
    found.unknown += Counter(
        {rule.id: pc.sum(_unknown(rows, index)).as_py() or 0 for index, rule in enumerate(statement.rules)}
    )
    found.answers += _answers(asked, statement, rows)


def _rows(asked: _Asked, statement: Statement) -> pa.Table:
    frame = asked.frame.with_windows(statement.windows)
    return frame.query(asked.snapshot, statement.sql, active=_active_table(statement, asked))


def _unknown(rows: pa.Table, index: int) -> pa.ChunkedArray:
    return pc.and_(rows[f"selected_{index}"], pc.is_null(rows[f"truth_{index}"]))


def _answers(asked: _Asked, statement: Statement, rows: pa.Table) -> Iterator[Answer]:
    """Of thousands of subjects a rule may not know anything; only those of which something follows are looked at."""
    for index, rule in enumerate(statement.rules):
        counts = asked.every_unknown or rule.no_data.then == "fire"
        holds = pc.and_(rows[f"selected_{index}"], rows[f"truth_{index}"].fill_null(counts))
        concerned = rows.filter(pc.or_(holds, rows["is_active"]))
        if not concerned.num_rows:
            continue
        for subject, answer in _answers_of(statement, index, concerned):
            follows = answer.selected and (counts if answer.truth is None else answer.truth)
            if follows or (rule.id, subject) in asked.active:
                yield answer


def _answers_of(statement: Statement, index: int, rows: pa.Table) -> Iterator[tuple[str, Answer]]:
    """What one rule says of each row."""
    rule, keys = statement.rules[index].id, [statement.keys[n] for n in statement.used[index]]
    judged = [f"{name}_{index}" for name in ("truth", "level", "recovered", "selected")]
    columns = [rows[name].to_pylist() for name in ("slot_us", *judged)]
    values = zip(*(rows[f"v{n}"].to_pylist() for n in statement.used[index]), strict=True) if keys else repeat(())
    for subject, at_us, truth, level, recovered, selected, said in zip(
        _subjects(statement, rows), *columns, values, strict=bool(keys)
    ):
        yield subject, Answer(
            rule=rule, subject=subject, at=from_us(at_us), truth=truth, level=level if truth else None,
            recovered=recovered, selected=selected, values=dict(zip(keys, said, strict=True)),
        )  # fmt: skip


def _subjects(statement: Statement, rows: pa.Table) -> list[str]:
    columns = PLACE_COLUMNS[statement.subject]
    if "source" in columns:
        return [Place.of_source(source).subject for source in rows["source"].to_pylist()]
    names = (rows[name].to_pylist() for name in columns)
    return [Place(*each).subject for each in zip(*names, strict=True)]


def _active_table(statement: Statement, asked: _Asked) -> pa.Table:
    """The numbers of its rules' active subjects that are still there."""
    ids = {rule.id for rule in statement.rules}
    places = {Place.parse(subject) for rule, subject in asked.active if rule in ids}
    if statement.subject == "source":
        return pa.table({"number": pa.array(sorted(place.source or "" for place in places), pa.string())})
    return pa.table({"number": pa.array(asked.frame.numbers(places), pa.int64())})


def _gone(tried: set[str], answers: list[Answer], now: datetime, active: Active) -> Iterator[Answer]:
    """Active alerts of the rules that were `tried` whose subject is gone: retired, or another kind since an edit."""
    judged = {(answer.rule, answer.subject) for answer in answers}
    for rule, subject in sorted(active - judged):
        if rule in tried:
            yield Answer(rule, subject, now, truth=None, level=None, recovered=None, selected=False)
