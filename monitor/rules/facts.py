"""What conditions that hold together say of each value: its interval, its choices, whether it is missing."""

from dataclasses import dataclass, field, replace
from math import inf

from monitor.rules import functions
from monitor.rules.check import dimension_of
from monitor.rules.names import Subject
from monitor.rules.ranges import measured
from monitor.rules.syntax import Arithmetic, Compare, In, InList, IsMissing, Negative, Node, Number, Text, identity

_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True)
class Interval:
    """Numbers between two bounds, which belong to it unless they are open, without some single ones."""

    low: float = -inf
    high: float = inf
    low_open: bool = False
    high_open: bool = False
    without: frozenset[float] = frozenset()

    def narrowed(self, operator: str, number: float) -> "Interval":
        """What is left of it under `x operator number`."""
        if operator == "!=":
            return replace(self, without=self.without | {number})
        found = self
        if operator in {"<", "<=", "=="} and (number, operator != "<") <= (found.high, not found.high_open):
            found = replace(found, high=number, high_open=operator == "<")
        if operator in {">", ">=", "=="} and (-number, operator != ">") <= (-found.low, not found.low_open):
            found = replace(found, low=number, low_open=operator == ">")
        return found

    @property
    def empty(self) -> bool:
        """Whether no number is left."""
        if self.low == self.high:
            return self.low_open or self.high_open or self.low in self.without
        return self.low > self.high


@dataclass(frozen=True)
class Linear:
    """A number as `factor` x the value of `node` + `constant`; `node` None: the constant alone."""

    factor: float
    node: Node | None
    constant: float


