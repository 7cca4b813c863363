"""docs/rule-reference.md: every name, function, unit and filter, from the tables that the compiler reads."""

from collections.abc import Iterable, Iterator, Mapping

from monitor.rules import examples, functions
from monitor.rules.names import NAMES, SUBJECTS, Name
from monitor.rules.phrases import FILTERS
from monitor.units import UNITS, Dimension

BASE_UNITS: Mapping[Dimension, str] = {
    "power": "W", "energy": "Wh", "current": "A", "voltage": "V", "share": "%", "time": "s", "temperature": "C",
}  # fmt: skip
"""The unit in which values are held, and in which explain and the API give them."""

_HEAD = """# Reference of the rule language

Written by `laddvakt rules reference` from the tables that the compiler reads; a test compares them. How the parts go
together: [rules.md](rules.md).
"""


def reference() -> str:
    """The whole document."""
    return "\n".join([_HEAD, *_names(), *_functions(), *_units(), *_filters()])


def _names() -> Iterator[str]:
    yield "## Names\n\nReadings are what windows look back on. Names with a pool are written with DC or AC.\n"
    yield from _table(("name", "on", "unit", "range", "meaning", "example"), map(_name, NAMES))


def _name(name: Name) -> tuple[str, ...]:
    written = f"{name.name}(DC)" if name.pool else name.name
    meaning = name.meaning + (" (reading)" if name.source else "")
    subjects = ", ".join(subject for subject in SUBJECTS if subject in name.subjects)
    unit = BASE_UNITS.get(name.dimension, name.dimension)
    return f"`{written}`", subjects, unit, _range(name), meaning, f"`{examples.NAMES[name.name]}`"


def _range(name: Name) -> str:
    if name.choices:
        return ", ".join(f"`{choice}`" for choice in name.choices)
    if name.low is None and name.high is None:
        return ""
    return f"from {name.low:g}" + ("" if name.high is None else f" to {name.high:g}")


def _functions() -> Iterator[str]:
    yield "\n## Functions over time\n\nOn connectors; the last argument is how far back.\n"
    rows = ((f"`{name}`", *_told(examples.WINDOWS[name])) for name in functions.WINDOWS)
    yield from _table(("function", "gives", "example"), rows)
    yield "\n## Functions over connectors\n\nOn stations and sites.\n"
    rows = ((f"`{name}`", *_told(examples.CHILDREN[name])) for name in functions.CHILDREN)
    yield from _table(("function", "gives", "example"), rows)


def _units() -> Iterator[str]:
    yield "\n## Units\n"
    rows = ((f"`{unit}`", dimension, f"{factor:f}") for unit, (dimension, factor) in UNITS.items())
    yield from _table(("unit", "of", "in the base unit"), rows)


def _filters() -> Iterator[str]:
    yield "\n## Filters of texts\n"
    rows = ((f"`{name}`", *_told(examples.FILTERS[name])) for name in FILTERS)
    yield from _table(("filter", "says", "example"), rows)


def _told(entry: tuple[str, str]) -> tuple[str, str]:
    return entry[0], f"`{entry[1]}`"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "| --- " * len(head) + "|"
    yield from (f"| {' | '.join(row)} |" for row in rows)
