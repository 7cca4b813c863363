"""One slot evaluated: answers of all rules, what failed, and the picture of every connector. Pure but for its reads."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from monitor.errors import InputError
from monitor.ids import Place
from monitor.readings.store import Snapshot
from monitor.rules.answer import Answer, Evaluation
from monitor.rules.frame import Facts, Frame, build
from monitor.rules.model import Rule
from monitor.rules.program import PLACE_COLUMNS, Program, Statement
from monitor.units import from_us

__all__ = ["Facts", "evaluate"]

LOOK_BACK = timedelta(minutes=30)
"""How far back power is derived from registers, at least: as far as the longest window."""

_PICTURE = """
SELECT site, station, connector, evse, current, rated_w, registered, online,
    CASE
        WHEN online IS false THEN 'Offline'
        WHEN online IS NULL OR status IS NULL THEN 'Unknown'
        ELSE status
    END AS state,
    reported AS status, reported_since_us AS status_since_us, error_code, power_w, energy_wh, offered_w, soc,
    reading_us, seen_us, expected_w, session, started_us AS session_started_us, session_energy_wh
FROM frame ORDER BY site, station, connector
"""

Active = AbstractSet[tuple[str, str]]
"""(rule id, subject) of every alert that is pending or firing."""


def evaluate(
    program: Program, snapshot: Snapshot, facts: Facts, now: datetime, active: Active = frozenset()
) -> Evaluation:
    """Judge every subject at `now`. Answers come for those that match, are unknown, or stand in `active`.

    A rule whose statement fails is in `failures` and has no answers; the others go on. Raises StoreUnavailable when
    the store is away.
    """
    look_back = max([LOOK_BACK, *(statement.look_back for statement in program.statements)])
    frame = build(snapshot, facts, [now], look_back)
    answers: list[Answer] = []
    failures: dict[str, str] = {}
    for statement in program.statements:
        found, failed = _judge(program, statement, frame, snapshot, active)
        answers += found
        failures |= failed
    answers += _gone(program, answers, failures, now, active)
    answers.sort(key=lambda answer: (answer.rule, answer.subject))
    return Evaluation(now, tuple(answers), failures, frame.query(snapshot, _PICTURE))


def _judge(
    program: Program, statement: Statement, frame: Frame, snapshot: Snapshot, active: Active
) -> tuple[list[Answer], dict[str, str]]:
    """The answers of a statement; when it fails, of its rules one by one, and the errors of those that fail."""
    try:
        return list(_answers(statement, frame, snapshot, active)), {}
    except InputError as error:
        if len(statement.rules) == 1:
            return [], {statement.rules[0].id: str(error)}
    answers: list[Answer] = []
    failures: dict[str, str] = {}
    for rule in statement.rules:
        found, failed = _judge(program, program.alone[rule.id], frame, snapshot, active)
        answers += found
        failures |= failed
    return answers, failures


def _answers(statement: Statement, frame: Frame, snapshot: Snapshot, active: Active) -> Iterator[Answer]:
    columns = PLACE_COLUMNS[statement.subject]
    rows = frame.query(snapshot, statement.sql, active=_active_table(statement, active)).to_pylist()
    for row in rows:
        subject = Place(*(row[name] for name in columns)).subject
        for index, rule in enumerate(statement.rules):
            selected, truth = row[f"selected_{index}"], row[f"truth_{index}"]
            if (selected and truth is not False) or (rule.id, subject) in active:
                yield _answer(statement, index, rule, subject, row)


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


def _active_table(statement: Statement, active: Active) -> pa.Table:
    ids = {rule.id for rule in statement.rules}
    columns = PLACE_COLUMNS[statement.subject]
    places = {Place.parse(subject) for rule, subject in active if rule in ids}
    schema = pa.schema([(name, pa.string()) for name in columns])
    return pa.Table.from_pylist([dict(zip(columns, place, strict=False)) for place in sorted(places, key=str)], schema)


def _gone(
    program: Program, answers: list[Answer], failures: dict[str, str], now: datetime, active: Active
) -> Iterator[Answer]:
    """Active alerts whose subject is not there any more: retired, or of another kind since the rule was edited."""
    judged = {(answer.rule, answer.subject) for answer in answers}
    tried = {rule.id for rule in program.rules} - set(failures)
    for rule, subject in sorted(active - judged):
        if rule in tried:
            yield Answer(rule, subject, now, truth=None, level=None, recovered=None, selected=False)
