"""The functions of the language and the arithmetic of dimensions: read by the type checker and by the compiler."""

from monitor.rules.names import Subject
from monitor.units import Dimension

WINDOWS = ("avg", "min", "max", "first", "last", "delta", "rate", "stddev", "samples", "changes", "share")
"""Over time, in what is asked of a connector: `avg(power_w, 5m)`."""

CHILDREN = ("count", "share", "sum", "max", "min", "any", "all")
"""Over the connectors of a station or a site: `count(status == "Faulted")`."""


def of_subject(subject: Subject) -> tuple[str, ...]:
    """The functions that rules on `subject` may call; a part of the service has neither readings nor children."""
    return {"connector": WINDOWS, "source": ()}.get(subject, CHILDREN)


CONDITION_CHILDREN = ("count", "share", "any", "all")
NUMBER_WINDOWS = ("avg", "min", "max", "delta", "rate", "stddev")

_PRODUCTS: dict[tuple[Dimension, Dimension], tuple[Dimension, float]] = {
    ("current", "voltage"): ("power", 1),
    ("power", "time"): ("energy", 1 / 3600),
}
_QUOTIENTS: dict[tuple[Dimension, Dimension], tuple[Dimension, float]] = {
    ("energy", "time"): ("power", 3600),
    ("energy", "power"): ("time", 3600),
    ("power", "voltage"): ("current", 1),
    ("power", "current"): ("voltage", 1),
}
NUMBERS: frozenset[Dimension] = frozenset(
    {"power", "energy", "current", "voltage", "share", "time", "temperature", "count"}
)


def arithmetic(operator: str, left: Dimension, right: Dimension) -> tuple[Dimension, float] | None:
    """Dimension of `left operator right`, and the factor that brings base units to the base unit of the result.

    None when the two do not go together. A share counts as its part of 1 in a product: `50 % * rated_w`.
    """
    if left not in NUMBERS or right not in NUMBERS:
        return None
    if operator in {"+", "-"}:
        return (left, 1) if left == right else None
    if operator == "/":
        return _quotient(left, right)
    if "count" in {left, right}:
        return (right if left == "count" else left), 1
    if "share" in {left, right}:
        return (right if left == "share" else left), 0.01
    return _PRODUCTS.get((left, right)) or _PRODUCTS.get((right, left))


def _quotient(left: Dimension, right: Dimension) -> tuple[Dimension, float] | None:
    if left == right:
        return "count", 1
    if right == "count":
        return left, 1
    return _QUOTIENTS.get((left, right))
