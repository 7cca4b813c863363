"""The type checker: names, units, ranges, choices and windows of one expression, every mistake of it at once."""

from dataclasses import dataclass, field
from datetime import timedelta

from monitor.documents import nearest
from monitor.rules import functions, names
from monitor.rules.calls import check_call
from monitor.rules.names import Subject
from monitor.rules.ranges import impossible
from monitor.rules.syntax import (
    Arithmetic,
    Between,
    Call,
    Compare,
    In,
    InList,
    IsMissing,
    Logic,
    Mistake,
    NameRef,
    Negative,
    Node,
    Not,
    Number,
    Text,
)
from monitor.units import Dimension

_EXAMPLES: dict[Dimension, str] = {
    "power": "3 kW",
    "energy": "5 kWh",
    "current": "16 A",
    "voltage": "230 V",
    "share": "80 %",
    "time": "10m",
    "temperature": "60 C",
    "count": "3",
    "text": '"text"',
}


def check_condition(node: Node, subject: Subject, window: timedelta) -> list[Mistake]:
    """What is wrong with a condition of a rule on `subject`; empty when nothing is. `window`: the longest look back."""
    checker = Checker(window)
    dimension = checker.of(node, subject)
    if dimension not in {None, "truth"}:
        checker.note(node, "not-a-condition", f"this is a {dimension}, not a condition; compare it with something")
    return checker.mistakes


def dimension_of(node: Node, subject: Subject) -> Dimension:
    """The dimension of a part of an expression that has passed the check."""
    dimension = Checker(timedelta.max).of(node, subject)
    assert dimension is not None
    return dimension


@dataclass
class Checker:
    """Walks a tree; `of` is a node's dimension, None where a mistake has been noted (so that it is noted once)."""

    window: timedelta
    mistakes: list[Mistake] = field(default_factory=list)
    in_window: bool = False

    def note(self, node: Node, code: str, message: str) -> None:
        self.mistakes.append(Mistake(node.start, code, message))

    def of(self, node: Node, subject: Subject) -> Dimension | None:  # noqa: PLR0911 - one return per kind of node
        match node:
            case Number():
                return node.dimension
            case Text():
                return "text"
            case NameRef():
                return self._name(node, subject)
            case Negative():
                return self._negative(node, subject)
            case Arithmetic():
                return self._arithmetic(node, subject)
            case Call():
                return check_call(self, node, subject)
        self._condition(node, subject)
        return "truth"

    def _condition(self, node: Node, subject: Subject) -> None:
        match node:
            case Compare():
                self._comparable(node.left, node.right, subject, node.operator)
            case Between():
                self._comparable(node.item, node.low, subject, "<=")
                self._comparable(node.item, node.high, subject, "<=")
            case In():
                for choice in node.choices:
                    self._comparable(node.item, choice, subject, "==")
            case InList():
                self._in_list(node, subject)
            case IsMissing():
                self.of(node.item, subject)
            case Logic():
                self.truth(node.left, subject)
                self.truth(node.right, subject)
            case Not():
                self.truth(node.operand, subject)

    def truth(self, node: Node, subject: Subject) -> None:
        """Note when a node is no condition."""
        dimension = self.of(node, subject)
        if dimension not in {None, "truth"}:
            self.note(node, "not-a-condition", f"this is a {dimension}, not a condition; compare it with something")

    def _name(self, node: NameRef, subject: Subject, *, listed: bool = False) -> Dimension | None:
        name = names.find(node.name, subject)
        if name is None:
            known = names.known(subject)
            hint = f'; a text stands in quotes: "{node.name}"' if node.name in _TEXTS else nearest(node.name, known)
            self.note(node, "unknown-name", f"a {subject} has no {node.name!r}{hint}")
            return None
        if name.pool:
            self.note(node, "pool", f"{node.name!r} needs a pool: write {node.name}(DC) or {node.name}(AC)")
            return None
        if name.is_list and not listed:
            self.note(node, "list", f'{node.name!r} is a list: write "..." in {node.name}')
            return None
        return name.dimension

    def _negative(self, node: Negative, subject: Subject) -> Dimension | None:
        dimension = self.of(node.operand, subject)
        if dimension is not None and dimension not in functions.NUMBERS:
            self.note(node, "unit", f"a {dimension} has no sign")
            return None
        return dimension

    def _arithmetic(self, node: Arithmetic, subject: Subject) -> Dimension | None:
        left, right = self.of(node.left, subject), self.of(node.right, subject)
        if left is None or right is None:
            return None
        result = functions.arithmetic(node.operator, left, right)
        if result is None:
            self.note(node, "unit", f"{left} {node.operator} {right} makes no sense")
            return None
        return result[0]

    def _comparable(self, left: Node, right: Node, subject: Subject, operator: str) -> None:
        first, second = self.of(left, subject), self.of(right, subject)
        if first is None or second is None:
            return
        zero = next(
            (n for n in (left, right) if isinstance(n, Number) and n.value == 0 and n.dimension == "count"), None
        )
        if first != second and not (zero and {first, second} <= functions.NUMBERS - {"temperature"}):
            hint = f"; write for example {_EXAMPLES[first]}" if isinstance(right, Number) and first in _EXAMPLES else ""
            self.note(right, "unit", f"{first} cannot be compared with {_article(second)}{hint}")
            return
        if first in {"text", "truth"} and operator not in {"==", "!="}:
            self.note(left, "unit", f"a {first} can only be compared by == and !=")
        for value, literal in ((left, right), (right, left)):
            mistake = impossible(value, literal, subject)
            self.mistakes += [mistake] if mistake else []

    def _in_list(self, node: InList, subject: Subject) -> None:
        name = names.find(node.listed.name, subject)
        if name is not None and not name.is_list:
            self.note(node.listed, "list", f"{node.listed.name!r} is no list; write == to compare")
            return
        self._name(node.listed, subject, listed=True)
        if not isinstance(node.item, Text):
            self.note(node.item, "list", f'write a text in double quotes: "register_jump" in {node.listed.name}')
        elif name is not None and node.item.value not in name.choices:
            close = nearest(node.item.value, name.choices)
            self.note(node.item, "choice", f"{name.name} never has {node.item.value!r}{close}")


_TEXTS = frozenset(choice for name in names.NAMES for choice in name.choices)


def _article(dimension: Dimension) -> str:
    return "a number without unit" if dimension == "count" else f"{dimension}"