@dataclass
class Facts:
    """Gathers what holds; `take` says whether it can still be true. Keys are nodes without their positions."""

    subject: Subject
    numbers: dict[object, Interval] = field(default_factory=dict)
    texts: dict[object, frozenset[str] | None] = field(default_factory=dict)
    excluded: dict[object, frozenset[str]] = field(default_factory=dict)
    truths: dict[object, bool] = field(default_factory=dict)
    known: set[object] = field(default_factory=set)
    missing: set[object] = field(default_factory=set)

    @property
    def said(self) -> dict[object, object]:
        """What is said of each value."""
        texts = {key: (allowed, self.excluded.get(key)) for key, allowed in self.texts.items()}
        return {**self.numbers, **texts, **self.truths}

    def take(self, node: Node, *, holds: bool) -> bool:
        """Note that a condition holds (or is false); False when it cannot together with what was noted before."""
        match node:
            case IsMissing():
                return self._presence(node.item, missing=holds is not node.negated)
            case Compare():
                return self._compare(node)
            case In() if isinstance(node.choices[0], Text):
                named = frozenset(choice.value for choice in node.choices if isinstance(choice, Text))
                return self._text(node.item, named, holds=holds is not node.negated)
            case InList():
                return self._truth(replace(node, negated=False), holds=holds is not node.negated)
        return self._truth(node, holds=holds)

    def _presence(self, node: Node, *, missing: bool) -> bool:
        key = identity(node)
        (self.missing if missing else self.known).add(key)
        return key not in self.known or key not in self.missing

    def _truth(self, node: Node, *, holds: bool) -> bool:
        return self.truths.setdefault(identity(node), holds) is holds and self._presence(node, missing=False)

    def _text(self, node: Node, named: frozenset[str], *, holds: bool) -> bool:
        key, name = identity(node), measured(node, self.subject)
        allowed = self.texts.get(key) or (frozenset(name.choices) if name and name.choices else None)
        if holds:
            allowed = named if allowed is None else allowed & named
        elif allowed is not None:
            allowed -= named
        else:
            self.excluded[key] = self.excluded.get(key, frozenset()) | named
        self.texts[key] = allowed
        left = allowed is None or bool(allowed - self.excluded.get(key, frozenset()))
        return self._presence(node, missing=False) and left

    def _compare(self, node: Compare) -> bool:
        dimension = dimension_of(node.left, self.subject)
        if dimension == "text":
            return self._compare_texts(node)
        if dimension == "truth":
            return True
        left, right = self._linear(node.left), self._linear(node.right)
        if left.node is None:
            left, right, node = right, left, replace(node, operator=_TURNED[node.operator])  # type: ignore[arg-type]
        if left.node is None:
            return not Interval(left.constant, left.constant).narrowed(node.operator, right.constant).empty
        if right.node is None:
            return self._bound(left.node, node.operator, left.factor, right.constant - left.constant)
        if identity(left.node) == identity(right.node):
            return self._bound(left.node, node.operator, left.factor - right.factor, right.constant - left.constant)
        return self._ratio(left, node.operator, right)

    def _compare_texts(self, node: Compare) -> bool:
        value, literal = (node.left, node.right) if isinstance(node.right, Text) else (node.right, node.left)
        if not isinstance(literal, Text) or isinstance(value, Text):
            return True
        return self._text(value, frozenset({literal.value}), holds=node.operator == "==")

    def _bound(self, node: Node, operator: str, factor: float, number: float) -> bool:
        """`factor` x node `operator` number."""
        if factor == 0:
            return not Interval(0, 0).narrowed(operator, number).empty
        operator = operator if factor > 0 else _TURNED[operator]
        name = measured(node, self.subject)
        low = -inf if name is None or name.low is None else name.low
        high = inf if name is None or name.high is None else name.high
        return self._narrow(identity(node), Interval(low, high), operator, number / factor) and self._presence(
            node, missing=False
        )

    def _ratio(self, left: Linear, operator: str, right: Linear) -> bool:
        """Two values held against each other bound their ratio, where the one below is never negative."""
        assert left.node is not None
        assert right.node is not None
        known = self._presence(left.node, missing=False) and self._presence(right.node, missing=False)
        if left.constant or right.constant or left.factor <= 0 or right.factor <= 0:
            return known
        above, below, bound = left.node, right.node, right.factor / left.factor
        in_order = str(identity(above)) <= str(identity(below))
        if not self._never_negative(below) or (self._never_negative(above) and not in_order):
            above, below, operator, bound = below, above, _TURNED[operator], 1 / bound
        if not self._never_negative(below):
            return known
        return known and self._narrow((identity(above), identity(below)), Interval(), operator, bound)

    def _never_negative(self, node: Node) -> bool:
        name = measured(node, self.subject)
        return name is not None and name.low is not None and name.low >= 0

    def _narrow(self, key: object, start: Interval, operator: str, number: float) -> bool:
        self.numbers[key] = self.numbers.get(key, start).narrowed(operator, number)
        return not self.numbers[key].empty

    def _linear(self, node: Node) -> Linear:  # noqa: PLR0911 - one return per kind of node
        match node:
            case Number():
                return Linear(0, None, node.value)
            case Negative():
                inner = self._linear(node.operand)
                return Linear(-inner.factor, inner.node, -inner.constant)
            case Arithmetic():
                left, right = self._linear(node.left), self._linear(node.right)
                found = functions.arithmetic(
                    node.operator, dimension_of(node.left, self.subject), dimension_of(node.right, self.subject)
                )
                unit = found[1] if found else 1
                if node.operator in {"+", "-"} and (left.node is None or right.node is None):
                    sign = 1 if node.operator == "+" else -1
                    return Linear(
                        left.factor + sign * right.factor,
                        left.node or right.node,
                        left.constant + sign * right.constant,
                    )
                if node.operator == "*" and left.node is None:
                    return _scaled(right, left.constant * unit)
                if node.operator == "*" and right.node is None:
                    return _scaled(left, right.constant * unit)
                if node.operator == "/" and right.node is None and right.constant:
                    return _scaled(left, unit / right.constant)
        return Linear(1, node, 0)


def _scaled(linear: Linear, by: float) -> Linear:
    return Linear(linear.factor * by, linear.node if by else None, linear.constant * by)
