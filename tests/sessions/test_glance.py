"""What a glance says of a session under way is what the whole session says."""

from typing import Any

import pytest

from monitor.sessions.for_rules import glances_table, sessions_table
from monitor.units import to_us


def told(depot: Any, minute: float) -> Any:
    """The car that is there at a minute of the story, and its session."""
    sessions = depot.read(minute)
    (seen,) = depot.assembler.under_way()
    return seen.glance, next(session for session in sessions if session.id == seen.glance.id)


@pytest.mark.parametrize("minute", [2, 3, 10, 63, 70, 81, 85, 100])
def test_a_glance_has_the_numbers_of_the_session(depot: Any, charger: Any, minute: int) -> None:
    charger.visit(2)
    charger.rows = [row for row in charger.rows if row.minute <= minute + 2]
    glance, session = told(depot.write(charger), minute + 2.5)
    assert glance.energy_mwh == (None if session.energy_wh is None else round(session.energy_wh * 1000))
    assert glance.charging_us == session.charging_time.total_seconds() * 1_000_000
    assert glance.idle_us == session.idle_time.total_seconds() * 1_000_000
    assert (glance.average_power_w, glance.peak_power_w) == (session.average_power_w, session.peak_power_w)
    assert (glance.soc_in, glance.soc_out, glance.phases) == (session.soc_in, session.soc_out, session.phases)
    assert glance.flags == session.flags
    assert glance.started_us == to_us(session.started)
    assert glances_table([glance]).equals(sessions_table([session]))


def test_power_alone_counts_in_a_glance_too(depot: Any, charger: Any) -> None:
    charger.start(0, None).status(0, "Charging")
    for minute in range(31):
        charger.meter(minute, None, 6.0)
    glance, session = told(depot.write(charger), 30)
    assert glance.energy_mwh == round(session.energy_wh * 1000) == 3_000_000
    assert glance.charging_us == 30 * 60_000_000


def test_a_charger_that_is_silent_for_a_while_is_not_suspected_of_a_wrong_unit(depot: Any, charger: Any) -> None:
    depot.write(charger.start(0, 0).status(0, "Charging").meter(1, 10, 11.0))
    glance, session = told(depot, 15)
    assert glance.flags == session.flags == frozenset()


def test_meter_values_alone_are_progress_and_anything_else_is_the_session(depot: Any, charger: Any) -> None:
    def progress(minute: float) -> list[int]:
        depot.write(charger).read(minute)
        charger.rows.clear()
        return [glance.energy_mwh for glance in depot.assembler.progress]

    charger.start(0, 1_000).status(0, "Charging").meter(1, 1_100, 6.0).meter(2, 1_200, 6.0)
    assert progress(2) == []
    charger.meter(3, 1_300, 6.0)
    assert progress(3) == [300_000]
    charger.status(4, "SuspendedEV").meter(4.5, 1_300, 0.0)
    assert progress(5) == [300_000]
    charger.stop(6, 1_300)
    assert progress(6) == []


def test_progress_is_stored_over_what_was_saved(saved: Any, depot: Any, charger: Any) -> None:
    depot.write(charger.start(0, 1_000, user="u1").status(0, "Charging").meter(1, 1_100, 6.0).meter(2, 1_200, 6.0))
    (session,) = depot.read(2)
    saved.save([session], position=1)
    depot.write(charger.meter(3, 1_300, 7.0, soc=40.0))
    for minute in range(4, 6):
        charger.rows.clear()
        depot.write(charger.meter(minute, 1_000 + 100 * minute, 7.0))
        depot.read(minute)
    saved.save([], position=2, progress=depot.assembler.progress)
    (stored,) = saved.under_way()
    assert (stored.energy_wh, stored.peak_power_w, stored.user) == (500, 7_000, "u1")
    assert saved.totals().energy_wh == 500
