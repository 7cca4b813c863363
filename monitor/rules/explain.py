"""Why a rule answers as it does: every part of its expressions with its value, for one subject at one moment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import pyarrow as pa

from monitor.errors import InputError
from monitor.ids import SOURCES, Place
from monitor.readings.store import Snapshot
from monitor.rules import names
from monitor.rules.answer import Answer, Value
from monitor.rules.check import dimension_of
from monitor.rules.evaluate import judge_one
from monitor.rules.frame import Facts, Frame, build
from monitor.rules.model import Expression, Rule
from monitor.rules.names import EXPECTED_BY, Subject
from monitor.rules.program import PLACE_COLUMNS, Program, compile_rules, source_sql, tables_of, value_sql
from monitor.rules.sql import Compiler, quote
from monitor.rules.syntax import Call, NameRef, Node, Number, Text
from monitor.units import Dimension


@dataclass(frozen=True)
class Part:
    """A part of an expression as written, its value (None: missing) in the base unit, and the parts it is made of."""

    text: str
    value: Value
    dimension: Dimension
    parts: tuple["Part", ...] = ()
    connectors: Mapping[str, Value] = field(default_factory=dict)
    """For a function over connectors: what its argument is for each of them."""


@dataclass(frozen=True)
class Explained:
    """A rule's answer for a subject, and where it comes from. `expected` holds the bounds of `expected_w` in W."""

    rule: str
    subject: str
    at: datetime
    answer: Answer
    expressions: Mapping[str, Part]
    expected: Mapping[str, float | None]
    expected_by: str | None


def explain(rule: Rule, subject: str, snapshot: Snapshot, facts: Facts, now: datetime) -> Explained:
    """Judge the rule for one subject as `evaluate` does. Raises InputError when nothing of that name is watched."""
    program = compile_rules([rule])
    return _explained(program, subject, build(snapshot, facts, [now], program), snapshot, now)


def explain_source(rule: Rule, subject: str, snapshot: Snapshot, sources: pa.Table, now: datetime) -> Explained:
    """The same of a rule about the service itself: `sources` as of `now`, `subject` as `store` or `source:store`.

    `snapshot` need not know any reading.
    """
    name = Place.parse(subject).source or subject
    if name not in SOURCES:
        raise InputError(f"{subject!r} is no part of the service; parts are {', '.join(SOURCES)}")
    program = compile_rules([rule])
    return _explained(program, Place.of_source(name).subject, Frame({"sources": sources}, now, now), snapshot, now)


def _explained(program: Program, subject: str, frame: Frame, snapshot: Snapshot, now: datetime) -> Explained:
    [rule] = program.rules
    where = _where(rule.on, subject)
    answer = judge_one(program, frame, snapshot, subject)
    found = _rows(rule.on, [], where, frame, snapshot)
    if not found:
        raise InputError(f"there is no {rule.on} {subject!r}: it has sent nothing, and is not in sites.yaml")
    expected, by = _bounds(rule, where, frame, snapshot)
    return Explained(rule.id, subject, now, answer, _expressions(rule, where, frame, snapshot), expected, by)


def _where(on: Subject, subject: str) -> str:
    columns = PLACE_COLUMNS[on]
    if on == "source":
        return f"f.source = {quote(Place.parse(subject).source or '')}"
    names_ = [unquote(part) for part in subject.split("/")]
    if len(names_) != len(columns) or not all(names_):
        raise InputError(f"{subject!r} is no {on}; write {'/'.join(name.upper() for name in columns)}")
    return " AND ".join(f"f.{column} = {quote(name)}" for column, name in zip(columns, names_, strict=True))


def _expressions(rule: Rule, where: str, frame: Frame, snapshot: Snapshot) -> dict[str, Part]:
    written: dict[str, Expression] = {"when": rule.when, **{str(key): level for key, level in rule.levels.items()}}
    if rule.recover_when:
        written["recover_when"] = rule.recover_when
    nodes = [node for expression in written.values() for node in _shown(expression.root, rule.on)]
    [row] = _rows(rule.on, nodes, where, frame, snapshot)
    values = {id(node): row[f"e{number}"] for number, node in enumerate(nodes)}
    return {key: _part(expression, expression.root, rule.on, values, (where, frame, snapshot))
            for key, expression in written.items()}  # fmt: skip


def _part(
    expression: Expression, node: Node, on: Subject, values: Mapping[int, Value], where: tuple[str, Frame, Snapshot]
) -> Part:
    parts = tuple(_part(expression, child, on, values, where) for child in _inner(node, on))
    connectors: Mapping[str, Value] = {}
    if isinstance(node, Call) and on != "connector" and not _pool(node, on):
        connectors = _over(node.arguments[0], *where)
    return Part(expression.source(node), values[id(node)], dimension_of(node, on), parts, connectors)


def _over(argument: Node, where: str, frame: Frame, snapshot: Snapshot) -> dict[str, Value]:
    rows = _rows("connector", [argument], where, frame, snapshot)
    return {Place(row["site"], row["station"], row["connector"]).subject: row["e0"] for row in rows}


def _rows(on: Subject, nodes: Sequence[Node], where: str, frame: Frame, snapshot: Snapshot) -> list[dict[str, Any]]:
    compiler = Compiler(on)
    values = [f"{value_sql(node, compiler)} AS e{number}" for number, node in enumerate(nodes)]
    columns = [f"f.{name}" for name in PLACE_COLUMNS[on]]
    select = f"SELECT {', '.join([*columns, *values])}\n{source_sql(on, compiler)}\nWHERE {where}"
    tables = tables_of(on, compiler, select)
    sql = f"WITH {', '.join(tables)}\n{select}" if tables else select
    known = frame.with_windows(compiler.windows)
    rows: list[dict[str, Any]] = known.query(snapshot, f"{sql} ORDER BY ALL").to_pylist()
    return rows


def _bounds(rule: Rule, where: str, frame: Frame, snapshot: Snapshot) -> tuple[dict[str, float | None], str | None]:
    """Of a connector only: a station has no single car."""
    if rule.on != "connector":
        return {}, None
    bounds = ", ".join(f"bound_{name} AS {name}" for name in EXPECTED_BY)
    sql = f"SELECT {bounds}, expected_by, has_session FROM frame f WHERE {where}"
    [row] = frame.query(snapshot, sql).to_pylist()
    if not row["has_session"]:
        return {}, None
    return {name: row[name] for name in EXPECTED_BY}, row["expected_by"]


def _shown(node: Node, on: Subject) -> Iterator[Node]:
    yield node
    for child in _inner(node, on):
        yield from _shown(child, on)


def _inner(node: Node, on: Subject) -> Iterator[Node]:
    """The parts with a value of their own: no literals, nothing that is looked back on, no pools."""
    if isinstance(node, Call):
        return
    for child in node.children:
        name = names.find(child.name, on) if isinstance(child, NameRef) else None
        if not isinstance(child, Number | Text) and not (name and name.is_list):
            yield child


def _pool(node: Call, on: Subject) -> bool:
    name = names.find(node.function, on)
    return name is not None and name.pool
