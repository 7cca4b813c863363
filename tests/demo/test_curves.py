"""Laws of the curves: energy is what power makes of time, and a defect of the charger changes no kWh of the car."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.demo.curves import AcLimits, Curve, draw_ac
from monitor.demo.recordings import VOLTS, Recordings

CAR = Curve(power_w=(60_000, 60_000, 30_000), energy_wh=(0.0, 1000.0, 1750.0), soc=(20.0, 22.0, 23.5))


def ac_limits(**changed: object) -> AcLimits:
    values: dict[str, object] = {"amps": 16, "phases": 3, "volts": VOLTS, "offered_a": lambda _: 32.0, **changed}
    return AcLimits(**values)  # type: ignore[arg-type]


def test_between_two_minutes_there_is_a_straight_line() -> None:
    half = CAR.at(90)
    assert (half.power_w, half.energy_wh, half.soc) == (45_000, 1375.0, 22.75)


def test_after_the_end_there_is_no_power_and_no_more_energy() -> None:
    after = CAR.at(10_000)
    assert (after.power_w, after.energy_wh, after.soc) == (0.0, 1750.0, 23.5)


@given(which=st.integers(0, 400), begin=st.integers(0, 3000), lasts=st.integers(0, 4000), share=st.floats(0.1, 1.0))
def test_a_slow_charger_gives_the_same_energy_later(
    recordings: Recordings, which: int, begin: int, lasts: int, share: float
) -> None:
    curve = recordings.dc[which].curve
    slowed = curve.slowed(begin, begin + lasts, share)
    assert slowed.total_wh == curve.total_wh
    assert slowed.duration_s >= curve.duration_s
    assert slowed.peak_w <= curve.peak_w
    assert list(slowed.energy_wh) == sorted(slowed.energy_wh)


def test_a_charger_that_lost_power_shows_it_at_once() -> None:
    steady = Curve((100_000.0,) * 41, tuple(i * 100_000 / 60 for i in range(41)), tuple(20 + i for i in range(41)))
    slowed = steady.slowed(480, 2400, 0.15)
    assert slowed.at(479).power_w > 99_000 * 0.15
    assert slowed.at(600).power_w == pytest.approx(15_000)
    assert slowed.at(2460).power_w == pytest.approx(100_000)


@given(energy_wh=st.floats(500, 60_000), amps=st.sampled_from([6, 10, 16, 32]), phases=st.sampled_from([1, 2, 3]))
def test_an_ac_car_gets_its_energy_at_no_more_than_its_limit(energy_wh: float, amps: int, phases: int) -> None:
    curve = draw_ac(energy_wh, 10**6, ac_limits(amps=amps, phases=phases), tail_s=240)
    assert curve.total_wh == pytest.approx(energy_wh)
    assert curve.peak_w <= amps * phases * VOLTS
    at_full_power_s = energy_wh / (amps * phases * VOLTS) * 3600
    assert at_full_power_s <= curve.duration_s <= at_full_power_s + 600


def test_an_ac_car_that_leaves_early_gets_less() -> None:
    curve = draw_ac(20_000, 1800, ac_limits(), tail_s=240)
    assert curve.total_wh == pytest.approx(11_040 / 2)


def test_a_lost_phase_takes_a_third_of_the_power() -> None:
    curve = draw_ac(20_000, 10**6, ac_limits(loses_phase_at_s=600), tail_s=240)
    assert (curve.at(540).phases, curve.at(540).power_w) == (3, 11_040)
    assert (curve.at(660).phases, curve.at(660).power_w) == (2, 7_360)


def test_a_managed_outlet_gives_no_more_than_it_offers() -> None:
    curve = draw_ac(20_000, 10**6, ac_limits(offered_a=lambda seconds: 16.0 if seconds < 600 else 8.0), tail_s=240)
    assert curve.at(1200).power_w == 8 * 3 * VOLTS
