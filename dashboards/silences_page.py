"""What the page of silences shows: the oldest first, because those are the ones that are forgotten; what they hide."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.language import gettext
from dashboards.silencing import SHOWN, hidden_by
from dashboards.sources import Service
from monitor.alerts.model import Alert
from monitor.alerts.responses import Silence


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
    told, hidden = hidden_by(source, silence)
    return Hiding(silence, told, hidden[:SHOWN])
