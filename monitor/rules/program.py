"""Rules -> one SQL statement per kind of subject, over (subject, slot), sharing every window between the rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.rules import names
from monitor.rules.answer import LEVELS
from monitor.rules.message import template_texts, values_used
from monitor.rules.model import Expression, Rule
from monitor.rules.names import SUBJECTS, Subject
from monitor.rules.places import base_sql
from monitor.rules.sources import SOURCE_BASE
from monitor.rules.sql import Compiler, quote
from monitor.rules.syntax import Call, NameRef, Node, walk
from monitor.rules.windows import Windows

PLACE_COLUMNS: Mapping[Subject, tuple[str, ...]] = {
    "connector": ("site", "station", "connector"),
    "station": ("site", "station"),
    "site": ("site",),
    "source": ("source",),
}
NUMBER: Mapping[Subject, str] = {
    "connector": "place_no", "station": "station_no", "site": "site_no", "source": "source",
}  # fmt: skip
"""The column by which a subject is joined: its number (monitor.rules.numbering)."""


@dataclass(frozen=True)
class Statement:
    """One SELECT: a row per (slot, subject) that matches or is unknown for one of `rules`, or stands in `active`.

    Columns: `slot_us`, the names of the place, `is_active`, `v<n>` for `keys[n]`, and per rule `selected_<i>`,
    `truth_<i>`, `level_<i>`, `recovered_<i>`. `used[i]`: which keys are rule i's values. The frame that it
    is asked of has `windows`.
    """

    subject: Subject
    rules: tuple[Rule, ...]
    sql: str
    keys: tuple[str, ...]
    used: tuple[tuple[int, ...], ...]
    windows: Windows


@dataclass(frozen=True)
class Program:
    """All rules compiled: a statement for each kind of subject, and each rule alone for when that one fails."""

    rules: tuple[Rule, ...]
    statements: tuple[Statement, ...]
    alone: Mapping[str, Statement]

    @property
    def windows(self) -> tuple[Windows, ...]:
        """What its statements look back on."""
        return tuple(statement.windows for statement in self.statements)


def compile_rules(rules: Sequence[Rule]) -> Program:
    """Compile checked rules."""
    by_subject = [[rule for rule in rules if rule.on == subject] for subject in SUBJECTS]
    return Program(
        rules=tuple(rules),
        statements=tuple(_statement(group) for group in by_subject if group),
        alone={rule.id: _statement([rule]) for rule in rules},
    )


def _statement(rules: Sequence[Rule]) -> Statement:
    subject = rules[0].on
    compiler = Compiler(subject)
    values: dict[str, str] = {}
    used: list[tuple[int, ...]] = []
    columns: list[str] = []
    for index, rule in enumerate(rules):
        mine = _values(rule, compiler)
        values |= mine
        used.append(tuple(list(values).index(key) for key in mine))
        columns += _rule_columns(index, rule, compiler)
    place = ", ".join(f"f.{name}" for name in PLACE_COLUMNS[subject])
    value_columns = "".join(f", {sql} AS v{n}" for n, sql in enumerate(values.values()))
    asked = f"f.slot_us, f.{NUMBER[subject]} AS number, {place}{value_columns}, {', '.join(columns)}"
    judged = f"SELECT {asked}\n{source_sql(subject, compiler)}"
    tables = ",\n".join([*tables_of(subject, compiler, judged), f"judged AS (\n{judged}\n)"])
    sql = f"WITH {tables}\n{_answers(rules)}"
    return Statement(subject, tuple(rules), sql, tuple(values), tuple(used), compiler.windows)


def tables_of(subject: Subject, compiler: Compiler, select: str) -> list[str]:
    """The common table expressions that a SELECT from `source_sql` needs."""
    tables = compiler.windows.tables()
    if subject == "connector":
        return tables
    tables.append(SOURCE_BASE if subject == "source" else base_sql(NUMBER[subject], select))
    if compiler.children:
        aggregates = ", ".join(f"{sql} AS {column}" for sql, column in compiler.children.items())
        tables.append(
            f"children AS (SELECT f.slot_us, f.{NUMBER[subject]} AS number, {aggregates} FROM frame f\n"
            f"{compiler.windows.joins()} GROUP BY f.slot_us, f.{NUMBER[subject]})"
        )
    return tables


def source_sql(subject: Subject, compiler: Compiler) -> str:
    """FROM and joins: the frame or base `f` of the subject, with all windows and children that were compiled."""
    if subject == "connector":
        return f"FROM frame f\n{compiler.windows.joins()}"
    if not compiler.children:
        return "FROM base f"
    same = f"children.slot_us = f.slot_us AND children.number = f.{NUMBER[subject]}"
    return f"FROM base f LEFT JOIN children ON {same}"


def _rule_columns(index: int, rule: Rule, compiler: Compiler) -> list[str]:
    columns = [f"{where_sql(rule)} AS selected_{index}", f"{compiler.sql(rule.when.root)} AS when_{index}"]
    columns += [f"{compiler.sql(level.root)} AS {name}_{index}" for name, level in rule.levels.items()]
    if rule.recover_when is not None:
        columns.append(f"{compiler.sql(rule.recover_when.root)} AS recover_{index}")
    return columns


def where_sql(rule: Rule) -> str:
    """Whether `where` selects a subject; what is not known is not selected."""
    keys = [
        "(" + " OR ".join(f"f.{key} GLOB {quote(glob)}" for glob in globs) + ")" for key, globs in rule.where.items()
    ]
    return f"coalesce({' AND '.join(keys)}, false)" if keys else "true"


def _answers(rules: Sequence[Rule]) -> str:
    """Truth, level and recovery of each rule; rows in which nothing is true or unknown are left out."""
    outcomes = ", ".join(_outcome(index, rule) for index, rule in enumerate(rules))
    open_ = " OR ".join(f"(selected_{index} AND truth_{index} IS NOT false)" for index in range(len(rules)))
    return f"""SELECT *, {", ".join(_recovered(i, rule) for i, rule in enumerate(rules))}
