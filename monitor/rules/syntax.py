"""Text of an expression -> a tree of frozen nodes that know which characters they stand for."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal

from lark import Lark, Token, Transformer, Tree, UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken
from lark.exceptions import VisitError
from lark.tree import Meta
from lark.visitors import v_args

from monitor.documents import nearest
from monitor.units import UNITS, Dimension, parse_duration, parse_quantity


@dataclass(frozen=True)
class Mistake:
    """What is wrong with an expression, at character `offset` of its text."""

    offset: int
    code: str
    message: str


class ExpressionError(ValueError):
    """The text is no expression; carries the one mistake at which parsing stopped."""

    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        super().__init__(mistake.message)


@dataclass(frozen=True)
class Node:
    """Any part of an expression: characters start to end (exclusive) of the text."""

    start: int
    end: int

    @property
    def children(self) -> Iterator["Node"]:
        """The parts it is made of, in the order of the text."""
        for field in fields(self):
            value = getattr(self, field.name)
            yield from (part for part in (value if isinstance(value, tuple) else (value,)) if isinstance(part, Node))


@dataclass(frozen=True)
class Number(Node):
    """A number in the base unit of its dimension; without a unit its dimension is count."""

    value: float
    dimension: Dimension


@dataclass(frozen=True)
class Text(Node):
    """A text in double quotes."""

    value: str


@dataclass(frozen=True)
class NameRef(Node):
    """A name of the table of names."""

    name: str


@dataclass(frozen=True)
class Negative(Node):
    """A number with its sign turned."""

    operand: Node


@dataclass(frozen=True)
class Arithmetic(Node):
    """Two numbers joined."""

    operator: Literal["+", "-", "*", "/"]
    left: Node
    right: Node


@dataclass(frozen=True)
class Compare(Node):
    """Two values compared; missing when one of them is."""

    operator: Literal["==", "!=", "<", "<=", ">", ">="]
    left: Node
    right: Node


@dataclass(frozen=True)
class Logic(Node):
    """Two conditions joined, by Kleene's tables."""

    operator: Literal["and", "or"]
    left: Node
    right: Node


@dataclass(frozen=True)
class Not(Node):
    """A condition turned round; missing stays missing."""

    operand: Node


@dataclass(frozen=True)
class In(Node):
    """Whether a value is one of some literals."""

    item: Node
    choices: tuple[Node, ...]
    negated: bool


@dataclass(frozen=True)
class InList(Node):
    """Whether a text is in a name that is a list."""

    item: Node
    listed: NameRef
    negated: bool


@dataclass(frozen=True)
class Between(Node):
    """Whether low <= item <= high."""

    item: Node
    low: Node
    high: Node


@dataclass(frozen=True)
class IsMissing(Node):
    """Whether a value is missing (`negated`: is not); itself never missing."""

    item: Node
    negated: bool


@dataclass(frozen=True)
class Call(Node):
    """A function of readings over time, of children, or a name with its pool."""

    function: str
    arguments: tuple[Node, ...]


def walk(node: Node) -> Iterator[Node]:
    """The node and everything in it."""
    yield node
    for child in node.children:
        yield from walk(child)


def identity(node: Node) -> object:
    """A node as a value that equal expressions share, wherever they stand."""

    def plain(value: object) -> object:
        if isinstance(value, Node):
            return identity(value)
        return tuple(plain(one) for one in value) if isinstance(value, tuple) else value

    parts = (plain(getattr(node, field.name)) for field in fields(node) if field.name not in {"start", "end"})
    return (type(node).__name__, *parts)


