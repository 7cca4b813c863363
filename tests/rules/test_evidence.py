"""slow-charging on a sample of real sessions; tests/benchmarks/slow_charging.py prints the figures of all of them."""

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.benchmarks.slow_charging import ac_sessions, dc_sessions, derated, fired

MINUTE = timedelta(minutes=1)


def test_planted_faults_are_told_and_others_are_not(shared: Path, shipped: Any) -> None:
    chance = random.Random(5)
    curves = chance.sample([c for c in dc_sessions(shared / "data") if c.year >= 2023 and len(c.power_w) >= 14], 80)
    planted = [derated(curve, 3) for curve in curves[:40]]
    cars = ac_sessions(40, chance, shared / "data")
    found = fired([*curves[40:], *planted, *cars], shipped["slow-charging"], interval=MINUTE, until=30)
    assert sum(curve.name in found for curve in curves[40:]) <= 2
    assert sum(found.get(curve.name, 99) <= 13 for curve in planted) >= 36
    assert [curve.name for curve in cars if curve.name in found] == []
