"""What an alert would send, to whom and when: the production lifecycle and planner, over hours that are still to come.

Pure. Silences, acknowledgements and alerts that exist are not looked at: it tells what the files say.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from monitor.alerts.maintenance import maintained
from monitor.alerts.model import Alert, Message
from monitor.alerts.rotas import Shift
from monitor.alerts.routes import Route, Routes
from monitor.authoring.in_force import InForce
from monitor.authoring.replay import Replay
from monitor.authoring.sample_alert import Sample
from monitor.notify.letter import subject_line
from monitor.rules.answer import Answer, Texts
from monitor.units import duration_text

_ONE: Final = frozenset({1})
"""The number of the only alert there is."""


@dataclass(frozen=True)
class Course:
    """The hours that are played: the condition is true from `start` on, for `lasts` or to the end of `span`.

    `acknowledged_after`: somebody sees to it so long after it became true. `interval` between two evaluations.
    """

    start: datetime
    span: timedelta
    interval: timedelta
    lasts: timedelta | None = None
    acknowledged_after: timedelta | None = None

    def moments(self) -> Iterator[datetime]:
        """Every evaluation."""
        return (self.start + step * self.interval for step in range(self.span // self.interval + 1))

    def truth(self, now: datetime) -> bool:
        """Whether the condition holds."""
        return self.lasts is None or now - self.start < self.lasts

    def acknowledged(self, now: datetime) -> bool:
        """Whether somebody sees to it."""
        return self.acknowledged_after is not None and now - self.start >= self.acknowledged_after


@dataclass(frozen=True)
class Foretold:
    """A message that would be sent: when, to whom, its subject line, and why then."""

    at: datetime
    receiver: str
    address: str
    kind: str
    subject: str
    why: str


@dataclass(frozen=True)
class Way:
    """A route that takes the alert, and the stretches in which it is muted; `name` as people count routes."""

    name: str
    route: Route
    muted: tuple[tuple[datetime, datetime], ...] = ()


@dataclass(frozen=True)
class Forecast:
    """Everything that would happen. `turns`: who is on call when, by rota, of those that are told.

    `maintained`: the maintenance windows in which it is not told while it fires, by name.
    """

    sample: Sample
    course: Course
    firing_at: datetime | None
    resolved_at: datetime | None
    ways: tuple[Way, ...]
    turns: Mapping[str, tuple[Shift, ...]]
    maintained: tuple[tuple[str, datetime, datetime], ...]
    messages: tuple[Foretold, ...]


@dataclass
class _Play:
    """What there has been so far."""

    alert: Alert | None = None
    messages: list[Foretold] = field(default_factory=list)
    muted: list[tuple[datetime, frozenset[str]]] = field(default_factory=list)
    """Names of the ways that were muted, at every evaluation while it fired."""
    maintained: list[tuple[datetime, str]] = field(default_factory=list)
    """Name of the maintenance under way, or "", at each of them."""


def foretell(sample: Sample, files: InForce, course: Course) -> Forecast:
    """Let the sample become true at `course.start` and see what is sent."""
    play, ways = _Play(), _ways(sample, files.routes, course.start)
    replay = Replay([sample.policy], lambda _: _texts(sample), files.routes, files.register, course.interval)
    for now in course.moments():
        over = play.alert is not None and not play.alert.active
        answers = () if over else (_answer(sample, course, now),)
        messages = replay.take(now, answers, {}, _ONE if course.acknowledged(now) else frozenset())
        play.alert = replay.latest.get((sample.policy.rule, sample.place.subject))
        if play.alert is None or play.alert.firing_at is None:
            continue
        muted = frozenset(way.name for way in ways if way.route.muted(now))
        for message in messages:
            play.messages.append(_foretold(message, now, play, ways, files.routes))
        under_way = maintained([play.alert], files.routes.maintenance, now).get(play.alert.id)
        play.muted.append((now, muted))
        play.maintained.append((now, under_way.name if under_way else ""))
        if not replay.busy:
            break
    told = {way.route.to for way in ways} | {step.to for way in ways for step in way.route.escalations}
    rotas = {name: files.routes.receivers[name].rota for name in sorted(told)}
    end = course.start + course.span
    return Forecast(
        sample=sample,
        course=course,
        firing_at=play.alert.firing_at if play.alert else None,
        resolved_at=play.alert.resolved_at if play.alert else None,
        ways=tuple(
            replace(
                way, muted=tuple(_stretches([(at, way.name in names) for at, names in play.muted], course.interval))
            )
            for way in ways
        ),
        turns={name: tuple(rota.shifts(course.start, end)) for name, rota in rotas.items() if rota},
        maintained=tuple(
            (name, *stretch)
            for name in dict.fromkeys(name for _, name in play.maintained if name)
            for stretch in _stretches([(at, under == name) for at, under in play.maintained], course.interval)
        ),
        messages=tuple(play.messages),
    )


def _alert(sample: Sample, at: datetime) -> Alert:
    return Alert(
        id=1, rule=sample.policy.rule, subject=sample.place.subject, state="firing", level=sample.level,
        labels=sample.policy.labels, pending_at=at,
    )  # fmt: skip


def _ways(sample: Sample, routes: Routes, at: datetime) -> tuple[Way, ...]:
    names = {id(route): f"route {number}" for number, route in enumerate(routes.routes, start=1)}
    return tuple(Way(names.get(id(route), "default"), route) for route in routes.of(_alert(sample, at)))


def _answer(sample: Sample, course: Course, now: datetime) -> Answer:
    truth = course.truth(now)
    level = sample.level if truth else None
    return Answer(sample.policy.rule, sample.place.subject, now, truth, level, not truth)


def _texts(sample: Sample) -> Mapping[str, Texts]:
    titles = sample.rule.title if sample.rule else {"en": sample.policy.rule}
    return {language: Texts(title, "") for language, title in titles.items()}


def _foretold(message: Message, now: datetime, play: _Play, ways: Sequence[Way], routes: Routes) -> Foretold:
    why = _why(message, play, ways, routes)
    return Foretold(now, message.receiver, message.address, message.kind, subject_line(message), why)


def _why(message: Message, play: _Play, ways: Sequence[Way], routes: Routes) -> str:
    """Why this message is due now, in the words of notify.yaml."""
    way = next((way for way in ways if way.route.to == message.receiver), None)
    if message.kind == "resolved":
        return "it has resolved, and this address was told that it fires"
    if message.kind == "repeat":
        repeat = (way or ways[0]).route.repeat_interval
        return f"it still fires and nobody sees to it, repeat_interval {duration_text(repeat)}"
    rota = routes.receivers[message.receiver].rota
    if rota and any(each.receiver == message.receiver for each in play.messages):
        return "the turn of this person has begun"
    if over := _over(play, way):
        return f"{over} is over"
    if way is None:
        steps = ((step, each.name) for each in ways for step in each.route.escalations if step.to == message.receiver)
        step, name = next(steps)
        return f"nobody has acknowledged it for {duration_text(step.after)}, escalation of {name}"
    return f"{way.name} takes it, group_wait {duration_text(way.route.group_wait)}"


def _over(play: _Play, way: Way | None) -> str:
    """What kept it from being told until now; "" for nothing."""
    if play.muted and way and way.name in play.muted[-1][1]:
        return "the mute window"
    name = play.maintained[-1][1] if play.maintained else ""
    return f"the maintenance {name!r}" if name else ""


def _stretches(held: Sequence[tuple[datetime, bool]], interval: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """From when to when it held, of what did or did not at each evaluation."""
    for holds, run in groupby(held, key=lambda each: each[1]):
        moments = [at for at, _ in run]
        if holds:
            yield moments[0], moments[-1] + interval
