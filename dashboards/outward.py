"""What anybody may see, where the settings allow it: how many connectors of a registered site work; nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from dashboards import formats
from dashboards.freshness import freshness
from dashboards.language import gettext
from dashboards.sources import Service
from monitor.insight import rollup
from monitor.insight.local_time import date_of, day_of
from monitor.insight.picture import Standing
from monitor.state.insight import Chosen

UPTIME_DAYS = 30
BROKEN: tuple[Standing, ...] = ("faulted", "unavailable", "offline")
CHARACTER = 7
"""Pixels of a character of the badge's font, on average and generously."""

Colour = Literal["good", "fair", "bad", "unknown"]


@dataclass(frozen=True)
class PublicSite:
    """Connectors of one site by what a driver wants to know; all unknown where the service knows nothing new."""

    name: str
    free: int
    in_use: int
    broken: int
    unknown: int
    uptime: float | None = None

    @property
    def colour(self) -> Colour:
        """Good: all work of which anything is known; bad: less than half."""
        working, known = self.free + self.in_use, self.free + self.in_use + self.broken
        if not known:
            return "unknown"
        return "good" if not self.broken else "fair" if 2 * working >= known else "bad"

    @property
    def told(self) -> str:
        """`3 of 4 free`, or what is wrong."""
        known = self.free + self.in_use + self.broken
        if not known:
            return gettext("unknown")
        if self.broken == known:
            return gettext("out of service")
        return gettext("%(free)s of %(all)s free", free=formats.number(self.free), all=formats.number(known))


@dataclass(frozen=True)
class Badge:
    """Two boxes with a text each; widths in pixels."""

    left: str
    right: str
    left_width: int
    right_width: int
    colour: Colour


@dataclass(frozen=True)
class PublicPage:
    """Every registered site by name."""

    operator: str
    at: datetime | None
    sites: Sequence[PublicSite]


def public_site(source: Service, key: str) -> PublicSite | None:
    """One site as of the newest tick; None where the register has none of this key."""
    site = source.register.file.sites.get(key)
    if site is None:
        return None
    there = [plug for station in site.stations.values() for plug in station.connectors.values() if not plug.retired]
    picture = source.picture
    found = rollup.sites(picture).get(key) if picture is not None and freshness(source).current else None
    if found is None:
        return PublicSite(site.name or key, 0, 0, 0, len(there))
    in_use = found.counts["charging"] + found.counts["occupied"]
    broken = sum(found.counts[standing] for standing in BROKEN)
    return PublicSite(site.name or key, found.counts["available"], in_use, broken, found.counts["unknown"])


def badge(site: PublicSite) -> Badge:
    """As wide as its texts."""
    left, right = site.name, site.told
    return Badge(left, right, CHARACTER * len(left) + 16, CHARACTER * len(right) + 16, site.colour)


def public_page(source: Service) -> PublicPage:
    """All registered sites, with the uptime of the last UPTIME_DAYS whole days and today."""
    uptimes = _uptimes(source)
    sites = [
        replace(site, uptime=uptimes.get(key))
        for key in source.register.file.sites
        if (site := public_site(source, key)) is not None
    ]
    at = source.picture.at if source.picture else None
    return PublicPage(source.register.file.operator.name, at, sorted(sites, key=lambda each: each.name))


def _uptimes(source: Service) -> dict[str, float | None]:
    zone = source.register.zone("")
    # From a midnight on, so that everybody asks the same.
    first = datetime.combine(date_of(day_of(source.now(), zone) - UPTIME_DAYS), datetime.min.time(), zone)
    rows = source.insight.performance(source.register, "site", Chosen(first), source.now()).rows
    return {row.group.subject: row.figures["uptime"] for row in rows}  # type: ignore[misc]
