"""Expressions -> SQL with the same truth tables.

SQL's AND, OR and NOT are Kleene's already, and so is a comparison with NULL. What is not is written out here: division
by zero is missing, and `any`, `all`, `count` and their like look at missing children.
"""

from dataclasses import dataclass, field

from monitor.rules import functions, names
from monitor.rules.check import dimension_of
from monitor.rules.names import Subject
from monitor.rules.syntax import (
    Arithmetic,
    Between,
    Call,
    Compare,
    In,
    InList,
    IsMissing,
    Logic,
    NameRef,
    Negative,
    Node,
    Not,
    Number,
    Text,
    walk,
)
from monitor.rules.windows import Share, Window, Windows

_OPERATORS = {"==": "=", "!=": "<>"}


@dataclass
class Compiler:
    """Compiles the checked expressions of one subject kind, and collects the windows and children they share."""

    subject: Subject
    windows: Windows = field(default_factory=Windows)
    children: dict[str, str] = field(default_factory=dict)
    """SQL of an aggregate over connectors -> its column."""

    def sql(self, node: Node) -> str:
        """SQL of an expression over the frame `f` of the subject."""
        return self._sql(node, self.subject)

    def _sql(self, node: Node, subject: Subject, *, in_window: bool = False) -> str:  # noqa: PLR0911 - one return per kind of node
        def sub(part: Node) -> str:
            return self._sql(part, subject, in_window=in_window)

        match node:
            case Number():
                return f"{node.value!r}::DOUBLE"
            case Text():
                return quote(node.value)
            case NameRef():
                return _name(node.name, subject, in_window=in_window)
            case Call():
                return self._call(node, subject)
            case Negative():
                return f"(-{sub(node.operand)})"
            case Arithmetic():
                return _arithmetic(node, sub(node.left), sub(node.right), subject)
        return self._condition(node, subject, in_window=in_window)

    def _condition(self, node: Node, subject: Subject, *, in_window: bool) -> str:  # noqa: PLR0911 - one return per kind of node
        def sub(part: Node) -> str:
            return self._sql(part, subject, in_window=in_window)

        match node:
            case Compare():
                return f"({sub(node.left)} {_OPERATORS.get(node.operator, node.operator)} {sub(node.right)})"
            case Logic():
                return f"({sub(node.left)} {node.operator.upper()} {sub(node.right)})"
            case Not():
                return f"(NOT {sub(node.operand)})"
            case Between():
                item = sub(node.item)
                return f"({item} >= {sub(node.low)} AND {item} <= {sub(node.high)})"
            case In():
                listed = ", ".join(sub(choice) for choice in node.choices)
                return f"({sub(node.item)} {'NOT ' if node.negated else ''}IN ({listed}))"
            case InList():
                found = f"list_contains({sub(node.listed)}, {sub(node.item)})"
                return f"(NOT {found})" if node.negated else found
            case IsMissing():
                return f"({sub(node.item)} IS {'NOT ' if node.negated else ''}NULL)"
        raise TypeError(f"no SQL for {type(node).__name__}")

    def _call(self, node: Call, subject: Subject) -> str:
        name = names.find(node.function, subject)
        if name is not None and name.pool:
            pool = node.arguments[0]
            assert isinstance(pool, NameRef)
            return f'f."{name.pool_column(pool.name)}"'
        return self._window(node) if subject == "connector" else self._child(node)

    def _window(self, node: Call) -> str:
        reading, span = node.arguments
        assert isinstance(span, Number)
        span_us = round(span.value * 1_000_000)
        if node.function == "share":
            return self.windows.add_share(self._share(reading, span_us))
        assert isinstance(reading, NameRef)
        name = names.find(reading.name, "connector")
        assert name is not None
        assert name.source is not None
        return self.windows.add(Window(node.function, name.source, span_us))

    def _share(self, condition: Node, span_us: int) -> Share:
        written = {part.name for part in walk(condition) if isinstance(part, NameRef)}
        found = [name for each in sorted(written) if (name := names.find(each, "connector"))]
        sources = [name.source for name in found if name.source]
        return Share(
            condition=self._sql(condition, "connector", in_window=True),
            measurement=sources[0].measurement,
            span_us=span_us,
            readings=tuple(source.column for source in sources),
            frame_names=tuple(name.column for name in found if not name.source),
        )

    def _child(self, node: Call) -> str:
        """Kleene over children: one that is missing makes the answer missing, unless the others decide it."""
        value = self._sql(node.arguments[0], "connector")
        some_missing = f"count(*) > count({value})"
        if node.function == "any":
            sql = f"CASE WHEN bool_or({value}) THEN true WHEN {some_missing} THEN NULL ELSE false END"
        elif node.function == "all":
            sql = f"CASE WHEN bool_or(NOT {value}) THEN false WHEN {some_missing} THEN NULL ELSE true END"
        elif node.function == "count":
            sql = f"CASE WHEN {some_missing} THEN NULL ELSE CAST(count(*) FILTER ({value}) AS DOUBLE) END"
        elif node.function == "share":
            sql = f"CASE WHEN {some_missing} THEN NULL ELSE 100e0 * count(*) FILTER ({value}) / nullif(count(*), 0) END"
        elif node.function == "sum":
            # Whole thousandths, so that the sum does not depend on the order of the connectors.
            thousandths = f"CAST(round({value} * 1000) AS BIGINT)"
            sql = f"CASE WHEN {some_missing} THEN NULL ELSE coalesce(sum({thousandths}), 0) / 1000e0 END"
        else:
            sql = f"CASE WHEN {some_missing} THEN NULL ELSE {node.function}({value}) END"
        column = self.children.setdefault(sql, f"c{len(self.children)}")
        # A station without connectors has no row of children: the aggregates of an empty set.
        empty = {"any": "false", "all": "true", "count": "0e0", "sum": "0e0"}.get(node.function)
        of_none = f"CASE WHEN children.slot_us IS NULL THEN {empty} ELSE children.{column} END"
        return of_none if empty else f"children.{column}"


def quote(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _name(name: str, subject: Subject, *, in_window: bool) -> str:
    found = names.find(name, subject)
    assert found is not None
    if not in_window:
        return f'f."{found.column}"'
    # Inside a share a reading is the row's, not the last one.
    if found.source is None:
        return f'm."{found.column}"'
    if found.dimension == "text":
        return f'm."{found.source.column}"'
    return f'(m."{found.source.column}" / {found.source.scale}e0)'


def _arithmetic(node: Arithmetic, left: str, right: str, subject: Subject) -> str:
    dimensions = dimension_of(node.left, subject), dimension_of(node.right, subject)
    result = functions.arithmetic(node.operator, *dimensions)
    assert result is not None
    factor = "" if result[1] == 1 else f" * {result[1]!r}::DOUBLE"
    if node.operator == "/":
        return f"({left} / nullif({right}, 0){factor})"
    return f"({left} {node.operator} {right}{factor})"
