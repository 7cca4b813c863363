"""A plain visit: four times, classes of time, energy, summary."""

from datetime import datetime, timedelta
from typing import Any

import pytest


def minutes(noon: datetime, moment: datetime | None) -> float | None:
    return None if moment is None else (moment - noon) / timedelta(minutes=1)


def test_a_visit_has_its_four_times_and_closes_after_the_grace(paper: Any, charger: Any, noon: datetime) -> None:
    paper.write(charger.visit())
    (session,) = paper.read(115)
    assert [minutes(noon, t) for t in (session.plug_in, session.started, session.stopped, session.plug_out)] == [
        0, 2, 82, 112,
    ]  # fmt: skip
    assert session.closed_at is None
    (session,) = paper.read(122)
    assert minutes(noon, session.closed_at) == 122
    assert session.transaction == "7"
    assert (session.user, session.group, session.stop_reason) == ("u1", "staff", "EVDisconnected")
    assert session.flags == frozenset()


def test_charging_and_parking_are_told_apart(paper: Any, charger: Any) -> None:
    (session,) = paper.write(charger.visit()).read(200)
    assert session.charging_time == timedelta(minutes=60)
    assert session.idle_time == timedelta(minutes=50)
    assert [(p.kind, p.reason) for p in session.periods if p.kind != "charging"] == [
        ("parking", "SuspendedEV"), ("parking", "SuspendedEV"), ("parking", "Finishing"),
    ]  # fmt: skip
    assert session.energy_wh == pytest.approx(11_000)
    assert session.average_power_w == pytest.approx(11_000)
    assert session.peak_power_w == 11_000


def test_periods_are_contiguous_and_carry_all_the_energy(paper: Any, charger: Any) -> None:
    (session,) = paper.write(charger.visit()).read(200)
    assert session.periods[0].start == session.started
    assert session.periods[-1].end == session.plug_out
    assert all(one.end == other.start for one, other in zip(session.periods, session.periods[1:], strict=False))
    assert sum(round(period.energy_wh * 1000) for period in session.periods) == round(session.energy_wh * 1000)
