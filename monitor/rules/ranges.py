"""Which values a part of an expression can have: its name's range and choices."""

from monitor.documents import nearest
from monitor.rules import names
from monitor.rules.names import Name, Subject
from monitor.rules.syntax import Call, Mistake, NameRef, Negative, Node, Number, Text


def impossible(value: Node, literal: Node, subject: Subject) -> Mistake | None:
    """What is wrong with a literal that the value beside it can never be; None when nothing is."""
    name = measured(value, subject)
    if name is None:
        return None
    if isinstance(literal, Text) and name.choices and literal.value not in name.choices:
        close = nearest(literal.value, name.choices)
        return Mistake(literal.start, "choice", f"{name.name} is never {literal.value!r}{close}")
    number = constant(literal)
    if number is None or name.dimension in {"text", "truth"}:
        return None
    if (name.low is not None and number < name.low) or (name.high is not None and number > name.high):
        message = f"{name.name} is {_range(name)}, so this comparison is always the same"
        return Mistake(literal.start, "range", message)
    return None


def measured(node: Node, subject: Subject) -> Name | None:
    """The name whose range a value has: a name itself, or a function that stays inside its range."""
    if isinstance(node, NameRef):
        return names.find(node.name, subject)
    if isinstance(node, Call):
        if (name := names.find(node.function, subject)) and name.pool:
            return name
        if node.function == "share":
            return Name("share", names.ALL, "share", "", 0, 100)
        if node.function in {"avg", "min", "max", "first", "last"} and node.arguments:
            return measured(node.arguments[0], "connector")
        if node.function in {"count", "samples", "changes", "stddev"}:
            return Name(node.function, names.ALL, "count", "", 0)
    return None


def constant(node: Node) -> float | None:
    """The number that a literal is, with its sign; None when the node is something else."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Negative) and isinstance(node.operand, Number):
        return -node.operand.value
    return None


def _range(name: Name) -> str:
    if name.high is None:
        return f"never below {name.low:g}"
    return f"from {name.low:g} to {name.high:g}" + (" %" if name.dimension == "share" else "")
