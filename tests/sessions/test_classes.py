"""Which time is charging, which is parking and which is neither, sentence by sentence of design.md, section 7."""

from datetime import timedelta
from typing import Any

import pytest

from monitor.sessions.classes import TimeRules

HALF_AN_HOUR = timedelta(minutes=30)

STATUSES = {
    "Charging": ("charging", "Charging"),
    "SuspendedEV": ("parking", "SuspendedEV"),
    "Finishing": ("parking", "Finishing"),
    "SuspendedEVSE": ("neither", "SuspendedEVSE"),
    "Faulted": ("neither", "Faulted"),
    "Unavailable": ("neither", "Unavailable"),
}


def held(paper: Any, charger: Any, status: str, **offered: float) -> Any:
    """Half an hour of charging, half an hour in which a status held, then a stop: the period of that status."""
    charger.start(0, 0).status(0, "Charging").charge(1, 30, 367, 22.0).status(30, status)
    (session,) = paper.write(charger.meter(31, 11_000, 0.0, **offered).meter(59, 11_000, 0.0).stop(60, 11_000)).read(60)
    assert session.charging_time + session.idle_time <= 2 * HALF_AN_HOUR
    return next(period for period in session.periods if period.start == session.started + timedelta(minutes=31))


@pytest.mark.parametrize(("status", "expected"), STATUSES.items(), ids=STATUSES.keys())
def test_the_status_makes_the_class(paper: Any, charger: Any, status: str, expected: tuple[str, str]) -> None:
    period = held(paper, charger, status)
    assert (period.kind, period.reason) == expected


UNDER_6_A = {
    "5.9 A a phase": ({"offered_a": 5.9}, "neither"),
    "6 A a phase": ({"offered_a": 6.0}, "parking"),
    "nothing offered": ({"offered_a": 0.0}, "neither"),
    "5.9 A in W on three phases": ({"offered_w": 5.9 * 230 * 3}, "neither"),
    "6 A in W on three phases": ({"offered_w": 6.0 * 230 * 3}, "parking"),
    "6 A in W on the one phase in use": ({"offered_w": 6.0 * 230, "phases": 1.0}, "parking"),
    "5.9 A in W on the one phase in use": ({"offered_w": 5.9 * 230, "phases": 1.0}, "neither"),
    "amperes before watts": ({"offered_a": 16.0, "offered_w": 100.0}, "parking"),
    "no offer told": ({}, "parking"),
}


@pytest.mark.parametrize(("offered", "kind"), UNDER_6_A.values(), ids=UNDER_6_A.keys())
def test_a_car_that_cannot_charge_does_not_park(paper: Any, charger: Any, offered: dict[str, float], kind: str) -> None:
    assert held(paper, charger, "SuspendedEV", **offered).kind == kind


def test_on_dc_there_is_no_least_current(paper: Any, dc_charger: Any) -> None:
    assert held(paper, dc_charger, "SuspendedEV", offered_a=1.0).kind == "parking"


@pytest.mark.parametrize("status", ["Faulted", "Unavailable"])
def test_the_whole_station_out_of_order_is_neither_until_it_is_not(paper: Any, charger: Any, status: str) -> None:
    charger.start(0, 0).status(0, "Charging").charge(1, 20, 367, 22.0).station_status(20, status)
    charger.station_status(40, "Available").charge(41, 60, 7_700, 22.0)
    (session,) = paper.write(charger.stop(60, 14_700).status(61, "Available")).read(90)
    assert session.charging_time == timedelta(minutes=40)
    # The minute after the stop, before the connector is free.
    assert session.idle_time == timedelta(minutes=1)
    assert {(p.kind, p.reason) for p in session.periods if p.kind != "charging"} == {
        ("neither", status), ("parking", "stopped")}  # fmt: skip


@pytest.mark.parametrize("status", ["Charging", "SuspendedEV", "SuspendedEVSE", "Faulted"])
def test_an_offline_gap_changes_no_class(paper: Any, charger: Any, status: str) -> None:
    charger.start(0, 0).status(0, "Charging").charge(1, 30, 367, 22.0).status(30, status).link(31, "disconnected")
    charger.link(90, "connected").meter(91, 11_000, 0.0).status(100, "Finishing").stop(100, 11_000)
    (session,) = paper.write(charger.status(110, "Available")).read(150)
    assert session.flags == {"gap"}
    kind = STATUSES[status][0]
    # From the status on until the first status after the gap, whatever meter values say in between.
    through = [p for p in session.periods if p.reason == status and p.start >= session.started + HALF_AN_HOUR]
    assert {period.kind for period in through} == {kind}
    assert sum((period.end - period.start for period in through), timedelta()) == timedelta(minutes=70)


def test_an_operator_may_count_time_otherwise(paper: Any, charger: Any) -> None:
    paper.time_rules = TimeRules(neither=frozenset({"SuspendedEVSE"}), least_a=0.0)
    assert held(paper, charger, "Faulted").kind == "parking"
    for status, kind in (("SuspendedEVSE", "neither"), ("SuspendedEV", "parking")):
        paper.rows.clear()
        charger.rows.clear()
        assert held(paper, charger, status, offered_a=0.0).kind == kind


def test_idle_time_before_and_after_the_stop(paper: Any, charger: Any) -> None:
    charger.status(0, "Preparing").start(5, 0).status(5, "Charging").charge(6, 30, 367, 22.0)
    charger.status(30, "SuspendedEV").stop(50, 9_200).status(50, "Finishing").status(80, "Available")
    (session,) = paper.write(charger).read(120)
    assert session.charging_time == timedelta(minutes=25)
    assert session.idle_time == timedelta(minutes=20 + 30)
    # Preparing before the start is never billed.
    assert session.periods[0].start == session.started
    paper.bill_until = "stopped"
    assert paper.read(120)[0].idle_time == timedelta(minutes=20)


def test_without_any_status_time_is_charging_while_energy_flows_and_else_neither(paper: Any, charger: Any) -> None:
    charger.start(0, 0).charge(1, 30, 11_000 / 60, 11.0).meter(40, 5_500, 0.0).meter(60, 5_500, 0.0).stop(60, 5_500)
    (session,) = paper.write(charger).read(90)
    assert session.charging_time == timedelta(minutes=30)
    assert [(p.kind, p.reason) for p in session.periods[-2:]] == [("neither", "no status")] * 2
