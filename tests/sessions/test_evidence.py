"""What a session is seen by (transactions, else ids on meter values, else status), and its classes of time."""

from datetime import datetime, timedelta
from typing import Any

import pytest


def kinds(session: Any) -> dict[str, float]:
    """Minutes by reason."""
    found: dict[str, float] = {}
    for period in session.periods:
        name = f"{period.kind}: {period.reason}"
        found[name] = found.get(name, 0) + (period.end - period.start) / timedelta(minutes=1)
    return found


def test_meter_values_with_ids_alone(paper: Any, charger: Any, noon: datetime) -> None:
    for minute in range(1, 21):
        charger.meter(minute, 1_000 + 100 * minute, 6.0, session="a" if minute <= 10 else "b")
    first, second = paper.write(charger).read(21)
    assert (first.transaction, second.transaction) == ("a", "b")
    assert first.plug_out == second.started == noon + timedelta(minutes=11)
    assert first.flags == frozenset()
    assert first.energy_wh == 900
    assert second.under_way


def test_meter_values_whose_id_disappears(paper: Any, charger: Any, noon: datetime) -> None:
    charger.charge(1, 10, 1_000, 6.0, session="a").meter(11, 1_910, 0.0).meter(12, 1_910, 0.0)
    (session,) = paper.write(charger).read(60)
    assert session.plug_out == session.stopped == noon + timedelta(minutes=10)


def test_status_alone(paper: Any, charger: Any, noon: datetime) -> None:
    charger.status(0, "Preparing").status(2, "Charging").status(60, "SuspendedEV").status(90, "Finishing")
    (session,) = paper.write(charger.status(95, "Available")).read(200)
    assert session.transaction == ""
    assert session.energy_wh is None
    assert [session.plug_in, session.started, session.stopped, session.plug_out] == [
        noon + timedelta(minutes=minute) for minute in (0, 2, 90, 95)
    ]
    assert kinds(session) == {"charging: Charging": 58, "parking: SuspendedEV": 30, "parking: Finishing": 5}


def test_a_status_begins_nothing_on_a_connector_with_transactions(paper: Any, charger: Any) -> None:
    charger.visit()
    charger.status(150, "Charging").status(160, "Available")
    assert len(paper.write(charger).read(200)) == 1


def test_a_charging_status_a_moment_before_its_start_is_the_same_visit(
    paper: Any, charger: Any, noon: datetime
) -> None:
    charger.status(0, "Preparing").status(1, "Charging").meter(1.1, 1_000, 1.0).start(1.2, None).charge(
        2, 10, 1_050, 6.0
    )
    (session,) = paper.write(charger.stop(10, 1_850).status(11, "Available")).read(60)
    assert session.started == noon + timedelta(minutes=1.2)
    assert session.plug_in == noon
    assert session.energy_wh == 850


def test_stuck_in_preparing_is_no_session(paper: Any, charger: Any) -> None:
    charger.status(0, "Preparing").meter(5, 1_000, 0.0).status(500, "Available")
    assert paper.write(charger).read(600) == []


def test_preparing_is_never_billed_time(paper: Any, charger: Any, noon: datetime) -> None:
    charger.status(0, "Preparing").start(30, 1_000).status(30, "Charging").charge(31, 40, 1_100, 6.0)
    (session,) = paper.write(charger.stop(40, 2_000).status(41, "Available")).read(60)
    assert session.periods[0].start == session.started == noon + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("status", "offer", "expected"),
    [
        ("SuspendedEV", {"offered_a": 16.0}, "parking: SuspendedEV"),
        ("SuspendedEV", {"offered_a": 6.0}, "parking: SuspendedEV"),
        ("SuspendedEV", {"offered_a": 5.9}, "neither: SuspendedEV, under 6 A offered"),
        ("SuspendedEV", {"offered_w": 4_140.0, "phases": 3}, "parking: SuspendedEV"),
        ("SuspendedEV", {"offered_w": 4_100.0, "phases": 3}, "neither: SuspendedEV, under 6 A offered"),
        ("SuspendedEV", {"offered_w": 1_400.0, "phases": 1}, "parking: SuspendedEV"),
        ("SuspendedEV", {}, "parking: SuspendedEV"),
        ("SuspendedEVSE", {"offered_a": 0.0}, "neither: SuspendedEVSE"),
        ("Faulted", {}, "neither: Faulted"),
        ("Unavailable", {}, "neither: Unavailable"),
        ("Finishing", {}, "parking: Finishing"),
        ("Charging", {"offered_a": 0.0}, "charging: Charging"),
    ],
)
def test_each_status_has_its_class(paper: Any, charger: Any, status: str, offer: Any, expected: str) -> None:
    charger.start(0, 1_000).status(0, "Charging").meter(9, 2_000, 6.0, **offer).status(10, status)
    (session,) = paper.write(charger.meter(40, 2_050, 0.0, **offer).stop(40, 2_050).status(40, "Available")).read(60)
    found = kinds(session)
    assert found[expected] == 40 if status == "Charging" else 30
    assert session.energy_wh == 1_050


def test_a_dc_car_that_is_offered_nothing_is_parking(paper: Any, dc_charger: Any) -> None:
    dc_charger.start(0, 1_000).status(0, "Charging").meter(9, 9_000, 60.0, offered_w=0.0).status(10, "SuspendedEV")
    (session,) = paper.write(dc_charger.stop(40, 9_000).status(40, "Available")).read(60)
    assert kinds(session)["parking: SuspendedEV"] == 30


def test_a_fault_of_the_whole_station_holds_for_its_connectors(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000).status(0, "Charging").charge(1, 10, 1_100, 6.0).station_status(10, "Faulted")
    charger.station_status(25, "Available").stop(40, 2_000).status(41, "Available")
    assert kinds(paper.write(charger).read(60)[0])["neither: Faulted"] == 15


def test_without_a_status_energy_tells_charging(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000).charge(1, 30, 1_100, 6.0).meter(60, 4_000, 0.0).stop(90, 4_000)
    (session,) = paper.write(charger).read(120)
    assert session.charging_time == timedelta(minutes=30)
    assert session.idle_time == timedelta(0)
    assert session.plug_out == session.stopped


def test_a_session_of_0_s(paper: Any, charger: Any, noon: datetime) -> None:
    charger.status(-1, "Preparing").start(0, 1_000).stop(0, 1_000, reason="DeAuthorized").status(0, "Available")
    (session,) = paper.write(charger).read(60)
    assert session.started == session.stopped == session.plug_out == noon
    assert session.energy_wh == 0
    assert session.periods == ()
    assert session.average_power_w is None


def test_both_changes_of_the_clock_are_no_gap_and_no_hour(paper: Any, charger: Any, noon: datetime) -> None:
    # 2026-03-29 01:00 UTC and 2026-10-25 01:00 UTC: everything is in UTC, so nothing happens.
    for change in (datetime(2026, 3, 29, 1, tzinfo=noon.tzinfo), datetime(2026, 10, 25, 1, tzinfo=noon.tzinfo)):
        charger.visit(int((change - noon) / timedelta(minutes=1)) - 40)
    for session in paper.write(charger).read(500_000):
        assert session.charging_time == timedelta(minutes=60)
        assert session.idle_time == timedelta(minutes=50)
        assert session.flags == frozenset()


def test_idle_after_the_stop_counts_until_plug_out_or_not(paper: Any, charger: Any) -> None:
    charger.visit()
    (session,) = paper.write(charger).read(200)
    assert session.idle_time == timedelta(minutes=50)
    paper.bill_until = "stopped"
    (session,) = paper.read(200)
    assert session.idle_time == timedelta(minutes=20)
