"""What people say to alerts: acknowledgements stop repeats, silences mute messages. Values are frozen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from monitor.alerts.matching import matches
from monitor.alerts.model import Alert

Breadth = Literal["place", "site", "all"]
"""How much a silence made from an alert mutes: its rule at its place, its rule on its site, everything on its site."""


@dataclass(frozen=True)
class Acknowledgement:
    """Somebody sees to an alert. Counts until the alert resolves, `until` (None: no end), or it is withdrawn."""

    id: int
    alert: int
    by: str
    at: datetime
    until: datetime | None = None
    assignee: str = ""
    ticket: str = ""
    comment: str = ""
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""

    def holds(self, now: datetime) -> bool:
        """Whether it counts at `now`, as far as it goes by itself."""
        return self.withdrawn_at is None and (self.until is None or now < self.until)


@dataclass(frozen=True)
class Silence:
    """Alerts that match are not told of from `starts_at` until `ends_at`.

    `matchers`: label, place, `rule`, `level` or `subject` -> globs, of which one has to match; all names have to.
    """

    id: int
    matchers: Mapping[str, tuple[str, ...]]
    author: str
    reason: str
    created_at: datetime
    starts_at: datetime
    ends_at: datetime

    def holds(self, now: datetime) -> bool:
        """Whether it mutes at `now`."""
        return self.starts_at <= now < self.ends_at

    def mutes(self, alert: Alert) -> bool:
        """Whether the alert is one of those that it is about; one without matchers is about none."""
        return bool(self.matchers) and matches(alert, self.matchers)


def matching(alert: Alert, breadth: Breadth = "place") -> dict[str, tuple[str, ...]]:
    """The matchers of a silence that is made from an alert; names are taken literally: a station may be `[1]*`."""
    rule: dict[str, tuple[str, ...]] = {"rule": (_literally(alert.rule),)}
    site: dict[str, tuple[str, ...]] = {"site": (_literally(alert.place.site),)}
    match breadth:
        case "place":
            return rule | {"subject": (_literally(alert.subject),)}
        case "site":
            return rule | site
        case "all":
            return site


def _literally(text: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)


def silenced(alerts: Iterable[Alert], silences: Sequence[Silence]) -> dict[int, int]:
    """The number of each alert that is muted and of the first silence that does it."""
    found: dict[int, int] = {}
    for alert in alerts if silences else ():
        by = next((silence.id for silence in silences if silence.mutes(alert)), None)
        if by is not None:
            found[alert.id] = by
    return found