FROM (
    SELECT *, {outcomes}, EXISTS (SELECT 1 FROM active WHERE active.number = answered.number) AS is_active
    FROM judged answered
)
WHERE {open_} OR is_active"""


def _outcome(index: int, rule: Rule) -> str:
    if not rule.levels:
        return f"when_{index} AS truth_{index}, {quote(rule.severity)} AS level_{index}"
    held = [level for level in LEVELS if level in rule.levels]
    any_level = " OR ".join(f"{level}_{index}" for level in held)
    worst = " ".join(f"WHEN {level}_{index} THEN {quote(level)}" for level in reversed(held))
    return f"(when_{index} AND ({any_level})) AS truth_{index}, CASE {worst} END AS level_{index}"


def _recovered(index: int, rule: Rule) -> str:
    return f"{f'recover_{index}' if rule.recover_when else f'NOT truth_{index}'} AS recovered_{index}"


def _values(rule: Rule, compiler: Compiler) -> dict[str, str]:
    """Key -> SQL of everything that the rule's expressions and texts name: names, pools, windows, children."""
    values: dict[str, str] = {}
    for expression in rule.expressions:
        for key, node in _named(expression):
            values.setdefault(key, value_sql(node, compiler))
    for text in template_texts(rule):
        for key in sorted(values_used(text, rule.on)):
            name, _, pool = key.rstrip(")").partition("(")
            found = names.find(name, rule.on)
            assert found is not None
            column = found.pool_column(pool) if pool else found.column
            values.setdefault(key, f"array_to_string(f.{column}, ', ')" if found.is_list else f"f.{column}")
    return values


def _named(expression: Expression) -> list[tuple[str, Node]]:
    """Calls as written, and the names outside of them: inside a window or over children a name is no value of now."""
    found: list[tuple[str, Node]] = []
    inside: set[Node] = set()
    for node in walk(expression.root):
        if node in inside:
            continue
        if isinstance(node, Call):
            found.append((expression.source(node), node))
            inside |= set(walk(node))
        elif isinstance(node, NameRef):
            found.append((node.name, node))
    return found


def value_sql(node: Node, compiler: Compiler) -> str:
    """SQL of a part of an expression as a value to show: a list as text."""
    if isinstance(node, NameRef) and (name := names.find(node.name, compiler.subject)) and name.is_list:
        return f"array_to_string(f.{name.column}, ', ')"
    return compiler.sql(node)
