"""Times at which a route tells nothing: by weekday and time of day, in an IANA zone. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Mute:
    """On `days` (0 is Monday) from `start` to before `end`, by the wall clock of `zone`.

    An `end` that is not after `start` is on the next day: `days` are those on which it begins. So from 22:00 to 06:00
    on Saturday lasts until Sunday morning, and from 00:00 to 00:00 is the whole day.
    """

    zone: ZoneInfo
    days: frozenset[int]
    start: time
    end: time

    def holds(self, now: datetime) -> bool:
        """Whether it holds at `now`; in the hour that autumn repeats, both times."""
        local = now.astimezone(self.zone)
        today, clock = local.weekday() in self.days, local.time()
        if self.start < self.end:
            return today and self.start <= clock < self.end
        yesterday = (local.date() - timedelta(days=1)).weekday() in self.days
        return (today and clock >= self.start) or (yesterday and clock < self.end)
