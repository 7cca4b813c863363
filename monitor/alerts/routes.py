"""`rules/notify.yaml`: who is told of which alert, in what portions, how often. Shapes: design.md, section 10."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from monitor import documents
from monitor.alerts.model import Alert
from monitor.documents import Document, Strict
from monitor.errors import FileProblems, Problem
from monitor.rules.answer import LEVELS
from monitor.units import parse_duration

_NOT_YET: Final = ("webhook", "mute", "escalate", "rotas")
_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")


def _span(value: object) -> timedelta:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} has no unit; write for example 30s, 5m or 4h")  # noqa: TRY004 - pydantic wants ValueError
    return parse_duration(value)


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError(f"{value!r} is not a mail address; write for example noc@example.org")
    return value


def _groupable(value: str) -> str:
    if value == "level":
        raise ValueError("alerts cannot be grouped by level, which changes while they fire")
    return value


def _listed(value: object) -> object:
    if not isinstance(value, str | list):
        raise ValueError(f"write one text, or a list of them, in quotes where it is a number, not {value!r}")  # noqa: TRY004 - as above
    return [value] if isinstance(value, str) else value


Span = Annotated[timedelta, BeforeValidator(_span)]
Globs = Annotated[list[str], BeforeValidator(_listed), Field(min_length=1)]


class ReceiverShape(Strict):
    """One receiver: every address gets a mail of its own."""

    mail: list[Annotated[str, AfterValidator(_address)]] = Field(min_length=1)
    language: Literal["en", "sv"] = "en"


class TargetShape(Strict):
    """Where alerts go and in what portions."""

    to: str
    group_by: list[Annotated[str, AfterValidator(_groupable)]] = Field(default=["site"])
    group_wait: Span = timedelta(seconds=30)
    group_interval: Span = timedelta(minutes=5)
    repeat_interval: Span = timedelta(hours=4)


class RouteShape(TargetShape):
    """A target for alerts that match. `match`: label or place -> a glob, or several of which one has to match."""

    match: dict[str, Globs] = Field(default_factory=dict)
    goes_on: bool = Field(default=False, alias="continue")


class NotifyFile(Strict):
    """The whole of notify.yaml."""

    receivers: dict[str, ReceiverShape] = Field(default_factory=dict)
    routes: list[RouteShape] = Field(default_factory=list)
    default: TargetShape | None = None


@dataclass(frozen=True)
class Receiver:
    """Who is told, at which addresses, in which language."""

    name: str
    addresses: tuple[str, ...]
    language: str


@dataclass(frozen=True)
class Route:
    """One way to a receiver. `goes_on`: later routes are looked at too."""

    to: str
    match: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    goes_on: bool = False
    group_by: tuple[str, ...] = ("site",)
    group_wait: timedelta = timedelta(seconds=30)
    group_interval: timedelta = timedelta(minutes=5)
    repeat_interval: timedelta = timedelta(hours=4)

    def takes(self, alert: Alert) -> bool:
        """Whether the alert goes this way; one of level info only where `match` names that level."""
        if alert.level == "info" and "info" not in self.match.get("level", ()):
            return False
        for name, globs in self.match.items():
            value = label_of(alert, name)
            if value is None or not any(fnmatchcase(value, glob) for glob in globs):
                return False
        return True


@dataclass(frozen=True)
class Routes:
    """All receivers and the ways to them. Without any nothing is sent."""

    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    default: Route | None = None

    def of(self, alert: Alert) -> tuple[Route, ...]:
        """The ways that an alert goes: the first that takes it and, while they go on, later ones; else the default."""
        taken = []
        for route in self.routes:
            if route.takes(alert):
                taken.append(route)
                if not route.goes_on:
                    break
        if not taken and self.default and self.default.takes(alert):
            taken.append(self.default)
        return tuple(taken)


def label_of(alert: Alert, name: str) -> str | None:
    """A label of the alert, its rule, its level, or a part of its place; None when it has no such label."""
    match name:
        case "site" | "station" | "connector":
            part: str | None = getattr(alert.place, name)
            return part
        case "subject" | "rule" | "level":
            return str(getattr(alert, name))
    return alert.labels.get(name)


def load(path: Path) -> Routes:
    """Read notify.yaml; a missing or empty file has no receivers; raise FileProblems with every mistake."""
    return Routes() if not path.exists() else parse(documents.read(path))


def parse(document: Document) -> Routes:
    """The same for a file at hand."""
    problems = list(_unsupported(document))
    try:
        file = documents.validate(document, NotifyFile, _supported(document.content))
    except FileProblems as error:
        raise FileProblems([*problems, *error.problems]) from error
    problems += _references(document, file)
    if problems:
        raise FileProblems(problems)
    return Routes(
        {name: Receiver(name, tuple(shape.mail), shape.language) for name, shape in file.receivers.items()},
        tuple(_route(shape) for shape in file.routes),
        _route(file.default) if file.default else None,
    )


def _route(shape: TargetShape) -> Route:
    match, goes_on = (shape.match, shape.goes_on) if isinstance(shape, RouteShape) else ({}, False)
    return Route(
        to=shape.to,
        match={name: tuple(globs) for name, globs in match.items()},
        goes_on=goes_on,
        group_by=tuple(dict.fromkeys(shape.group_by)),
        group_wait=shape.group_wait,
        group_interval=shape.group_interval,
        repeat_interval=shape.repeat_interval,
    )


def _unsupported(document: Document) -> Iterator[Problem]:
    for path in document.keys:
        if path[-1] in _NOT_YET and _is_setting(path):
            message = f"{path[-1]!r} is not supported yet in this version; remove it, it would have no effect"
            yield document.problem(path, "not-supported-yet", message, at_key=True)


def _is_setting(path: tuple[str | int, ...]) -> bool:
    """Whether a key stands where the file has settings: at the top, in a receiver, a route, or the default."""
    match path:
        case (_,) | ("default", _) | ("receivers" | "routes", _, _):
            return True
    return False


def _supported(content: Any, path: tuple[str | int, ...] = ()) -> Any:
    """The content without the settings that were refused already, so that the rest is checked too."""
    if isinstance(content, dict):
        kept = {key: value for key, value in content.items() if not (key in _NOT_YET and _is_setting((*path, key)))}
        return {key: _supported(value, (*path, key)) for key, value in kept.items()}
    if isinstance(content, list):
        return [_supported(value, (*path, index)) for index, value in enumerate(content)]
    return content


def _references(document: Document, file: NotifyFile) -> Iterator[Problem]:
    targets: list[tuple[tuple[str | int, ...], TargetShape]] = [
        (("routes", index), route) for index, route in enumerate(file.routes)
    ]
    if file.default:
        targets.append((("default",), file.default))
    elif file.receivers:
        message = "'default' is missing: where alerts go that no route takes; write for example default: {to: noc}"
        yield document.problem((), "missing-key", message)
    for path, target in targets:
        if target.to not in file.receivers:
            message = f"there is no receiver {target.to!r}{documents.nearest(target.to, file.receivers)}"
            yield document.problem((*path, "to"), "unknown-receiver", message)
        yield from _durations(document, path, target)
        for level in target.match.get("level", ()) if isinstance(target, RouteShape) else ():
            if level not in LEVELS:
                message = f"there is no level {level!r}{documents.nearest(level, LEVELS)}"
                yield document.problem((*path, "match", "level"), "unknown-level", message)


def _durations(document: Document, path: tuple[str | int, ...], target: TargetShape) -> Iterator[Problem]:
    if target.group_interval <= timedelta(0):
        message = "group_interval: must be longer than 0, else a group would be told at every evaluation"
        yield document.problem((*path, "group_interval"), "duration", message)
    elif target.repeat_interval < target.group_interval:
        message = "repeat_interval: must not be shorter than group_interval, the shortest time between two messages"
        yield document.problem((*path, "repeat_interval"), "duration", message)
