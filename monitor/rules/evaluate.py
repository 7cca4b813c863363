"""One slot evaluated: answers of all rules, what failed, and the picture of every connector. Pure but for its reads."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pyarrow as pa

from monitor.errors import InputError
from monitor.ids import Place
from monitor.readings.store import Snapshot
from monitor.rules.answer import Answer, Evaluation, Flow
from monitor.rules.frame import Facts, Frame, build
from monitor.rules.judging import Active, Stopwatch, judge
from monitor.rules.program import Program
from monitor.units import from_us

__all__ = ["Active", "Facts", "evaluate", "evaluate_sources", "waiting"]

_PICTURE = """
SELECT site, station, connector, evse, current, rated_w, registered, online,
    CASE
        WHEN online IS false THEN 'Offline'
        WHEN online IS NULL OR status IS NULL THEN 'Unknown'
        ELSE status
    END AS state,
    reported AS status, reported_since_us AS status_since_us, error_code, power_w, energy_wh, offered_w, soc,
    reading_us, seen_us, expected_w, session, started_us AS session_started_us, session_energy_wh
FROM frame
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


def evaluate(
    program: Program,
    snapshot: Snapshot,
    facts: Facts,
    now: datetime,
    active: Active = frozenset(),
    *,
    every_unknown: bool = False,
    stopwatch: Stopwatch = lambda: 0.0,
) -> Evaluation:
    """Judge every connector, station and site at `now`; answers for those that match or are `active`, and for unknown
    ones where the rule fires when there is no data, or all of them with `every_unknown`.

    While all stations are silent at once the rules wait: it is not they that have failed. A rule whose statement fails
    is in `failures` and has no answers; the others go on. `stopwatch` gives seconds, for `durations`.
    Raises StoreUnavailable when the store is away.
    """
    frame = build(snapshot, facts, [now], program)
    flow, picture = _flow(frame, snapshot), frame.query(snapshot, _PICTURE)
    if flow.silent:
        return replace(waiting(program, now, f"waits: no station has sent anything since {flow.newest}"),
                       picture=picture, flow=flow)  # fmt: skip
    statements = [statement for statement in program.statements if statement.subject != "source"]
    found = judge(program, statements, frame, snapshot, active, every_unknown=every_unknown, stopwatch=stopwatch)
    return Evaluation(now, found.sorted, found.failures, picture, flow, found.durations, found.unknown)


def evaluate_slots(
    program: Program,
    snapshot: Snapshot,
    facts: Facts,
    slots: Sequence[datetime],
    active: Active = frozenset(),
    *,
    every_unknown: bool = False,
) -> tuple[tuple[Answer, ...], dict[str, str], frozenset[datetime]]:
    """The same for many slots (ascending) at once, through the same statements: what a backtest asks.

    Answers in the order of (slot, rule, subject), the rules that failed, and the slots at which rules wait because all
    stations were silent. A subject that `evaluate` has an answer for at one of the slots has one at each: its alert may
    begin at any of them. `facts.sessions` has a row for each slot (`known_at_us`).
    """
    frame = build(snapshot, facts, slots, program)
    silent = frame.query(snapshot, "SELECT DISTINCT slot_us FROM station_frame WHERE network_silent").to_pylist()
    waits = frozenset(from_us(row["slot_us"]) for row in silent)
    statements = [statement for statement in program.statements if statement.subject != "source"]
    found = judge(program, statements, frame, snapshot, active, every_unknown=every_unknown)
    begun = {(answer.rule, answer.subject) for answer in found.answers if answer.truth is not False} | active
    if begun - active:
        sites = {Place(Place.parse(subject).site) for _, subject in begun}
        few = frame.within(frozenset(frame.numbers(sites)))
        found = judge(program, statements, few, snapshot, begun, every_unknown=every_unknown)
    kept = sorted(
        (one for one in found.answers if one.at not in waits), key=lambda one: (one.at, one.rule, one.subject)
    )
    return tuple(kept), found.failures, waits


def judge_one(program: Program, frame: Frame, snapshot: Snapshot, subject: str) -> Answer:
    """The answer of a program of one rule for one subject, whatever it is. Raises InputError when the rule fails."""
    [rule] = program.rules
    active = frozenset({(rule.id, subject)})
    found = judge(program, program.statements, frame, snapshot, active)
    if rule.id in found.failures:
        raise InputError(f"rule {rule.id!r} fails: {found.failures[rule.id]}")
    return next(answer for answer in found.answers if answer.subject == subject)


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
    found = judge(program, statements, frame, snapshot, active, stopwatch=stopwatch)
    return Evaluation(now, found.sorted, found.failures, None, durations=found.durations, unknown=found.unknown)


def waiting(program: Program, now: datetime, reason: str) -> Evaluation:
    """The evaluation in which no rule about places can be judged: their alerts stay as they are."""
    return Evaluation(now, (), {rule.id: reason for rule in program.rules if rule.on != "source"}, None)


def _flow(frame: Frame, snapshot: Snapshot) -> Flow:
    [row] = frame.query(snapshot, _FLOW).to_pylist()
    newest = row["newest_us"]
    return Flow(None if newest is None else from_us(newest), row["rows_1m"], row["silent"])
