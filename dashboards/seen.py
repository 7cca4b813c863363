"""The values that a rule saw, in the units of their names: `power_w` in kW, `full_for(DC)` in minutes."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from dashboards import formats, words
from dashboards.language import gettext
from monitor.ids import Place
from monitor.rules.answer import Value
from monitor.rules.names import NAMES, Name, Subject

_BY_NAME: Mapping[tuple[Subject, str], Name] = {
    (subject, name.name): name for name in NAMES for subject in name.subjects
}
_WORD = re.compile(r"[a-z_][a-z_0-9]*")
_OVER_TIME = {"share": "share", "samples": "count", "changes": "count"}
"""Functions whose value has another dimension than their argument."""


def _per(unit: str, decimals: int) -> Callable[[float], str]:
    return lambda value: f"{formats.number(value, decimals)}\u00a0{unit}"


_SAID: Mapping[str, Callable[[float], str]] = {
    "power": formats.power,
    "energy": formats.energy,
    "current": _per("A", 1),
    "voltage": _per("V", 0),
    "share": _per("%", 0),
    "temperature": _per("°C", 0),
    "time": lambda value: formats.span(timedelta(seconds=value)),
}


@dataclass(frozen=True)
class Seen:
    """One name with its value in words, and what the name means."""

    name: str
    value: str
    meaning: str


def seen(place: Place, values: Mapping[str, Value]) -> list[Seen]:
    """What the rule saw of a place, by name; the place's own names are said elsewhere."""
    subject: Subject = (
        "source" if place.source else "connector" if place.connector else "station" if place.station else "site"
    )
    rows = []
    for key in sorted(values.keys() - set(Place._fields)):
        name = _BY_NAME.get((subject, key.partition("(")[0])) or _argument(subject, key)
        rows.append(Seen(key, _told(key, values[key], name), gettext(name.meaning) if name else ""))
    return rows


def _told(key: str, value: Value, name: Name | None) -> str:
    """A value as people read it; a count or a name nobody knows is a plain number."""
    if value is None or isinstance(value, bool):
        return formats.truth(value)
    if isinstance(value, str):
        return words.word("state", value) if key == "status" else value
    dimension = _OVER_TIME.get(key.partition("(")[0]) or (name.dimension if name else "")
    say = _SAID.get(dimension)
    return say(value) if say else formats.number(value, 0 if float(value).is_integer() else 2)


def _argument(subject: Subject, key: str) -> Name | None:
    """The first name inside the brackets of `avg(power_w, 5m)`."""
    found = ((subject, word) for word in _WORD.findall(key.partition("(")[2]))
    return next((_BY_NAME[known] for known in found if known in _BY_NAME), None)
