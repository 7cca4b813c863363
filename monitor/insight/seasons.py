"""Seasons of the year by whole calendar months. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

Season = Literal["winter", "spring", "summer", "autumn"]
MONTHS: Mapping[Season, tuple[int, int, int]] = {
    "winter": (12, 1, 2), "spring": (3, 4, 5), "summer": (6, 7, 8), "autumn": (9, 10, 11),
}  # fmt: skip
"""The meteorological seasons of the northern half of the world."""


def within(season: Season | None, start: datetime, end: datetime, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """The stretches of [start, end) that lie in a season on the clock of `zone`; without a season all of it."""
    if season is None:
        return [(start, end)]
    found: list[tuple[datetime, datetime]] = []
    month = start.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while month < end:
        following = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
        since, until = max(start, month), min(end, following)
        if month.month in MONTHS[season] and since < until:
            if found and found[-1][1] == since:
                since = found.pop()[0]
            found.append((since, until))
        month = following
    return found
