"""Seasons are whole months of a site's clock, also where the time asked for begins in the middle of one."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from monitor.insight.seasons import MONTHS, within

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def local(year: int, month: int, day: int = 1) -> datetime:
    return datetime(year, month, day, tzinfo=STOCKHOLM)


def test_a_winter_over_new_year_is_one_stretch() -> None:
    found = within("winter", local(2025, 3, 10), local(2026, 12, 24), STOCKHOLM)
    assert found == [(local(2025, 12), local(2026, 3)), (local(2026, 12), local(2026, 12, 24))]


def test_it_begins_at_midnight_of_the_site_and_not_of_utc() -> None:
    ((start, end),) = within("summer", datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), STOCKHOLM)
    assert start.astimezone(UTC) == datetime(2026, 5, 31, 22, tzinfo=UTC)
    assert end.astimezone(UTC) == datetime(2026, 8, 31, 22, tzinfo=UTC)


def test_no_part_of_the_time_in_the_season() -> None:
    assert within("spring", local(2026, 6), local(2026, 9), STOCKHOLM) == []
    assert within("spring", local(2026, 4, 2), local(2026, 4, 2), STOCKHOLM) == []


def test_without_a_season_all_of_it() -> None:
    assert within(None, local(2026, 6), local(2026, 9), STOCKHOLM) == [(local(2026, 6), local(2026, 9))]


@pytest.mark.parametrize("zone", ["Europe/Stockholm", "America/New_York", "Asia/Kathmandu"])
def test_the_four_seasons_are_the_whole_time_once(zone: str) -> None:
    start, end = datetime(2024, 2, 3, 4, 5, tzinfo=UTC), datetime(2026, 11, 25, 16, tzinfo=UTC)
    parts = sorted(part for season in MONTHS for part in within(season, start, end, ZoneInfo(zone)))
    assert parts[0][0] == start
    assert parts[-1][1] == end
    assert all(one[1] == other[0] for one, other in pairwise(parts))
