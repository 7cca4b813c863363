"""`rules/notify.yaml` read and checked: who is told of which alert, in what portions, how often."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor import documents
from monitor.alerts.maintenance import Maintenance
from monitor.alerts.monthly import Monthly
from monitor.alerts.muting import Mute
from monitor.alerts.notify_shapes import MuteShape, NotifyFile, ReceiverShape, RotaShape, RouteShape, TargetShape
from monitor.alerts.rotas import DAYS, Override, Rota
from monitor.alerts.routes import Escalation, Receiver, Route, Routes, Webhook
from monitor.documents import Document, Path_
from monitor.errors import FileProblems, Problem
from monitor.rules.answer import LEVELS


def load(path: Path, *, secrets: Path | None = None) -> Routes:
    """Read notify.yaml; a missing or empty file has no receivers; raise FileProblems with every mistake.

    `secrets`: the folder from which the names of secret files count; its own, unless it is a copy.
    """
    return Routes() if not path.exists() else parse(documents.read(path), secrets=secrets)


def parse(document: Document, *, secrets: Path | None = None) -> Routes:
    """The same for a file at hand."""
    file = documents.validate(document, NotifyFile)
    rotas = {name: _rota(shape) for name, shape in file.rotas.items()}
    held, unreadable = _secrets(document, file, secrets or Path(document.file).parent)
    if problems := [
        *_targets(document, file),
        *_rotas(document, file, rotas),
        *_maintenance(document, file),
        *_reports(document, file),
        *unreadable,
    ]:
        raise FileProblems(problems)
    receivers = {name: _receiver(name, shape, held) for name, shape in file.receivers.items()}
    for name, rota in rotas.items():
        receivers[name] = Receiver(name, rota.everybody, file.rotas[name].language, rota)
    default = _route(file.default) if file.default else None
    maintenance = tuple(
        Maintenance(each.name, {name: tuple(globs) for name, globs in each.match.items()}, _windows(each.windows))
        for each in file.maintenance
    )
    reports = tuple(Monthly(each.to, tuple(each.site), each.day, each.at) for each in file.reports)
    return Routes(receivers, tuple(_route(shape) for shape in file.routes), default, maintenance, reports)


def _receiver(name: str, shape: ReceiverShape, secrets: Mapping[Path_, str]) -> Receiver:
    chat = shape.apprise or secrets.get(("receivers", name, "apprise_file"), "")
    signature = secrets.get(("receivers", name, "webhook", "secret_file"), "")
    webhook = Webhook(shape.webhook.url, signature) if shape.webhook else None
    others = (f"webhook:{name}" if webhook else "", f"apprise:{name}" if chat else "")
    addresses = (*shape.mail, *filter(None, others))
    return Receiver(name, addresses, shape.language, webhook=webhook, apprise=chat)


def _secrets(document: Document, file: NotifyFile, folder: Path) -> tuple[dict[Path_, str], list[Problem]]:
    """By their place what the secret files, whose names count from `folder`, hold."""
    named: dict[Path_, str] = {}
    for name, shape in file.receivers.items():
        named["receivers", name, "webhook", "secret_file"] = shape.webhook.secret_file if shape.webhook else ""
        named["receivers", name, "apprise_file"] = shape.apprise_file
    secrets: dict[Path_, str] = {}
    problems = []
    for place, written in named.items():
        if not written:
            continue
        path = folder / written
        try:
            secrets[place] = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            problems.append(document.problem(place, "unreadable", f"{path} cannot be read: {error}"))
    return secrets, problems


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
        mutes=_windows(shape.mute),
        escalations=tuple(Escalation(step.after, step.to) for step in shape.escalate),
    )


def _windows(shapes: Iterable[MuteShape]) -> tuple[Mute, ...]:
    return tuple(
        Mute(ZoneInfo(shape.zone), frozenset(map(DAYS.index, shape.days)), shape.start, shape.end) for shape in shapes
    )


def _rota(shape: RotaShape) -> Rota:
    zone = ZoneInfo(shape.zone)
    weekday, at = shape.handover
    overrides = (Override(_utc(each.start, zone), _utc(each.end, zone), each.who) for each in shape.overrides)
    return Rota(
        zone, weekday, at, tuple(shape.people), shape.start, tuple(sorted(overrides, key=lambda each: each.start))
    )


def _utc(moment: datetime, zone: ZoneInfo) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _targets(document: Document, file: NotifyFile) -> Iterator[Problem]:
    targets: list[tuple[Path_, TargetShape]] = [(("routes", index), route) for index, route in enumerate(file.routes)]
    if file.default:
        targets.append((("default",), file.default))
    elif file.receivers or file.rotas:
        message = "'default' is missing: where alerts go that no route takes; write for example default: {to: noc}"
        yield document.problem((), "missing-key", message)
    for path, target in targets:
        yield from _known(document, file, (*path, "to"), target.to)
        yield from _durations(document, path, target)
        if isinstance(target, RouteShape):
            yield from _levels(document, path, target.match)
        for index, step in enumerate(target.escalate):
            place = (*path, "escalate", index, "to")
            yield from _known(document, file, place, step.to)
            if step.to == target.to:
                message = f"{step.to!r} is told already; name another receiver, or remove the step"
                yield document.problem(place, "escalates-to-itself", message)


def _levels(document: Document, path: Path_, match: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    for level in match.get("level", ()):
        if level not in LEVELS:
            message = f"there is no level {level!r}{documents.nearest(level, LEVELS)}"
            yield document.problem((*path, "match", "level"), "unknown-level", message)


def _maintenance(document: Document, file: NotifyFile) -> Iterator[Problem]:
    for index, each in enumerate(file.maintenance):
        yield from _levels(document, ("maintenance", index), each.match)


def _reports(document: Document, file: NotifyFile) -> Iterator[Problem]:
    for index, each in enumerate(file.reports):
        place = ("reports", index, "to")
        yield from _known(document, file, place, each.to)
        receiver = file.receivers.get(each.to)
        if receiver is not None and not receiver.mail:
            message = f"reports go by mail, and {each.to!r} has no mail address; add one, or name another receiver"
            yield document.problem(place, "no-mail", message)


def _known(document: Document, file: NotifyFile, path: Path_, name: str) -> Iterator[Problem]:
    known = [*file.receivers, *file.rotas]
    if name not in known:
        message = f"there is no receiver {name!r}{documents.nearest(name, known)}"
        yield document.problem(path, "unknown-receiver", message)


def _durations(document: Document, path: Path_, target: TargetShape) -> Iterator[Problem]:
    if target.group_interval <= timedelta(0):
        message = "group_interval: must be longer than 0, else a group would be told at every evaluation"
        yield document.problem((*path, "group_interval"), "duration", message)
    elif target.repeat_interval < target.group_interval:
        message = "repeat_interval: must not be shorter than group_interval, the shortest time between two messages"
        yield document.problem((*path, "repeat_interval"), "duration", message)


def _rotas(document: Document, file: NotifyFile, rotas: dict[str, Rota]) -> Iterator[Problem]:
    for name, rota in rotas.items():
        path: Path_ = ("rotas", name)
        if name in file.receivers:
            message = f"{name!r} is a receiver too; a rota needs a name of its own"
            yield document.problem(path, "duplicate-receiver", message, at_key=True)
        for index, shape in enumerate(file.rotas[name].overrides):
            if _utc(shape.start, rota.zone) >= _utc(shape.end, rota.zone):
                message = "to: must be later than from"
                yield document.problem((*path, "overrides", index, "to"), "empty-override", message)
        for before, after in pairwise(rota.overrides):
            if after.start < before.end:
                message = f"{before.who} and {after.who} stand in at the same time, from {after.start:%Y-%m-%dT%H:%MZ}"
                yield document.problem((*path, "overrides"), "overlapping-overrides", message)
