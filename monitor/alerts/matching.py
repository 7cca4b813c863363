"""Which alerts are meant, by labels, rule, level and place: what routes, silences and maintenance share. Pure."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from monitor.alerts.model import Alert


def matches(alert: Alert, matchers: Mapping[str, Sequence[str]]) -> bool:
    """Whether of each name one of the globs matches what the alert has there."""
    values = ((label_of(alert, name), globs) for name, globs in matchers.items())
    return all(value is not None and any(fnmatchcase(value, glob) for glob in globs) for value, globs in values)


def label_of(alert: Alert, name: str) -> str | None:
    """A label of the alert, its rule, its level, or a part of its place; None when it has no such label."""
    match name:
        case "site" | "station" | "connector":
            part: str | None = getattr(alert.place, name)
            return part
        case "subject" | "rule" | "level":
            return str(getattr(alert, name))
    return alert.labels.get(name)
