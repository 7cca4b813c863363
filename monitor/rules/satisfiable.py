"""Whether a condition can hold at all: contradictions of ranges, choices and ratios, found before a rule runs.

A condition is taken apart into branches, any of which makes it true; each is a list of parts that must all hold. A
branch is impossible when what its parts say of one value leaves nothing. What this does not understand is taken as
possible, so "never" is always right and "possible" may not be.
"""

from itertools import product
from math import prod

from monitor.rules.facts import Facts
from monitor.rules.names import Subject
from monitor.rules.syntax import Between, Compare, In, Logic, Node, Not, Text, identity

MANY = 512
"""Branches beyond this are not looked at."""

Part = tuple[Node, bool]
"""Something that has to be true (or, with False, false)."""
Branch = tuple[Part, ...]

_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def possible(subject: Subject, *conditions: Node) -> bool:
    """Whether all `conditions` of a rule on `subject` can hold at once; True also when that cannot be told."""
    found = [branches for branches in (_branches((node, True)) for node in conditions) if branches is not None]
    if prod(len(branches) for branches in found) > MANY:
        return all(any(_facts(subject, branch) for branch in branches) for branches in found)
    return any(_facts(subject, sum(chosen, ())) for chosen in product(*found))


def overlap(subject: Subject, when: Node, recover: Node) -> bool:
    """Whether `recover` can hold while `when` does, for a value of which they do not say the same."""
    if identity(when) == identity(recover):
        return True
    firing = _branches((when, True)) or []
    judged = {key for branch in firing for key in _said(subject, branch)}
    for first, second in product(firing, _branches((recover, True)) or ()):
        told, recovered = _said(subject, first), _said(subject, second)
        contested = any(key in judged and told.get(key) != said for key, said in recovered.items())
        if contested and _facts(subject, first + second):
            return True
    return False


def _said(subject: Subject, branch: Branch) -> dict[object, object]:
    facts = _facts(subject, branch)
    return facts.said if facts else {}


def _facts(subject: Subject, parts: Branch) -> Facts | None:
    """What the parts say together; None when they contradict each other."""
    facts = Facts(subject)
    return facts if all(facts.take(node, holds=holds) for node, holds in parts) else None


def _branches(part: Part) -> list[Branch] | None:  # noqa: PLR0911 - one return per kind of node
    """Every way in which a part can come about; None when there are too many."""
    node, holds = part
    match node:
        case Not():
            return _branches((node.operand, not holds))
        case Logic():
            left, right = _branches((node.left, holds)), _branches((node.right, holds))
            if left is None or right is None:
                return None
            if (node.operator == "and") is holds:
                return None if len(left) * len(right) > MANY else [a + b for a in left for b in right]
            return None if len(left) + len(right) > MANY else left + right
        case Between():
            low = Compare(node.start, node.end, ">=", node.item, node.low)
            high = Compare(node.start, node.end, "<=", node.item, node.high)
            return _branches((Logic(node.start, node.end, "and", low, high), holds))
        case In() if not all(isinstance(choice, Text) for choice in node.choices):
            same = [Compare(node.start, node.end, "==", node.item, choice) for choice in node.choices]
            one_of: Node = same[0]
            for other in same[1:]:
                one_of = Logic(node.start, node.end, "or", one_of, other)
            return _branches((one_of, holds is not node.negated))
        case Compare() if not holds:
            return [((Compare(node.start, node.end, _OPPOSITE[node.operator], node.left, node.right), True),)]  # type: ignore[arg-type]
    return [(part,)]
