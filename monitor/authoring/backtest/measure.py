"""The number by which an episode of a rule is said to be bad: what its condition compares, and which way is worse."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.rules import functions
from monitor.rules.answer import Value
from monitor.rules.check import dimension_of
from monitor.rules.model import Expression, Rule
from monitor.rules.phrases import duration, number
from monitor.rules.syntax import Call, Compare, Logic, NameRef, Node, walk
from monitor.units import Dimension

_UNITS = {"share": "%", "current": "A", "voltage": "V", "temperature": "°C"}


@dataclass(frozen=True)
class Measure:
    """`key` of `Answer.values`; `low`: the lower it is, the worse."""

    key: str
    dimension: Dimension
    low: bool

    def worse(self, value: Value, known: float | None) -> float | None:
        """The worse of the two; what is no number says nothing."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return known
        if known is None:
            return float(value)
        return min(known, float(value)) if self.low else max(known, float(value))

    def said(self, value: float | None) -> str:
        """What is compared, with its value; empty where that is not known."""
        return "" if value is None else f"{self.key} {self._text(value)}"

    def _text(self, value: float) -> str:
        if self.dimension in {"power", "energy"}:
            return f"{number(value / 1000, 1)} {'kW' if self.dimension == 'power' else 'kWh'}"
        if self.dimension == "time":
            return duration(value, "en")
        return " ".join([number(value, 0 if value == int(value) else 1), _UNITS.get(self.dimension, "")]).strip()


def measure_of(rule: Rule) -> Measure | None:
    """Of the levels' conditions and `when` the first that compares a measured number, a time only where there is none
    else; None for a rule about statuses alone.
    """
    found = [each for expression in (*rule.levels.values(), rule.when) for each in _compared(expression, rule)]
    return next((each for each in found if each.dimension != "time"), found[0] if found else None)


def _compared(expression: Expression, rule: Rule) -> Iterator[Measure]:
    for comparison in _comparisons(expression.root):
        if comparison.operator in {"==", "!="}:
            continue
        for side, low in ((comparison.left, "<"), (comparison.right, ">")):
            for part in _numbers(side, rule):
                key = expression.source(part) if isinstance(part, Call) else part.name
                yield Measure(key, dimension_of(part, rule.on), comparison.operator.startswith(low))


def _comparisons(node: Node) -> Iterator[Compare]:
    """Those that have to hold as they are: behind a `not` the other way is worse, and inside a call it is no value."""
    if isinstance(node, Compare):
        yield node
    elif isinstance(node, Logic):
        yield from _comparisons(node.left)
        yield from _comparisons(node.right)


def _numbers(side: Node, rule: Rule) -> Sequence[Call | NameRef]:
    """What one side is, where it is one number that an answer has."""
    inner = [part for part in walk(side) if isinstance(part, Call | NameRef)][:1]
    return [part for part in inner if part is side and dimension_of(part, rule.on) in functions.NUMBERS]
