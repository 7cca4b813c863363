"""A backtest as one HTML file that stands alone: no script, nothing from elsewhere, names of stations only as text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from monitor.alerts.lifecycle import RANK
from monitor.authoring.backtest.difference import Difference
from monitor.authoring.backtest.episodes import Episode, Found
from monitor.authoring.backtest.summary import NIGHT, Load, Summary
from monitor.authoring.backtest.text import SHOWN
from monitor.units import duration_text

LANES = 40
"""Subjects with a lane of their own in the timeline, those with most episodes."""

WIDTH = 1000
"""Of the timeline, in its own units."""

_MARKS = 12
"""Days or hours that are written under the timeline, at most."""

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Bar:
    """A stretch of a lane."""

    x: float
    width: float
    level: str
    title: str

    @property
    def height(self) -> int:
        """A worse level is higher: colour is not all that tells."""
        return {"critical": 16, "warning": 12, "info": 6}.get(self.level, 14)


@dataclass(frozen=True)
class Lane:
    """A line of the timeline: an alert's subject, or a receiver's mails."""

    label: str
    bars: Sequence[Bar]


def page(found: Found, summary: Summary, changed: Difference | None = None) -> str:
    """The whole file."""
    scale = _Scale(found.start, found.end, summary)
    return _ENVIRONMENT.get_template("report.html.j2").render(
        found=found,
        summary=summary,
        changed=changed,
        lanes=list(_lanes(found, scale)),
        mails=list(_mail_lanes(found, summary, scale)),
        marks=list(scale.marks()),
        width=WIDTH,
        shown=SHOWN,
        hours={name: _hours(load) for name, load in summary.loads.items()},
        local=scale.local,
        lasted=_lasted,
        night=NIGHT,
    )


class _Scale:
    """Times as places on the timeline."""

    def __init__(self, start: datetime, end: datetime, summary: Summary) -> None:
        self._start, self._end, self._zone = start, end, summary.zone

    def x(self, at: datetime) -> float:
        """Where a moment is."""
        part = (at - self._start) / (self._end - self._start)
        return round(WIDTH * min(max(part, 0.0), 1.0), 2)

    def local(self, at: datetime) -> str:
        """A moment as people read it."""
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M:%S}"

    def marks(self) -> Iterator[tuple[float, str]]:
        """Midnights with their day, so many that they can be read; on a short span full hours."""
        days = (self._end - self._start) / timedelta(days=1)
        if days <= 1.5:
            at = self._start.replace(minute=0, second=0, microsecond=0)
            yield from self._every(at, timedelta(hours=max(1, round(24 * days / _MARKS))), "%H:%M")
            return
        midnight = datetime.combine(self._start.astimezone(self._zone).date(), time(), self._zone)
        yield from self._every(midnight, timedelta(days=max(1, round(days / _MARKS))), "%d %b")

    def _every(self, at: datetime, step: timedelta, form: str) -> Iterator[tuple[float, str]]:
        while at <= self._end:
            if at >= self._start:
                yield self.x(at), f"{at.astimezone(self._zone):{form}}"
            at += step


def _lanes(found: Found, scale: _Scale) -> Iterator[Lane]:
    by_subject: dict[str, list[Episode]] = {}
    for episode in found.episodes:
        by_subject.setdefault(episode.subject, []).append(episode)
    noisiest = sorted(by_subject.items(), key=lambda each: (-len(each[1]), each[0]))
    for subject, episodes in noisiest[:LANES]:
        mildest_first = sorted(episodes, key=lambda one: RANK[one.worst_level])
        yield Lane(subject, [_bar(one, found.end, scale) for one in mildest_first])


def _bar(episode: Episode, end: datetime, scale: _Scale) -> Bar:
    begin = scale.x(episode.firing_at)
    title = (
        f"{episode.rule} {episode.subject}, {episode.worst_level}: {scale.local(episode.firing_at)}, {_lasted(episode)}"
    )
    return Bar(begin, max(scale.x(episode.resolved_at or end) - begin, 1.5), episode.worst_level, title)


def _mail_lanes(found: Found, summary: Summary, scale: _Scale) -> Iterator[Lane]:
    for name in summary.loads:
        mails = [mail for mail in found.mails if mail.receiver == name]
        yield Lane(name, [Bar(scale.x(m.at), 1.2, "mail", f"{scale.local(m.at)} {m.subject}") for m in mails[:2000]])


def _hours(load: Load) -> Sequence[Mapping[str, float]]:
    """A bar for each hour of the day: count, and height in percent of the fullest hour."""
    most = max(load.hours.values(), default=1)
    return [
        {"hour": hour, "count": load.hours.get(hour, 0), "height": round(100 * load.hours.get(hour, 0) / most, 1)}
        for hour in range(24)
    ]


def _lasted(episode: Episode) -> str:
    return duration_text(episode.resolved_at - episode.firing_at) if episode.resolved_at else "goes on"
