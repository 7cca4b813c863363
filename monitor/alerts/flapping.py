"""Alerts that come and go: told once as flapping, then quiet until they have calmed down. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from monitor.alerts.model import Alert, Policy
from monitor.rules.answer import Level

TIMES = 4
"""So often an alert fires within its span to be flapping; at most once in a span and it is calm again."""

Key = tuple[str, str]
"""Rule and subject."""

_SHORTEST = timedelta(hours=2)


@dataclass(frozen=True)
class Flapping:
    """A rule and subject that flap; `alert` is the number of the one with which that began, `level` what it had."""

    rule: str
    subject: str
    alert: int
    level: Level

    @property
    def key(self) -> Key:
        """Rule and subject."""
        return self.rule, self.subject


@dataclass(frozen=True)
class Turned:
    """What began to flap and what is calm again, and all that flaps now."""

    new: tuple[Flapping, ...]
    calm: tuple[Flapping, ...]
    now: tuple[Flapping, ...]


def turned(before: Sequence[Flapping], fired: Iterable[Alert], firings: Callable[[Key], int]) -> Turned:
    """`before`: what flapped; `fired`: alerts that begin to fire now; `firings`: how often each fired in its span."""
    known = {one.key for one in before}
    candidates = (Flapping(alert.rule, alert.subject, alert.id, alert.level) for alert in fired)
    new = tuple(one for one in candidates if one.key not in known and firings(one.key) >= TIMES)
    calm = tuple(one for one in before if firings(one.key) <= 1)
    return Turned(new, calm, (*(one for one in before if one not in calm), *new))


def span_of(policy: Policy) -> timedelta:
    """How far back firings are counted: the longer of 2 h and 8 times what one has to hold and to be gone."""
    return max(_SHORTEST, 8 * (policy.hold_for + policy.keep_firing_for))


def quiet(alerts: Iterable[Alert], flapping: Iterable[Flapping]) -> tuple[frozenset[int], frozenset[int]]:
    """Of the alerts those that are told as flapping, and those after them, of which nothing is told."""
    began = {each.key: each.alert for each in flapping}
    told: set[int] = set()
    silent: set[int] = set()
    for alert in alerts:
        first = began.get((alert.rule, alert.subject))
        if first is not None and alert.id >= first:
            (told if alert.id == first else silent).add(alert.id)
    return frozenset(told), frozenset(silent)
