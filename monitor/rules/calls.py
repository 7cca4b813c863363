"""What is wrong with the calls in an expression: functions over time and over children, names with a pool."""

from datetime import timedelta
from typing import Protocol

from monitor.rules import functions, hints, names
from monitor.rules.names import Name, Subject
from monitor.rules.syntax import Call, NameRef, Node, Number, walk
from monitor.units import Dimension, duration_text


class Noting(Protocol):
    """What is asked of the type checker: the dimensions of arguments, and that mistakes are noted."""

    window: timedelta
    in_window: bool

    def note(self, node: Node, code: str, message: str) -> None:
        """Note a mistake at a node."""
        ...

    def of(self, node: Node, subject: Subject) -> Dimension | None:
        """A node's dimension; None where a mistake has been noted."""
        ...

    def truth(self, node: Node, subject: Subject) -> None:
        """Note when a node is no condition."""
        ...


def check_call(checker: Noting, node: Call, subject: Subject) -> Dimension | None:
    """The dimension of a call; None where a mistake has been noted."""
    name = names.find(node.function, subject)
    if name is not None and name.pool:
        return _pool(checker, node, name)
    if node.function not in functions.of_subject(subject):
        message = f"there is no function {node.function!r} on a {subject}{hints.of_function(node.function, subject)}"
        checker.note(node, "unknown-function", message)
        return None
    return _over_time(checker, node) if subject == "connector" else _over_children(checker, node)


def _pool(checker: Noting, node: Call, name: Name) -> Dimension | None:
    pool = node.arguments[0]
    if len(node.arguments) != 1 or not isinstance(pool, NameRef) or pool.name not in names.POOLS:
        checker.note(pool, "pool", f"{name.name} takes one pool: {name.name}(DC) or {name.name}(AC)")
        return None
    return name.dimension


def _over_children(checker: Noting, node: Call) -> Dimension | None:
    if len(node.arguments) != 1:
        checker.note(node, "arguments", f"{node.function} over connectors takes one argument and no duration")
        return None
    argument = node.arguments[0]
    if node.function in functions.CONDITION_CHILDREN:
        checker.truth(argument, "connector")
        return {"count": "count", "share": "share"}.get(node.function, "truth")  # type: ignore[return-value]
    dimension = checker.of(argument, "connector")
    if dimension is not None and dimension not in functions.NUMBERS:
        checker.note(argument, "unit", f"{node.function} is of numbers; this is a {dimension}")
        return None
    return dimension


def _over_time(checker: Noting, node: Call) -> Dimension | None:
    if checker.in_window:
        checker.note(node, "arguments", "a window cannot look back on a window")
        return None
    if len(node.arguments) != 2:
        checker.note(node, "arguments", f"{node.function} takes a reading and a duration: {node.function}(power_w, 5m)")
        return None
    reading, span = node.arguments
    _span(checker, span)
    if node.function == "share":
        return _share(checker, reading)
    dimension = checker.of(reading, "connector")
    if dimension is None:
        return None
    name = names.find(reading.name, "connector") if isinstance(reading, NameRef) else None
    if name is None or name.source is None:
        checker.note(reading, "arguments", f"{node.function} looks back on a reading; this is none")
        return None
    return _window_dimension(checker, node, dimension)


def _window_dimension(checker: Noting, node: Call, dimension: Dimension) -> Dimension | None:
    if node.function in {"samples", "changes"}:
        return "count"
    if node.function in functions.NUMBER_WINDOWS and dimension == "text":
        checker.note(node, "unit", f"{node.function} is of numbers; this is a text")
        return None
    if node.function == "rate":
        if dimension != "energy":
            checker.note(node, "unit", "rate is of energy_wh (as a power); use delta for other readings")
            return None
        return "power"
    return dimension


def _share(checker: Noting, condition: Node) -> Dimension:
    checker.in_window = True
    checker.truth(condition, "connector")
    checker.in_window = False
    found = [names.find(part.name, "connector") for part in walk(condition) if isinstance(part, NameRef)]
    measurements = {name.source.measurement for name in found if name and name.source}
    if len(measurements) > 1:
        checker.note(condition, "arguments", "a share is of meter readings or of statuses, not of both")
    if found and None not in found and not measurements:
        checker.note(condition, "arguments", "a share needs a reading that changes over time")
    return "share"


def _span(checker: Noting, span: Node) -> None:
    if not isinstance(span, Number) or span.dimension != "time" or span.value <= 0:
        checker.note(span, "arguments", "the last argument is a duration above 0, for example 5m")
    elif timedelta(seconds=span.value) > checker.window:
        longest = duration_text(checker.window)
        checker.note(span, "window", f"looks back further than evaluate.window ({longest}); shorten it or raise that")
