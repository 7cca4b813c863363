"""Planted drifts are found within 20 sessions, with under one false alarm in 1,000 sessions."""

from pathlib import Path

import numpy as np
import pytest

from monitor.insight.cusum import LEARNT, failures, shifts
from tests.insight.real import dc_frame

SERIES = 60
BEFORE = 150


def charger(seed: int, count: int, spread: float = 0.3) -> np.ndarray:
    """Average powers of a connector, W: cars differ, log-normally."""
    return np.exp(np.random.default_rng(seed).normal(np.log(60_000), spread, count))


def fleet() -> np.random.Generator:
    return np.random.default_rng(99)


@pytest.mark.parametrize("spread", [0.2, 0.3, 0.6], ids=["alike", "as usual", "very different"])
def test_under_one_false_alarm_in_a_thousand_sessions(spread: float) -> None:
    alarms = sum(len(shifts(charger(seed, 1_000 + LEARNT, spread))) for seed in range(SERIES))
    assert alarms / SERIES < 1


@pytest.mark.parametrize("factor", [0.5, 0.6, 1.7], ids=["half the power", "two fifths less", "much more"])
def test_a_planted_drift_is_found_within_twenty_sessions(factor: float) -> None:
    late, off = 0, []
    for seed in range(SERIES):
        values = charger(seed, BEFORE + 60)
        values[BEFORE:] *= factor
        found = [each for each in shifts(values) if each.found >= BEFORE]
        late += not found or found[0].found - BEFORE >= 20
        if found:
            off.append(abs(found[0].since - BEFORE))
            assert found[0].after / found[0].before == pytest.approx(factor, rel=0.35)
    assert late <= SERIES * 0.05
    assert np.median(off) <= 3


def test_a_slow_drift_is_found_too() -> None:
    values = charger(3, 300)
    values[BEFORE:] *= np.linspace(1, 0.4, 150)
    found = shifts(values)
    assert len(found) >= 1
    assert BEFORE < found[0].found < BEFORE + 110


def test_one_odd_car_is_no_change() -> None:
    values = charger(5, 200)
    values[150] = 900.0
    assert shifts(values) == []


def test_real_sessions_with_a_module_that_dies(shared: Path) -> None:
    """Peaks of the real DC station in their order, and the same with half of the power from the 800th on."""
    peaks = dc_frame(shared).sort_values("plug_in")["peak_w"].dropna()
    peaks = peaks[peaks > 1_000].sample(frac=1, random_state=4).to_numpy()
    assert len(shifts(peaks)) < len(peaks) / 1_000
    broken = np.concatenate([peaks[:800], peaks[800:] * 0.4])
    found = [each for each in shifts(broken) if each.found >= 800]
    assert found
    assert found[0].found - 800 < 20


def test_a_connector_that_begins_to_fail() -> None:
    chance = fleet()
    late = 0
    for _ in range(SERIES):
        failed = np.concatenate([chance.random(BEFORE) < 0.03, chance.random(60) < 0.5])
        found = [each for each in failures(failed) if each.found >= BEFORE]
        late += not found or found[0].found - BEFORE >= 20
    assert late <= SERIES * 0.05


@pytest.mark.parametrize("usual", [0.0, 0.03, 0.1])
def test_a_connector_that_fails_as_it_always_did_is_left_alone(usual: float) -> None:
    chance = fleet()
    alarms = sum(len(failures(chance.random(1_000 + LEARNT) < usual)) for _ in range(SERIES))
    assert alarms / SERIES < 1


def test_too_little_history_says_nothing() -> None:
    assert shifts(charger(1, LEARNT)) == []
    assert failures(np.ones(LEARNT, bool)) == []
