"""A frame judged: every statement run over it, its rows made answers."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from monitor.errors import InputError
from monitor.ids import Place
from monitor.readings.store import Snapshot
from monitor.rules.answer import Answer
from monitor.rules.frame import Frame
from monitor.rules.model import Rule
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
    columns = PLACE_COLUMNS[statement.subject]
    concerned = rows["is_active"]
    for index, rule in enumerate(statement.rules):
        holds = rows[f"truth_{index}"].fill_null(_counts(asked, rule))
        concerned = pc.or_(concerned, pc.and_(rows[f"selected_{index}"], holds))
    for row in rows.filter(concerned).to_pylist():
        place = Place.of_source(row["source"]) if "source" in columns else Place(*(row[name] for name in columns))
        subject = place.subject
        for index, rule in enumerate(statement.rules):
            truth = row[f"truth_{index}"]
            holds = _counts(asked, rule) if truth is None else truth
            if (row[f"selected_{index}"] and holds) or (rule.id, subject) in asked.active:
                yield _answer(statement, index, rule, subject, row)


def _counts(asked: _Asked, rule: Rule) -> bool:
    """Whether it matters that the rule does not know."""
    return asked.every_unknown or rule.no_data.then == "fire"


def _answer(statement: Statement, index: int, rule: Rule, subject: str, row: dict[str, Any]) -> Answer:
    truth = row[f"truth_{index}"]
    return Answer(
        rule=rule.id,
        subject=subject,
        at=from_us(row["slot_us"]),
        truth=truth,
        level=row[f"level_{index}"] if truth else None,
        recovered=row[f"recovered_{index}"],
        selected=row[f"selected_{index}"],
        values={statement.keys[n]: row[f"v{n}"] for n in statement.used[index]},
    )


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
