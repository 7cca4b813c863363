"""A forecast as text for a terminal, and as JSON."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from monitor.alerts.oncall import shift_row
from monitor.alerts.routes import Route
from monitor.authoring.foretelling import Forecast, Way
from monitor.units import duration_text


def lines(forecast: Forecast, zone: ZoneInfo) -> Iterator[str]:
    """What the alert is, who takes it, and every message with its reason; times in `zone`."""
    sample, course = forecast.sample, forecast.course

    def local(at: datetime) -> str:
        return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M:%S}"

    labels = " ".join(f"{name}={value}" for name, value in sample.policy.labels.items())
    yield f"sample: {sample.policy.rule} at {sample.place.subject}, {sample.level}{f' ({labels})' if labels else ''}"
    fires = f"fires {local(forecast.firing_at)}" if forecast.firing_at else "does not fire"
    yield f"  true from {local(course.start)}, {fires} (for: {duration_text(sample.policy.hold_for)}); times in {zone}"
    if forecast.resolved_at:
        kept = duration_text(sample.policy.keep_firing_for)
        yield f"  resolves {local(forecast.resolved_at)} (keep_firing_for: {kept})"
    if sample.policy.inhibited_by:
        yield f"  not told while one of these fires there or above: {', '.join(sample.policy.inhibited_by)}"
    for way in forecast.ways:
        yield f"  {_said(way)}"
        yield from (f"    muted {local(start)} to {local(end)}" for start, end in way.muted)
    for name, start, end in forecast.maintained:
        yield f"  not told during the maintenance {name!r}: {local(start)} to {local(end)}"
    for name, shifts in forecast.turns.items():
        turns = ", then ".join(f"{shift.who} until {local(shift.end)}" for shift in shifts)
        yield f"  {name}: {turns}"
    for message in forecast.messages:
        yield f"{local(message.at)}  {message.receiver} <{message.address}>  {message.subject}"
        yield f"{'':<23}  {message.why}"
    if not forecast.messages:
        yield f"nobody is told of it: {_silence(forecast)}"


def document(forecast: Forecast, zone: ZoneInfo) -> dict[str, Any]:
    """The same for programs; `monitor.cells.jsonable` gives times and durations their form."""
    sample = forecast.sample
    return {
        "rule": sample.policy.rule,
        "subject": sample.place.subject,
        "level": sample.level,
        "labels": dict(sample.policy.labels),
        "zone": zone.key,
        "true_at": forecast.course.start,
        "until": forecast.course.start + forecast.course.span,
        "firing_at": forecast.firing_at,
        "resolved_at": forecast.resolved_at,
        "inhibited_by": sample.policy.inhibited_by,
        "routes": [_route(way) for way in forecast.ways],
        "turns": {name: [shift_row(shift) for shift in shifts] for name, shifts in forecast.turns.items()},
        "maintained": [{"name": name, "from": start, "to": end} for name, start, end in forecast.maintained],
        "messages": [dict(vars(message)) for message in forecast.messages],
        "silent_because": "" if forecast.messages else _silence(forecast),
    }


def _route(way: Way) -> dict[str, Any]:
    route = way.route
    return {
        "name": way.name,
        "to": route.to,
        "match": {name: list(globs) for name, globs in route.match.items()},
        "group_by": route.group_by,
        "group_wait_s": route.group_wait,
        "group_interval_s": route.group_interval,
        "repeat_interval_s": route.repeat_interval,
        "escalations": [{"after_s": step.after, "to": step.to} for step in route.escalations],
        "muted": [{"from": start, "to": end} for start, end in way.muted],
    }


def _said(way: Way) -> str:
    route = way.route
    timers = ", ".join(
        f"{name} {duration_text(getattr(route, name))}" for name in ("group_wait", "group_interval", "repeat_interval")
    )
    grouped = ", ".join(route.group_by) or "nothing"
    return f"{way.name}{_match(route)} to {route.to}: grouped by {grouped}, {timers}{_steps(route)}"


def _match(route: Route) -> str:
    match = ", ".join(f"{name}: {' or '.join(globs)}" for name, globs in route.match.items())
    return f" ({match})" if match else ""


def _steps(route: Route) -> str:
    return "".join(
        f"; after {duration_text(step.after)} without acknowledgement also {step.to}" for step in route.escalations
    )


def _silence(forecast: Forecast) -> str:
    if forecast.firing_at is None:
        return "it does not hold for as long as the rule wants"
    if not forecast.ways and forecast.sample.level == "info":
        return "level info is told only where a route's match names it"
    if not forecast.ways:
        return "notify.yaml has no route for it and no default"
    if forecast.maintained:
        return f"the maintenance {forecast.maintained[0][0]!r} is under way"
    if all(way.muted for way in forecast.ways):
        return "its routes are muted"
    return "it is over, or the hours are, before its group's group_wait is"
