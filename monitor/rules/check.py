"""The type checker: names, units, ranges, choices and windows of one expression, every mistake of it at once."""

from dataclasses import dataclass, field
from datetime import timedelta

from monitor.documents import nearest
from monitor.rules import functions, names
from monitor.rules.names import Name, Subject
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
    walk,
)
from monitor.units import Dimension, duration_text

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
    checker = _Checker(window)
    dimension = checker.of(node, subject)
    if dimension not in {None, "truth"}:
        checker.note(node, "not-a-condition", f"this is a {dimension}, not a condition; compare it with something")
    return checker.mistakes


def dimension_of(node: Node, subject: Subject) -> Dimension:
    """The dimension of a part of an expression that has passed the check."""
    dimension = _Checker(timedelta.max).of(node, subject)
    assert dimension is not None
    return dimension


@dataclass
class _Checker:
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
                return self._call(node, subject)
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
                self._truth(node.left, subject)
                self._truth(node.right, subject)
            case Not():
                self._truth(node.operand, subject)

    def _truth(self, node: Node, subject: Subject) -> None:
        dimension = self.of(node, subject)
        if dimension not in {None, "truth"}:
            self.note(node, "not-a-condition", f"this is a {dimension}, not a condition; compare it with something")

    def _name(self, node: NameRef, subject: Subject, *, listed: bool = False) -> Dimension | None:
        name = names.find(node.name, subject)
        if name is None:
            known = names.known(subject)
            self.note(node, "unknown-name", f"a {subject} has no {node.name!r}{nearest(node.name, known)}")
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
            hint = f"; write for example {_EXAMPLES[first]}" if second == "count" and first in _EXAMPLES else ""
            self.note(right, "unit", f"{first} cannot be compared with {_article(second)}{hint}")
            return
        if first in {"text", "truth"} and operator not in {"==", "!="}:
            self.note(left, "unit", f"a {first} can only be compared by == and !=")
        for value, literal in ((left, right), (right, left)):
            self._possible(value, literal, subject)

    def _possible(self, value: Node, literal: Node, subject: Subject) -> None:
        """A literal that the value beside it can never be is a mistake."""
        name = _measured(value, subject)
        if name is None:
            return
        if isinstance(literal, Text) and name.choices and literal.value not in name.choices:
            close = nearest(literal.value, name.choices)
            self.note(literal, "choice", f"{name.name} is never {literal.value!r}{close}")
        number = _constant(literal)
        if number is None or name.dimension not in functions.NUMBERS:
            return
        if (name.low is not None and number < name.low) or (name.high is not None and number > name.high):
            self.note(literal, "range", f"{name.name} is {_range(name)}, so this comparison is always the same")

    def _in_list(self, node: InList, subject: Subject) -> None:
        if not isinstance(node.item, Text):
            self.note(node.item, "list", f'write a text in double quotes: "register_jump" in {node.listed.name}')
        name = names.find(node.listed.name, subject)
        if name is not None and not name.is_list:
            self.note(node.listed, "list", f"{node.listed.name!r} is no list; write == to compare")
        else:
            self._name(node.listed, subject, listed=True)

    def _call(self, node: Call, subject: Subject) -> Dimension | None:
        name = names.find(node.function, subject)
        if name is not None and name.pool:
            return self._pool(node, name)
        known = functions.of_subject(subject)
        if node.function not in known:
            pools = [n for n in names.known(subject) if (found := names.find(n, subject)) and found.pool]
            message = f"there is no function {node.function!r} on a {subject}{nearest(node.function, [*known, *pools])}"
            self.note(node, "unknown-function", message)
            return None
        return self._over_time(node) if subject == "connector" else self._over_children(node)

    def _pool(self, node: Call, name: Name) -> Dimension | None:
        pool = node.arguments[0]
        if len(node.arguments) != 1 or not isinstance(pool, NameRef) or pool.name not in names.POOLS:
            self.note(pool, "pool", f"{name.name} takes one pool: {name.name}(DC) or {name.name}(AC)")
            return None
        return name.dimension

    def _over_children(self, node: Call) -> Dimension | None:
        if len(node.arguments) != 1:
            self.note(node, "arguments", f"{node.function} over connectors takes one argument and no duration")
            return None
        argument = node.arguments[0]
        if node.function in functions.CONDITION_CHILDREN:
            self._truth(argument, "connector")
            return {"count": "count", "share": "share"}.get(node.function, "truth")  # type: ignore[return-value]
        dimension = self.of(argument, "connector")
        if dimension is not None and dimension not in functions.NUMBERS:
            self.note(argument, "unit", f"{node.function} is of numbers; this is a {dimension}")
            return None
        return dimension

    def _over_time(self, node: Call) -> Dimension | None:
        if self.in_window:
            self.note(node, "arguments", "a window cannot look back on a window")
            return None
        if len(node.arguments) != 2:
            self.note(
                node, "arguments", f"{node.function} takes a reading and a duration: {node.function}(power_w, 5m)"
            )
            return None
        reading, span = node.arguments
        self._span(span)
        if node.function == "share":
            return self._share(reading)
        dimension = self.of(reading, "connector")
        if dimension is None:
            return None
        name = names.find(reading.name, "connector") if isinstance(reading, NameRef) else None
        if name is None or name.source is None:
            self.note(reading, "arguments", f"{node.function} looks back on a reading; this is none")
            return None
        return self._window_dimension(node, dimension)

    def _window_dimension(self, node: Call, dimension: Dimension) -> Dimension | None:
        if node.function in {"samples", "changes"}:
            return "count"
        if node.function in functions.NUMBER_WINDOWS and dimension == "text":
            self.note(node, "unit", f"{node.function} is of numbers; this is a text")
            return None
        if node.function == "rate":
            if dimension != "energy":
                self.note(node, "unit", "rate is of energy_wh (as a power); use delta for other readings")
                return None
            return "power"
        return dimension

    def _share(self, condition: Node) -> Dimension:
        self.in_window = True
        self._truth(condition, "connector")
        self.in_window = False
        found = [names.find(part.name, "connector") for part in walk(condition) if isinstance(part, NameRef)]
        measurements = {name.source.measurement for name in found if name and name.source}
        if len(measurements) > 1:
            self.note(condition, "arguments", "a share is of meter readings or of statuses, not of both")
        if found and None not in found and not measurements:
            self.note(condition, "arguments", "a share needs a reading that changes over time")
        return "share"

    def _span(self, span: Node) -> None:
        if not isinstance(span, Number) or span.dimension != "time" or span.value <= 0:
            self.note(span, "arguments", "the last argument is a duration above 0, for example 5m")
        elif timedelta(seconds=span.value) > self.window:
            longest = duration_text(self.window)
            self.note(span, "window", f"looks back further than evaluate.window ({longest}); shorten it or raise that")


def _measured(node: Node, subject: Subject) -> Name | None:
    """The name whose range a value has: a name itself, or a window function that stays inside its range."""
    if isinstance(node, NameRef):
        return names.find(node.name, subject)
    if isinstance(node, Call):
        if (name := names.find(node.function, subject)) and name.pool:
            return name
        if node.function == "share":
            return Name("share", names.ALL, "share", "", 0, 100)
        if node.function in {"avg", "min", "max", "first", "last"} and isinstance(node.arguments[0], NameRef):
            return names.find(node.arguments[0].name, "connector")
        if node.function in {"count", "samples", "changes", "stddev"}:
            return Name(node.function, names.ALL, "count", "", 0)
    return None


def _constant(node: Node) -> float | None:
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Negative) and isinstance(node.operand, Number):
        return -node.operand.value
    return None


def _range(name: Name) -> str:
    if name.high is None:
        return f"never below {name.low:g}"
    return f"from {name.low:g} to {name.high:g}" + (" %" if name.dimension == "share" else "")


def _article(dimension: Dimension) -> str:
    return "a number without unit" if dimension == "count" else f"{dimension}"
