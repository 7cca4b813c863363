"""The texts of a rule, rendered with sample values: what would fail in the night fails here."""

from collections.abc import Iterator, Mapping
from typing import Any

from monitor.errors import Problem
from monitor.ids import Place
from monitor.rules import names
from monitor.rules.answer import Value
from monitor.rules.files import Written
from monitor.rules.message import failure
from monitor.rules.names import POOLS, Name, Subject
from monitor.units import Dimension

_SAMPLES: Mapping[Dimension, Value] = {
    "power": 11_000.0, "energy": 12_000.0, "current": 16.0, "voltage": 230.0, "share": 50.0, "time": 600.0,
    "temperature": 25.0, "count": 3.0, "text": "sample", "truth": True,
}  # fmt: skip
_PLACES: Mapping[Subject, Place] = {
    "connector": Place("site", "station", "1"),
    "station": Place("site", "station"),
    "site": Place("site"),
    "source": Place.of_source("store"),
}


def text_sense(written: Written) -> Iterator[Problem]:
    """Texts that fail with sample values (an error), or when something is missing (a warning)."""
    rule, content = written.rule, written.document.content["rules"][written.index]["message"]
    for key in ("summary", "cause", "runbook"):
        per_language = isinstance(content.get(key), dict)
        texts: Mapping[str, str] = getattr(rule.message, key)
        for language, text in texts.items():
            path = ("message", key, *((language,) if per_language else ()))
            for values, severity, when in (
                (_values(rule.on), "error", "with sample values"),
                (_missing(rule.on), "warning", "when its values are missing; write for example {{ (name or 0) }}"),
            ):
                if reason := _failure(written, text, values, language):
                    message = f"fails {when}: {reason}"
                    yield written.problem(path, "template-fails", message, severity=severity)
                    break
            if not per_language:
                break


def _failure(written: Written, text: str, values: Mapping[str, Value], language: str) -> str:
    subject = _PLACES[written.rule.on].subject
    return failure(text, written.rule, subject, values, language)


def _values(subject: Subject) -> dict[str, Value]:
    return {key: _sample(name) for key, name in _keys(subject)}


def _missing(subject: Subject) -> dict[str, Value]:
    return dict.fromkeys((key for key, _ in _keys(subject)), None)


def _keys(subject: Subject) -> Iterator[tuple[str, Name]]:
    for key in names.known(subject):
        name: Any = names.find(key, subject)
        if key not in {"site", "station", "connector"}:
            yield from ((f"{key}({pool})", name) for pool in POOLS) if name.pool else ((key, name),)


def _sample(name: Name) -> Value:
    return name.choices[0] if name.choices else _SAMPLES[name.dimension]
