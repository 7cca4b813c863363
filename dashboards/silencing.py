"""Silences as pages make them: what is muted at the moment, and what a new one would hide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboards import answering
from dashboards.active import active_alerts
from dashboards.language import gettext, ngettext
from dashboards.sources import Service
from monitor.alerts.model import Alert
from monitor.alerts.responses import Breadth, Silence, matching

SHOWN = 3
"""Alerts that a silence hides, by name; beyond, it counts."""


@dataclass(frozen=True)
class Preview:
    """What a silence would hide of what is active now; `matchers` also say what it hides of what is to come."""

    breadth: Breadth
    matchers: Mapping[str, Sequence[str]]
    hides: str
    hidden: Sequence[Alert]
    more: int


def muting(source: Service) -> list[Silence]:
    """The silences in force."""
    now = source.now()
    return [silence for silence in source.responses.silences(now=now, limit=500) if silence.holds(now)]


def preview(source: Service, alert: Alert, breadth: Breadth) -> Preview:
    """Of a silence that is made from an alert."""
    now, matchers = source.now(), matching(alert, breadth)
    hides, hidden = hidden_by(source, Silence(0, matchers, "", "", now, now, now + answering.LASTS))
    return Preview(breadth, matchers, hides, hidden[:SHOWN], max(len(hidden) - SHOWN, 0))


def hidden_by(source: Service, silence: Silence) -> tuple[str, Sequence[Alert]]:
    """How many of the active alerts it mutes, in words, and those of them that are among the worst."""
    active = active_alerts(source)
    hidden = [alert for alert in active.worst if silence.mutes(alert)]
    if not hidden:
        return gettext("nothing at the moment"), ()
    told = ngettext("%(num)s alert", "%(num)s alerts", len(hidden))
    if active.count > len(active.worst):
        told = gettext("%(count)s of the %(worst)s worst", count=told, worst=len(active.worst))
    return told, hidden
