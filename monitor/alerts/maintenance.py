"""Maintenance that comes again: times by the wall clock at which alerts of a place or rule are not told. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.alerts.matching import matches
from monitor.alerts.model import Alert
from monitor.alerts.muting import Mute


@dataclass(frozen=True)
class Maintenance:
    """Alerts that match are not told while one of `windows` holds; `name` says what is done then.

    `match`: as of a silence, which this is, again and again: what still fires when it ends is told then, and the end of
    what was told before it is told in it too.
    """

    name: str
    match: Mapping[str, tuple[str, ...]]
    windows: tuple[Mute, ...]

    def holds(self, now: datetime) -> bool:
        """Whether it is under way at `now`."""
        return any(window.holds(now) for window in self.windows)


def maintained(alerts: Iterable[Alert], maintenance: Sequence[Maintenance], now: datetime) -> dict[int, Maintenance]:
    """The number of each alert that is not told for the maintenance under way, and the first that it is."""
    under_way = [each for each in maintenance if each.holds(now)]
    found: dict[int, Maintenance] = {}
    for alert in alerts if under_way else ():
        by = next((each for each in under_way if matches(alert, each.match)), None)
        if by is not None:
            found[alert.id] = by
    return found
