"""A backtest as text for a terminal; times in one zone, which is named."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from monitor.authoring.backtest.difference import Difference
from monitor.authoring.backtest.episodes import Episode, Found
from monitor.authoring.backtest.summary import NIGHT, Load, Summary
from monitor.units import duration_text

SHOWN = 200
"""Episodes that are listed; the JSON document has all of them."""

Local = Callable[[datetime], str]


def lines(found: Found, summary: Summary, changed: Difference | None = None) -> Iterator[str]:
    """Everything that the report says."""

    def local(at: datetime) -> str:
        return f"{at.astimezone(summary.zone):%Y-%m-%d %H:%M:%S}"

    yield f"{local(found.start)} to {local(found.end)}, times in {summary.zone.key}"
    for rule, reason in sorted(found.failures.items()):
        yield f"rule {rule} could not be judged at some time: {reason}"
    yield f"{_count(found.episodes, 'episode')}, {_count(found.mails, 'mail')}"
    yield from _listed(found.episodes, local)
    yield from _loads(summary)
    yield "episodes by rule:"
    for rule, count in summary.by_rule.items():
        nearly = found.nearly.get(rule, 0)
        yield f"  {count:>6}  {rule}" + (f" ({nearly} more did not last as long as `for`)" if nearly else "")
    yield from _counts("episodes by site", summary.by_site.items())
    yield from _counts("noisiest", summary.noisiest)
    if changed:
        yield from _changes(changed, local)


def _listed(episodes: Iterable[Episode], local: Local) -> Iterator[str]:
    every = list(episodes)
    for episode in every[:SHOWN]:
        yield f"  {said(episode, local)}"
    if len(every) > SHOWN:
        yield f"  and {len(every) - SHOWN} more; --json has all of them"


def said(episode: Episode, local: Local) -> str:
    """One episode on a line."""
    lasted = f"resolved {local(episode.resolved_at)}" if episode.resolved_at else "goes on"
    span = f" ({duration_text(episode.resolved_at - episode.firing_at)})" if episode.resolved_at else ""
    worst = f"; worst: {episode.worst_text}" if episode.worst_text else ""
    began = f"true {local(episode.pending_at)}, " if episode.pending_at != episode.firing_at else ""
    return (
        f"{episode.rule} {episode.subject} {episode.worst_level}: "
        f"{began}fired {local(episode.firing_at)}, {lasted}{span}{worst}"
    )


def _loads(summary: Summary) -> Iterator[str]:
    if summary.loads:
        nights = f"{min(hour for hour in NIGHT if hour >= 12)} to {max(hour for hour in NIGHT if hour < 12) + 1}"
        yield f"mails by receiver (at night: {nights} o'clock):"
    for name, load in summary.loads.items():
        day, most = load.worst_day
        yield f"  {name}: {load.total}, of which {load.at_night} at night; at most {most} a day ({day})"
        yield "    by day:  " + ", ".join(f"{each:%m-%d} {count}" for each, count in load.days.items())
        yield f"    by hour: {_hours(load)}"


def _hours(load: Load) -> str:
    by_day = ", ".join(f"{hour:02} {count}" for hour, count in load.hours.items() if hour not in NIGHT)
    by_night = ", ".join(f"{hour:02} {count}" for hour, count in load.hours.items() if hour in NIGHT)
    return "; at night ".join([by_day or "none by day", *([by_night] if by_night else [])])


def _counts(title: str, counts: Iterable[tuple[str, int]]) -> Iterator[str]:
    rows = list(counts)
    if rows:
        yield f"{title}:"
    yield from (f"  {count:>6}  {name}" for name, count in rows)


def _changes(changed: Difference, local: Local) -> Iterator[str]:
    yield (
        f"against the other version: {len(changed.new)} new, {len(changed.gone)} gone, {len(changed.earlier)} earlier, "
        f"{len(changed.later)} later, {changed.same} the same"
    )
    for title, episodes in (("new", changed.new), ("gone", changed.gone)):
        for episode in episodes[:SHOWN]:
            yield f"  {title}: {said(episode, local)}"
    for title, moved in (("earlier", changed.earlier), ("later", changed.later)):
        for each in moved[:SHOWN]:
            yield f"  {title}: {said(each.new, local)}; was {local(each.old.firing_at)}"
    for name, (before, now) in changed.mails.items():
        yield f"  mails to {name}: {before} -> {now}"


def _count(things: Iterable[Any], word: str) -> str:
    count = len(list(things))
    return f"{count} {word}{'' if count == 1 else 's'}"
