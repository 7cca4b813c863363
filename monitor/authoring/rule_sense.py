"""What makes no sense in a rule that could run: it never matches, recovers while it fires, is judged by one reading."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from monitor.documents import nearest
from monitor.errors import Problem
from monitor.rules import names
from monitor.rules.files import Written
from monitor.rules.model import Expression
from monitor.rules.ranges import constant
from monitor.rules.satisfiable import overlap, possible
from monitor.rules.syntax import Call, Compare, NameRef, Node, Number, Text, walk
from monitor.units import duration_text

USUAL_SPACING = timedelta(seconds=30)
"""Most chargers send a reading every 30 s to a minute, the fastest every 10 s: a window has to hold two of them."""

ERROR_CODES = (
    "ConnectorLockFailure", "EVCommunicationError", "GroundFailure", "HighTemperature", "InternalError",
    "LocalListConflict", "NoError", "OtherError", "OverCurrentFailure", "OverVoltage", "PowerMeterFailure",
    "PowerSwitchFailure", "ReaderFailure", "ResetFailure", "UnderVoltage", "WeakSignal",
)  # fmt: skip
"""OCPP 1.6, section 7.6. Chargers may send others, so one that is merely near to these is a warning."""

_SAMPLED = {"avg", "min", "max", "delta", "rate", "stddev", "changes", "share"}
"""Windows that say little or nothing of a single reading."""


def rule_sense(written: Written, interval: timedelta) -> Iterator[Problem]:
    """Everything about one rule that depends on no other file. `interval`: `evaluate.interval`."""
    rule = written.rule
    if timedelta(0) < rule.hold_for < interval:
        least = duration_text(interval)
        message = f"is shorter than evaluate.interval ({least}): it holds nothing back; remove it or take at least that"
        yield written.problem(("for",), "short-for", message, severity="warning")
    if rule.levels and rule.no_data.then != "fire" and "severity" in written.document.content["rules"][written.index]:
        message = "has no effect beside `levels`, which say how bad it is; remove it"
        yield written.problem(("severity",), "no-effect", message, severity="warning")
    yield from _never(written)
    if rule.recover_when and overlap(rule.on, rule.when.root, rule.recover_when.root):
        message = "can hold while `when` holds: leave a gap, as avg(power_w, 5m) > 7 kW does to avg(power_w, 5m) < 5 kW"
        yield written.problem(("recover_when",), "recovery-overlaps", message)
    for path, expression in _expressions(written):
        for code, node, message in _doubtful(expression):
            yield written.problem(path, code, message, offset=node.start, severity="warning")


def negative_thresholds(written: Written) -> Iterator[Problem]:
    """Thresholds that only a connector which feeds in can pass; for a register that has none."""
    for path, expression in _expressions(written):
        for node in walk(expression.root):
            if isinstance(node, Compare):
                for value, literal, below in ((node.left, node.right, "<"), (node.right, node.left, ">")):
                    name, number = _signed(value), constant(literal)
                    if name and number is not None and (number < 0 or (number == 0 and node.operator == below)):
                        message = f"{name} is never below 0: no connector in sites.yaml is bidirectional"
                        yield written.problem(path, "range", message, offset=literal.start)


def _signed(node: Node) -> str:
    """The name of a reading that is negative only while a connector feeds in; empty for anything else."""
    if isinstance(node, Call) and node.function in {"avg", "min", "max", "first", "last"}:
        node = node.arguments[0]
    found = names.find(node.name, "connector") if isinstance(node, NameRef) else None
    signed = found is not None and found.source is not None and found.low is None
    return found.name if found and signed and found.dimension in {"power", "current"} else ""


def _never(written: Written) -> Iterator[Problem]:
    rule = written.rule
    given = _selected_current(written)
    if not possible(rule.on, rule.when.root, *given):
        yield written.problem(("when",), "never", "can never hold: its parts contradict each other", severity="warning")
        return
    for level, expression in rule.levels.items():
        if not possible(rule.on, rule.when.root, expression.root, *given):
            message = "can never hold together with `when`"
            yield written.problem(("levels", level), "never", message, severity="warning")


def _selected_current(written: Written) -> Iterable[Node]:
    """`where: {current: DC}` as a condition."""
    chosen = written.rule.where.get("current", ())
    if len(chosen) == 1:
        yield Compare(0, 0, "==", NameRef(0, 0, "current"), Text(0, 0, chosen[0]))


def _expressions(written: Written) -> Iterator[tuple[tuple[str, ...], Expression]]:
    rule = written.rule
    yield ("when",), rule.when
    for level, expression in rule.levels.items():
        yield ("levels", level), expression
    if rule.recover_when:
        yield ("recover_when",), rule.recover_when


def _doubtful(expression: Expression) -> Iterator[tuple[str, Node, str]]:
    for node in walk(expression.root):
        if isinstance(node, Call) and len(node.arguments) == 2 and node.function in _SAMPLED:
            reading, span = node.arguments
            short = isinstance(span, Number) and span.value < 2 * USUAL_SPACING.total_seconds()
            if short and _of_meter(reading):
                least = duration_text(2 * USUAL_SPACING)
                yield "short-window", span, f"is shorter than two readings of most chargers; use at least {least}"
        if isinstance(node, Compare):
            for value, literal in ((node.left, node.right), (node.right, node.left)):
                if isinstance(value, NameRef) and value.name == "error_code" and isinstance(literal, Text):
                    hint = nearest(literal.value, ERROR_CODES)
                    if literal.value not in ERROR_CODES and "did you mean" in hint:
                        yield "doubtful-code", literal, f"{literal.value!r} is no error code of OCPP 1.6{hint}"


def _of_meter(reading: Node) -> bool:
    found = (names.find(part.name, "connector") for part in walk(reading) if isinstance(part, NameRef))
    return any(name and name.source and name.source.measurement == "meter" for name in found)
