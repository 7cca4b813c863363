"""What a person decides in place of what was measured: the periods follow, and their sum is the energy."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import InputError
from monitor.sessions.correction import Correction, corrected
from monitor.sessions.fingerprint import fingerprint
from tests.state.visits import NOON, visit


def after(minutes: float) -> Any:
    return NOON + timedelta(minutes=minutes)


def shape(session: Any) -> list[tuple[str, float, float, float]]:
    minute = timedelta(minutes=1)
    return [(p.kind, (p.start - NOON) / minute, (p.end - NOON) / minute, p.energy_wh) for p in session.periods]


def test_the_energy_is_spread_as_it_was_measured() -> None:
    assert shape(corrected(visit(), Correction(energy_wh=8_000.0))) == [
        ("charging", 0, 60, 8_000.0), ("parking", 60, 90, 0.0),
    ]  # fmt: skip


def test_an_earlier_stop_makes_the_rest_parking() -> None:
    assert shape(corrected(visit(), Correction(stopped=after(45)))) == [
        ("charging", 0, 45, 10_000.0), ("parking", 45, 60, 0.0), ("parking", 60, 90, 0.0),
    ]  # fmt: skip


def test_an_earlier_end_cuts_and_a_later_one_stretches() -> None:
    assert shape(corrected(visit(), Correction(plug_out=after(75)))) == [
        ("charging", 0, 60, 10_000.0), ("parking", 60, 75, 0.0),
    ]  # fmt: skip
    assert shape(corrected(visit(), Correction(plug_out=after(120))))[-1] == ("parking", 90, 120, 0.0)


def test_energy_that_was_never_measured_flows_while_it_charged() -> None:
    found = corrected(visit(kwh=None), Correction(energy_wh=6_000.0))
    assert shape(found) == [("charging", 0, 60, 6_000.0), ("parking", 60, 90, 0.0)]
    assert found.average_power_w == 6_000.0
    bare = corrected(visit(periods=(), started=None), Correction(started=after(10), energy_wh=5_000.0))
    assert shape(bare) == [("charging", 10, 60, 5_000.0), ("parking", 60, 90, 0.0)]


@pytest.mark.parametrize(
    ("correction", "message"),
    [
        (Correction(), "nothing is corrected"),
        (Correction(energy_wh=-1.0), "below 0"),
        (Correction(plug_out=after(-5)), "end before it starts"),
        (Correction(plug_out=after(3_000)), "more than a day after"),
    ],
    ids=["nothing", "negative", "order", "too late"],
)
def test_what_cannot_be_meant_is_refused(correction: Correction, message: str) -> None:
    with pytest.raises(InputError, match=message):
        corrected(visit(), correction)


MINUTES = st.one_of(st.none(), st.integers(0, 200).map(after))


@given(st.one_of(st.none(), st.integers(0, 10**8).map(lambda mwh: mwh / 1000)), MINUTES, MINUTES, MINUTES)
def test_the_periods_are_whole_and_sum_to_the_energy(energy: Any, started: Any, stopped: Any, plug_out: Any) -> None:
    correction = Correction(energy, started, stopped, plug_out)
    try:
        found = corrected(visit(), correction)
    except InputError:
        return
    assert abs(sum(period.energy_wh for period in found.periods) - (found.energy_wh or 0)) < 0.01
    assert all(one.end == other.start for one, other in zip(found.periods, found.periods[1:], strict=False))
    if found.periods:
        assert found.periods[0].start == found.started
        assert found.periods[-1].end == found.plug_out
    assert not any(p.kind == "charging" and found.stopped and p.end > found.stopped for p in found.periods)
    assert corrected(visit(), correction) == found


def test_the_fingerprint_is_of_what_a_bill_rests_on() -> None:
    same = fingerprint(visit(peak_power_w=5.0, soc_in=3.0, flags=frozenset({"late"}), user=None))
    assert same == fingerprint(visit())
    others = [visit(kwh=10.001), visit(flags=frozenset({"clock_skew"})), visit(group="staff"), visit(stopped=None)]
    assert len({same, *map(fingerprint, others)}) == 5


def test_a_reading_more_in_the_middle_changes_no_fingerprint() -> None:
    charging, parking = visit().periods
    cut = after(40)
    halves = (
        replace(charging, end=cut, energy_wh=6_666.667, soc=55.0), replace(charging, start=cut, energy_wh=3_333.333),
    )  # fmt: skip
    assert fingerprint(visit(periods=(*halves, parking))) == fingerprint(visit())
    uneven = (replace(halves[0], energy_wh=9_000.0), replace(halves[1], energy_wh=1_000.0))
    assert fingerprint(visit(periods=(*uneven, parking))) != fingerprint(visit())
