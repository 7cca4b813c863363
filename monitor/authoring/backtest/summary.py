"""A backtest counted: mails by receiver and day and hour, episodes by rule and site, the noisiest subjects."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from monitor.authoring.backtest.episodes import Found, Mail

NIGHT = frozenset({22, 23, 0, 1, 2, 3, 4, 5})
"""Hours of the day that begin while people sleep."""

NOISIEST = 10


@dataclass(frozen=True)
class Load:
    """The mails of one receiver, by local day and hour of the day. Each address of it counts for itself."""

    total: int
    at_night: int
    days: Mapping[date, int]
    hours: Mapping[int, int]

    @property
    def worst_day(self) -> tuple[date, int]:
        """The day with the most mails; the first of several."""
        return min(self.days.items(), key=lambda each: (-each[1], each[0]))


@dataclass(frozen=True)
class Summary:
    """Counts of a backtest; days and hours are of `zone`."""

    zone: ZoneInfo
    loads: Mapping[str, Load]
    by_rule: Mapping[str, int]
    by_site: Mapping[str, int]
    noisiest: tuple[tuple[str, int], ...]


def summed(found: Found, zone: ZoneInfo) -> Summary:
    """Rules that never fired are in `by_rule` with 0."""
    by_rule = Counter({rule.id: 0 for rule in found.rules})
    by_rule.update(episode.rule for episode in found.episodes)
    subjects = Counter(episode.subject for episode in found.episodes)
    return Summary(
        zone=zone,
        loads={name: _load(found, name, zone) for name in sorted({mail.receiver for mail in found.mails})},
        by_rule=dict(by_rule.most_common()),
        by_site=dict(Counter(episode.site for episode in found.episodes).most_common()),
        noisiest=tuple(sorted(subjects.items(), key=lambda each: (-each[1], each[0]))[:NOISIEST]),
    )


def too_many(summary: Summary, most: int) -> list[tuple[str, date, int]]:
    """Receivers and days with more mails than `most`."""
    return [
        (name, day, count) for name, load in summary.loads.items() for day, count in load.days.items() if count > most
    ]


def _load(found: Found, receiver: str, zone: ZoneInfo) -> Load:
    moments = [_local(mail, zone) for mail in found.mails if mail.receiver == receiver]
    hours = Counter(moment.hour for moment in moments)
    return Load(
        total=len(moments),
        at_night=sum(count for hour, count in hours.items() if hour in NIGHT),
        days=dict(sorted(Counter(moment.date() for moment in moments).items())),
        hours=dict(sorted(hours.items())),
    )


def _local(mail: Mail, zone: ZoneInfo) -> datetime:
    return mail.at.astimezone(zone)
