"""Who is on call when: turns of a week, people who stand in, and both changes of the clock."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.rotas import Override, Rota, Shift

STOCKHOLM = ZoneInfo("Europe/Stockholm")
ROTA = Rota(STOCKHOLM, 0, time(9), ("a@x.se", "b@x.se", "c@x.se"), date(2026, 1, 5))


def local(text: str) -> datetime:
    """A moment by the wall clock in Stockholm."""
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2025-12-24T12:00", "a@x.se"),  # before the rota begins somebody is on call too
        ("2026-01-05T09:00", "a@x.se"),
        ("2026-01-12T08:59:59", "a@x.se"),
        ("2026-01-12T09:00", "b@x.se"),
        ("2026-01-26T09:00", "a@x.se"),
        ("2026-03-30T08:59:59", "c@x.se"),  # the night before, the clock was put forward
        ("2026-03-30T09:00", "a@x.se"),
        ("2026-10-26T08:59:59", "c@x.se"),  # and back
        ("2026-10-26T09:00", "a@x.se"),
    ],
    ids=lambda value: value,
)
def test_turns_change_by_the_wall_clock(at: str, who: str) -> None:
    assert ROTA.on_call(local(at)) == who


def test_a_handover_in_the_hour_that_spring_skips_is_when_it_would_have_been() -> None:
    rota = Rota(STOCKHOLM, 6, time(2, 30), ("a", "b"), date(2026, 3, 22))
    moment = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert [rota.on_call(moment - timedelta(seconds=1)), rota.on_call(moment)] == ["a", "b"]


def test_a_start_in_mid_week_makes_the_first_turn_longer() -> None:
    rota = Rota(STOCKHOLM, 0, time(9), ("a", "b"), date(2026, 1, 7))
    assert [rota.on_call(local(f"2026-01-{day}T12:00")) for day in ("08", "13", "20")] == ["a", "a", "b"]


def test_shifts_with_somebody_who_stands_in() -> None:
    eve = Override(local("2026-01-14T09:00"), local("2026-01-20T09:00"), "d@x.se")
    rota = Rota(STOCKHOLM, 0, time(9), ROTA.people, ROTA.first, (eve,))
    shifts = list(rota.shifts(local("2026-01-10T00:00"), local("2026-01-27T00:00")))
    assert shifts == [
        Shift(local("2026-01-10T00:00"), local("2026-01-12T09:00"), "a@x.se"),
        Shift(local("2026-01-12T09:00"), local("2026-01-14T09:00"), "b@x.se"),
        Shift(local("2026-01-14T09:00"), local("2026-01-20T09:00"), "d@x.se", override=True),
        Shift(local("2026-01-20T09:00"), local("2026-01-26T09:00"), "c@x.se"),
        Shift(local("2026-01-26T09:00"), local("2026-01-27T00:00"), "a@x.se"),
    ]
    assert rota.everybody == ("a@x.se", "b@x.se", "c@x.se", "d@x.se")


@st.composite
def rotas(draw: st.DrawFn) -> Rota:
    """Any rota, also one that begins before a change of the clock or of the date line."""
    zone = draw(st.sampled_from(["Europe/Stockholm", "Europe/London", "Pacific/Apia", "America/St_Johns"]))
    at = draw(st.times()).replace(second=0, microsecond=0)
    people = tuple("abcde"[: draw(st.integers(1, 5))])
    return Rota(ZoneInfo(zone), draw(st.integers(0, 6)), at, people, draw(st.dates(date(2012, 1, 1), date(2030, 1, 1))))


@given(rota=rotas(), weeks=st.integers(0, 120))
def test_there_is_always_one_who_is_on_call_and_all_take_turns(rota: Rota, weeks: int) -> None:
    people = rota.people
    start = datetime.combine(rota.first, rota.at, UTC) + timedelta(weeks=weeks)
    shifts = list(rota.shifts(start, start + timedelta(weeks=8)))
    assert (shifts[0].start, shifts[-1].end) == (start, start + timedelta(weeks=8))
    for before, after in pairwise(shifts):
        assert before.end == after.start
        assert (people.index(before.who) + 1) % len(people) == people.index(after.who)
        assert rota.on_call(after.start - timedelta(seconds=1)) == before.who
        local_time = after.start.astimezone(rota.zone)
        assert (
            local_time.weekday() == rota.weekday
            or local_time.utcoffset() != (local_time - timedelta(days=1)).utcoffset()
        )
