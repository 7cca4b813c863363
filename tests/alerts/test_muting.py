"""When a route says nothing: weekdays and times of day by the wall clock of a zone."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from monitor.alerts.muting import Mute

ZONE = ZoneInfo("Europe/Stockholm")
NIGHTS = Mute(ZONE, frozenset({5, 6}), time(22), time(6))
WORK = Mute(ZONE, frozenset(range(5)), time(8), time(17))
SUNDAYS = Mute(ZONE, frozenset({6}), time(0), time(0))
EARLY = Mute(ZONE, frozenset(range(7)), time(2), time(3))

CASES = [
    (NIGHTS, "2026-06-06T21:59", False),
    (NIGHTS, "2026-06-06T22:00", True),  # Saturday
    (NIGHTS, "2026-06-06T05:00", False),  # began on Friday
    (NIGHTS, "2026-06-08T05:59", True),  # began on Sunday
    (NIGHTS, "2026-06-08T06:00", False),
    (WORK, "2026-06-05T08:00", True),
    (WORK, "2026-06-05T17:00", False),
    (WORK, "2026-06-06T12:00", False),
    (SUNDAYS, "2026-06-07T00:00", True),
    (SUNDAYS, "2026-06-07T23:59", True),
    (SUNDAYS, "2026-06-08T00:00", False),
]


@pytest.mark.parametrize(("mute", "at", "muted"), CASES, ids=[at for _, at, _ in CASES])
def test_a_mute_by_the_wall_clock(mute: Mute, at: str, muted: bool) -> None:
    assert mute.holds(datetime.fromisoformat(at).replace(tzinfo=ZONE).astimezone(UTC)) is muted


def test_a_clock_that_is_put_back_passes_the_hour_twice_and_put_forward_not_at_all() -> None:
    october = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (-1 % 24, 0, 1, 2)]
    assert [EARLY.holds(at) for at in october] == [False, True, True, False]
    march = [datetime(2026, 3, 29, hour, 30, tzinfo=UTC) for hour in (0, 1, 2)]
    assert [EARLY.holds(at) for at in march] == [False, False, False]
