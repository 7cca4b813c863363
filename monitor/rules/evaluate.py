"""One slot evaluated: answers of all rules, what failed, and the picture of every connector. Pure but for its reads."""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from monitor.errors import InputError
from monitor.ids import Place
from monitor.readings.store import Snapshot
from monitor.rules.answer import Answer, Evaluation, Flow
from monitor.rules.frame import Facts, Frame, build
from monitor.rules.model import Rule
from monitor.rules.program import PLACE_COLUMNS, Program, Statement
from monitor.units import from_us

__all__ = ["Facts", "evaluate", "evaluate_sources", "waiting"]

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

_ROWS = " + ".join(
    f"(SELECT count(*) FROM {table} WHERE time_us > $last - 60000000 AND time_us <= $last)"
    for table in ("meter", "status", '"transaction"', "link")
)
_FLOW = f"""
SELECT {_ROWS} AS rows_1m, max(seen_us) FILTER (seen_us <= $last) AS newest_us,
    coalesce(bool_or(network_silent), false) AS silent
FROM station_frame
"""

Stopwatch = Callable[[], float]
Active = AbstractSet[tuple[str, str]]
"""(rule id, subject) of every alert that is pending or firing."""


def evaluate(
    program: Program,
    snapshot: Snapshot,
    facts: Facts,
    now: datetime,
    active: Active = frozenset(),
    *,
    stopwatch: Stopwatch = lambda: 0.0,
) -> Evaluation:
    """Judge every connector, station and site at `now`; answers for those that match, are unknown or are `active`.

    While all stations are silent at once the rules wait: it is not they that have failed. A rule whose statement fails
    is in `failures` and has no answers; the others go on. `stopwatch` gives seconds, for `durations`.
    Raises StoreUnavailable when the store is away.
    """
    look_back = max([LOOK_BACK, *(statement.look_back for statement in program.statements)])
    frame = build(snapshot, facts, [now], look_back)
    flow, picture = _flow(frame, snapshot), frame.query(snapshot, _PICTURE)
    if flow.silent:
        return replace(waiting(program, now, f"waits: no station has sent anything since {flow.newest}"),
                       picture=picture, flow=flow)  # fmt: skip
    statements = [statement for statement in program.statements if statement.subject != "source"]
    answers, failures, durations = _judged(program, statements, frame, snapshot, active, stopwatch=stopwatch)
    return Evaluation(now, answers, failures, picture, flow, durations)


def evaluate_slots(
    program: Program, snapshot: Snapshot, facts: Facts, slots: Sequence[datetime], active: Active = frozenset()
) -> tuple[tuple[Answer, ...], dict[str, str], frozenset[datetime]]:
    """The same for many slots (ascending) at once, through the same statements: what a backtest asks.

    Answers in the order of (slot, rule, subject), the rules that failed, and the slots at which rules wait because all
    stations were silent. A subject that matches, is unknown or is `active` at one of the slots has an answer at each:
    its alert may begin at any of them. `facts.sessions` has a row for each slot (`known_at_us`).
    """
    look_back = max([LOOK_BACK, *(statement.look_back for statement in program.statements)])
    frame = build(snapshot, facts, slots, look_back)
    silent = frame.query(snapshot, "SELECT DISTINCT slot_us FROM station_frame WHERE network_silent").to_pylist()
    waits = frozenset(from_us(row["slot_us"]) for row in silent)
    statements = [statement for statement in program.statements if statement.subject != "source"]
    answers, failures, _ = _judged(program, statements, frame, snapshot, active)
    begun = {(answer.rule, answer.subject) for answer in answers if answer.truth is not False} | active
    if begun - active:
        answers, failures, _ = _judged(program, statements, frame, snapshot, begun)
    kept = sorted((one for one in answers if one.at not in waits), key=lambda one: (one.at, one.rule, one.subject))
    return tuple(kept), failures, waits


def judge_one(program: Program, frame: Frame, snapshot: Snapshot, subject: str) -> Answer:
    """The answer of a program of one rule for one subject, whatever it is. Raises InputError when the rule fails."""
    [rule] = program.rules
    active = frozenset({(rule.id, subject)})
    answers, failures, _ = _judged(program, program.statements, frame, snapshot, active)
    if rule.id in failures:
        raise InputError(f"rule {rule.id!r} fails: {failures[rule.id]}")
    return next(answer for answer in answers if answer.subject == subject)


def evaluate_sources(
    program: Program,
    snapshot: Snapshot,
    sources: pa.Table,
    now: datetime,
    active: Active = frozenset(),
    *,
    stopwatch: Stopwatch = lambda: 0.0,
) -> Evaluation:
    """Judge the parts of the service (monitor.rules.sources.sources_table) as `evaluate` does places.

    `snapshot` need not know any reading.
    """
    statements = [statement for statement in program.statements if statement.subject == "source"]
    frame = Frame({"sources": sources}, now, now)
    answers, failures, durations = _judged(program, statements, frame, snapshot, active, stopwatch=stopwatch)
    return Evaluation(now, answers, failures, None, durations=durations)


def waiting(program: Program, now: datetime, reason: str) -> Evaluation:
    """The evaluation in which no rule about places can be judged: their alerts stay as they are."""
    return Evaluation(now, (), {rule.id: reason for rule in program.rules if rule.on != "source"}, None)


def _flow(frame: Frame, snapshot: Snapshot) -> Flow:
    [row] = frame.query(snapshot, _FLOW).to_pylist()
    newest = row["newest_us"]
    return Flow(None if newest is None else from_us(newest), row["rows_1m"], row["silent"])


def _judged(
    program: Program,
    statements: Sequence[Statement],
    frame: Frame,
    snapshot: Snapshot,
    active: Active,
    *,
    stopwatch: Stopwatch = lambda: 0.0,
) -> tuple[tuple[Answer, ...], dict[str, str], dict[str, float]]:
    answers: list[Answer] = []
    failures: dict[str, str] = {}
    durations: dict[str, float] = {}
    for statement in statements:
        began = stopwatch()
        found, failed = _judge(program, statement, frame, snapshot, active)
        durations |= dict.fromkeys((rule.id for rule in statement.rules), stopwatch() - began)
        answers += found
        failures |= failed
    rules = {rule.id for statement in statements for rule in statement.rules} - set(failures)
    answers += _gone(rules, answers, frame.last, active)
    answers.sort(key=lambda answer: (answer.rule, answer.subject))
    return tuple(answers), failures, durations


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
        place = Place.of_source(row["source"]) if "source" in columns else Place(*(row[name] for name in columns))
        subject = place.subject
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
    places = sorted({Place.parse(subject) for rule, subject in active if rule in ids}, key=str)
    schema = pa.schema([(name, pa.string()) for name in columns])
    names = [(place.source,) if "source" in columns else place for place in places]
    return pa.Table.from_pylist([dict(zip(columns, each, strict=False)) for each in names], schema)


def _gone(tried: set[str], answers: list[Answer], now: datetime, active: Active) -> Iterator[Answer]:
    """Active alerts of the rules that were `tried` whose subject is gone: retired, or another kind since an edit."""
    judged = {(answer.rule, answer.subject) for answer in answers}
    for rule, subject in sorted(active - judged):
        if rule in tried:
            yield Answer(rule, subject, now, truth=None, level=None, recovered=None, selected=False)
