"""Reports of a month by mail: to whom, of which sites, and since when one is due. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Monthly:
    """The report of each site that one of `sites` (globs) names, from the `day` of the next month at `at` on, by the
    site's clock.
    """

    to: str
    sites: tuple[str, ...] = ("*",)
    day: int = 1
    at: time = time(7)

    def of(self, sites: Iterable[str]) -> Iterator[str]:
        """Those of the sites that it tells of."""
        return (site for site in sites if any(fnmatchcase(site, glob) for glob in self.sites))

    def due(self, now: datetime, zone: ZoneInfo) -> date | None:
        """The first day of the month that is to be told of; None before this month's day has come.

        A report that was missed is not made up for in the month after: nobody waits for it then.
        """
        local = now.astimezone(zone)
        first = local.date().replace(day=1)
        begin = datetime.combine(first.replace(day=self.day), self.at, zone)
        return (first - timedelta(days=1)).replace(day=1) if local >= begin else None
