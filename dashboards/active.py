"""The active alerts as every page counts them, read once a tick however many browsers ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from dashboards.sources import Service
from monitor.alerts.model import Alert
from monitor.rules.answer import Level
from monitor.state.alerts import AlertStore

WORST = 500
NEWEST = 5


@dataclass(frozen=True)
class ActiveAlerts:
    """Counts of all of them, and the worst WORST as values."""

    worst: tuple[Alert, ...]
    by_site: Mapping[str, Mapping[Level, int]]
    firing: Mapping[Level, int]
    pending: int

    @cached_property
    def worst_at(self) -> Mapping[str, Sequence[Alert]]:
        """The worst ones by site."""
        found: dict[str, list[Alert]] = {}
        for alert in self.worst:
            found.setdefault(alert.place.site, []).append(alert)
        return found

    @cached_property
    def criticals(self) -> Sequence[int]:
        """The numbers of the critical ones that fire; none where there are more than WORST: nobody counts them then."""
        if self.firing.get("critical", 0) > WORST:
            return ()
        return [alert.id for alert in self._critical]

    @cached_property
    def newest_criticals(self) -> Sequence[Alert]:
        """The last ones of them to fire."""
        return sorted(self._critical, key=lambda alert: alert.firing_at or alert.pending_at, reverse=True)[:NEWEST]

    @property
    def _critical(self) -> Sequence[Alert]:
        return [alert for alert in self.worst if alert.state == "firing" and alert.level == "critical"]

    @property
    def count(self) -> int:
        """Firing and pending ones."""
        return sum(self.firing.values()) + self.pending


def active_alerts(source: Service) -> ActiveAlerts:
    """As of the newest tick: nothing else changes an alert."""
    return _of_tick(source.alerts, source.ticks.count)


@lru_cache(maxsize=2)
def _of_tick(store: AlertStore, tick: int) -> ActiveAlerts:  # noqa: ARG001 - the tick is what the cache goes by
    counts = store.counts()
    return ActiveAlerts(tuple(store.worst(limit=WORST)), store.firing_by_site(), counts.firing, counts.pending)
