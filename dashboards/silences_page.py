"""What the page of silences shows: the oldest first, because those are the ones that are forgotten; what they hide."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.active import active_alerts
from dashboards.language import gettext, ngettext
from dashboards.sources import Service
from monitor.alerts.model import Alert
from monitor.alerts.responses import Silence

SHOWN = 3
"""Alerts that a silence hides, by name; beyond, it counts."""


@dataclass(frozen=True)
class Hiding:
    """One silence that is not over, and the alerts of which it lets nobody hear at the moment."""

    silence: Silence
    hides: str
    hidden: Sequence[Alert]


@dataclass(frozen=True)
class SilencesPage:
    """Those that are not over, the oldest first; and the last ones that are, the newest first."""

    current: list[Hiding]
    past: list[Silence]


def silences_page(source: Service) -> SilencesPage:
    """As of now; hidden alerts are looked for among the worst ones."""
    now = source.now()
    current = sorted(source.responses.silences(now=now, limit=500), key=lambda silence: silence.id)
    here = {silence.id for silence in current}
    past = [silence for silence in source.responses.silences(limit=100) if silence.id not in here]
    return SilencesPage([_hiding(source, silence) for silence in current], past)


def _hiding(source: Service, silence: Silence) -> Hiding:
    if not silence.holds(source.now()):
        return Hiding(silence, gettext("not yet in force"), ())
    active = active_alerts(source)
    hidden = [alert for alert in active.worst if silence.mutes(alert)]
    if not hidden:
        return Hiding(silence, gettext("nothing at the moment"), ())
    told = ngettext("%(num)s alert", "%(num)s alerts", len(hidden))
    if active.count > len(active.worst):
        told = gettext("%(count)s of the %(worst)s worst", count=told, worst=len(active.worst))
    return Hiding(silence, told, hidden[:SHOWN])