@v_args(inline=True, meta=True)
class _Builder(Transformer[Token, Node]):
    """Lark's tree to ours."""

    def _node(self, kind: type[Node], meta: Meta, *parts: Any) -> Node:
        return kind(meta.start_pos, meta.end_pos, *parts)

    def quantity(self, meta: Meta, token: Token) -> Node:
        value, dimension = _quantity(str(token), meta.start_pos)
        return Number(meta.start_pos, meta.end_pos, value, dimension)

    def number(self, meta: Meta, token: Token) -> Node:
        return Number(meta.start_pos, meta.end_pos, float(token), "count")

    def text(self, meta: Meta, token: Token) -> Node:
        return Text(meta.start_pos, meta.end_pos, str(token)[1:-1])

    def name(self, meta: Meta, token: Token) -> Node:
        return NameRef(meta.start_pos, meta.end_pos, str(token))

    def call(self, meta: Meta, function: Token, *arguments: Node) -> Node:
        return Call(meta.start_pos, meta.end_pos, str(function), arguments)

    def negative(self, meta: Meta, operand: Node) -> Node:
        return Negative(meta.start_pos, meta.end_pos, operand)

    def arithmetic(self, meta: Meta, left: Node, operator: Token, right: Node) -> Node:
        return self._node(Arithmetic, meta, str(operator), left, right)

    def compare(self, meta: Meta, left: Node, operator: Token, right: Node) -> Node:
        return self._node(Compare, meta, str(operator), left, right)

    def or_(self, meta: Meta, left: Node, right: Node) -> Node:
        return Logic(meta.start_pos, meta.end_pos, "or", left, right)

    def and_(self, meta: Meta, left: Node, right: Node) -> Node:
        return Logic(meta.start_pos, meta.end_pos, "and", left, right)

    def not_(self, meta: Meta, operand: Node) -> Node:
        return Not(meta.start_pos, meta.end_pos, operand)

    def in_choices(self, meta: Meta, item: Node, *choices: Node) -> Node:
        return In(meta.start_pos, meta.end_pos, item, choices, negated=False)

    def not_in_choices(self, meta: Meta, item: Node, *choices: Node) -> Node:
        return In(meta.start_pos, meta.end_pos, item, choices, negated=True)

    def in_list(self, meta: Meta, item: Node, listed: Token) -> Node:
        return InList(meta.start_pos, meta.end_pos, item, _name(listed), negated=False)

    def not_in_list(self, meta: Meta, item: Node, listed: Token) -> Node:
        return InList(meta.start_pos, meta.end_pos, item, _name(listed), negated=True)

    def between(self, meta: Meta, item: Node, low: Node, high: Node) -> Node:
        return Between(meta.start_pos, meta.end_pos, item, low, high)

    def is_missing(self, meta: Meta, item: Node) -> Node:
        return IsMissing(meta.start_pos, meta.end_pos, item, negated=False)

    def is_known(self, meta: Meta, item: Node) -> Node:
        return IsMissing(meta.start_pos, meta.end_pos, item, negated=True)


def _name(token: Token) -> NameRef:
    start, end = token.start_pos, token.end_pos
    assert start is not None
    assert end is not None
    return NameRef(start, end, str(token))


def _quantity(text: str, offset: int) -> tuple[float, Dimension]:
    try:
        quantity = parse_quantity(text)
    except ValueError:
        try:  # several parts: 1h30m
            return parse_duration(text).total_seconds(), "time"
        except ValueError as error:
            unit = text.lstrip("0123456789. \t\n")
            same = [known for known in UNITS if known.lower() == unit.lower()]
            message = f"unknown unit {unit!r}{nearest(unit, UNITS) if not same else f'; did you mean {same[0]!r}?'}"
            raise ExpressionError(Mistake(offset + len(text) - len(unit), "unknown-unit", message)) from error
    return float(quantity.value), quantity.dimension


@cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def parse(text: str) -> Node:
    """Parse an expression; raise ExpressionError at the first character that cannot stand where it does."""
    try:
        tree: Tree[Token] = _parser().parse(text)
        return _Builder().transform(tree)
    except VisitError as error:
        if isinstance(error.orig_exc, ExpressionError):
            raise error.orig_exc from error
        raise
    except UnexpectedInput as error:
        raise ExpressionError(_unexpected(error, text)) from error
    except RecursionError as error:
        raise ExpressionError(Mistake(0, "syntax", "nested too deeply; split the rule")) from error


def _unexpected(error: UnexpectedInput, text: str) -> Mistake:
    at_end = isinstance(error, UnexpectedEOF) or (isinstance(error, UnexpectedToken) and error.token.type == "$END")
    if at_end:
        hint = "; a parenthesis is not closed" if text.count("(") > text.count(")") else ""
        return Mistake(max(len(text.rstrip()) - 1, 0), "syntax", f"the expression ends too early{hint}")
    offset = error.pos_in_stream or 0
    if isinstance(error, UnexpectedCharacters):
        hint = '; texts stand in double quotes: "Charging"' if text[offset] in "'\"" else ""
        hint = "; write == to compare" if text[offset] == "=" else hint
        return Mistake(offset, "syntax", f"unexpected character {text[offset]!r}{hint}")
    token = getattr(error, "token", "")
    hint = "; comparisons do not chain: write a < b and b < c" if getattr(token, "type", "") == "COMPARE" else ""
    return Mistake(offset, "syntax", f"unexpected {str(token)!r}{hint}")
