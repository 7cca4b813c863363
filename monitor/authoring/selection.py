"""Selectors of rules against the register: a glob that matches nothing watches nothing."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from monitor.documents import nearest
from monitor.errors import Problem
from monitor.ids import Place
from monitor.register import Connector, Register
from monitor.rules.files import Written


def selected(written: Written, register: Register) -> list[tuple[Place, Connector]]:
    """The registered connectors that a rule's `where` selects, or lies around."""
    return [
        (place, connector)
        for place, connector in register
        if all(
            any(fnmatchcase(_value(key, place, connector), glob) for glob in globs)
            for key, globs in written.rule.where.items()
        )
    ]


def selection_problems(written: Written, register: Register) -> Iterator[Problem]:
    """Globs that match nothing in sites.yaml, and a `where` whose keys match nothing together."""
    connectors = list(register)
    found = list(_lone_globs(written, connectors))
    yield from found
    if connectors and written.rule.where and not found and not selected(written, register):
        message = "selects nothing in sites.yaml: nothing matches all of these keys"
        yield written.problem(("where",), "selects-nothing", message, at_key=True)


def _lone_globs(written: Written, connectors: list[tuple[Place, Connector]]) -> Iterator[Problem]:
    content = written.document.content["rules"][written.index]
    for key, globs in written.rule.where.items() if connectors else ():
        values = sorted({_value(key, place, connector) for place, connector in connectors})
        for position, glob in enumerate(globs):
            if not any(fnmatchcase(value, glob) for value in values):
                path = ("where", key, position) if isinstance(content["where"][key], list) else ("where", key)
                message = f"{glob!r} selects nothing: sites.yaml has no such {key}{_hint(glob, values)}"
                yield written.problem(path, "selects-nothing", message)


def _hint(glob: str, values: list[str]) -> str:
    hint = nearest(glob, values)
    return hint if "did you mean" in hint or len(values) <= 5 else ""


def _value(key: str, place: Place, connector: Connector) -> str:
    return (connector.current or "") if key == "current" else str(getattr(place, key))
