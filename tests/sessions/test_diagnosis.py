"""Why it was slow, with the evidence in words."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.sessions.history import ConnectorHistory
from monitor.sessions.offer import is_lowered
from monitor.state.sessions import SessionStore


def test_a_car_that_takes_what_it_can_is_not_the_chargers_fault(paper: Any, charger: Any) -> None:
    charger.start(0, 0).status(0, "Charging").charge(1, 60, 60, 3.6, phases=1, offered_a=32.0)
    (session,) = paper.write(charger.stop(60, 3_600).status(61, "Available")).read(90)
    assert session.diagnosis.code == "vehicle_limited"
    assert session.diagnosis.text["en"].startswith("the car took no more: 3,6 kW measured")
    assert "3,6 kW uppmätt" in session.diagnosis.text["sv"]


def test_a_fast_session_has_no_diagnosis(paper: Any, charger: Any) -> None:
    charger.start(0, 0).status(0, "Charging").charge(1, 60, 360, 22.0)
    (session,) = paper.write(charger.stop(60, 22_000).status(61, "Available")).read(90)
    assert session.diagnosis is None


def test_most_of_the_time_above_70_percent_is_tapering(paper: Any, dc_charger: Any) -> None:
    dc_charger.start(0, 0).status(0, "Charging")
    for minute in range(1, 31):
        dc_charger.meter(minute, minute * 500, 30.0, soc=68.0 + minute)
    (session,) = paper.write(dc_charger.stop(30, 15_000).status(31, "Available")).read(90)
    assert session.diagnosis.code == "tapering"
    assert "69 %" in session.diagnosis.text["en"]
    assert "98 %" in session.diagnosis.text["en"]


def test_a_lowered_offer_without_another_car_makes_the_charger_suspect(depot: Any, dc_charger: Any) -> None:
    dc_charger.start(0, 0).status(0, "Charging").charge(1, 30, 1_000, 60.0, soc=30.0, offered_w=62_000.0)
    (session,) = depot.write(dc_charger.stop(30, 30_000).status(31, "Available")).read(90)
    assert session.diagnosis.code == "charger_suspect"
    assert "62,0 kW offered, no other car of the power group charged" in session.diagnosis.text["en"]
    assert "ingen annan bil i effektgruppen laddade" in session.diagnosis.text["sv"]


def test_a_lowered_offer_while_the_other_plug_charges_is_shared(depot: Any, dc_charger: Any, new_charger: Any) -> None:
    other = new_charger(dc_charger.place._replace(connector="2"))
    for charger in (dc_charger, other):
        charger.start(0, 0).status(0, "Charging").charge(1, 30, 1_000, 60.0, soc=30.0, offered_w=62_000.0)
        charger.stop(30, 30_000).status(31, "Available")
    assert {session.diagnosis.code for session in depot.write(dc_charger, other).read(90)} == {"shared"}


@pytest.mark.parametrize(
    ("offered_w", "noted"),
    [(72_000.0, True), (120_000.0, False), (None, False)],
    ids=["40 %", "two thirds", "not told"],
)
def test_a_clearly_lowered_offer_is_noted_whatever_the_car_takes(
    paper: Any, dc_charger: Any, offered_w: float | None, noted: bool
) -> None:
    more = {} if offered_w is None else {"offered_w": offered_w}
    dc_charger.start(0, 0).status(0, "Charging").charge(1, 30, 1_000, 30.0, soc=30.0, **more)
    (session,) = paper.write(dc_charger.stop(30, 15_000).status(31, "Available")).read(90)
    assert is_lowered(session.details) is noted


def test_a_lowered_offer_on_ac_or_beside_another_car_is_not(
    depot: Any, dc_charger: Any, charger: Any, new_charger: Any
) -> None:
    other = new_charger(dc_charger.place._replace(connector="2"))
    for each in (dc_charger, other, charger):
        each.start(0, 0).status(0, "Charging").charge(1, 30, 1_000, 6.0, offered_w=7_000.0)
        each.stop(30, 4_000).status(31, "Available")
    assert [is_lowered(session.details) for session in depot.write(dc_charger, other, charger).read(90)] == [False] * 3


def test_power_that_breaks_away_makes_the_charger_suspect(paper: Any, dc_charger: Any) -> None:
    dc_charger.start(0, 0).status(0, "Charging").charge(1, 5, 2_000, 120.0, soc=30.0).charge(
        6, 30, 10_500, 20.0, soc=40.0
    )
    (session,) = paper.write(dc_charger.stop(30, 18_500).status(31, "Available")).read(90)
    assert session.diagnosis.code == "charger_suspect"
    assert "120,0 kW at most" in session.diagnosis.text["en"]


def test_a_cold_battery(paper: Any, dc_charger: Any) -> None:
    dc_charger.start(0, 0).status(0, "Charging").charge(1, 30, 500, 30.0, soc=30.0, temperature_c=-12.0)
    (session,) = paper.write(dc_charger.stop(30, 15_000).status(31, "Available")).read(90)
    assert session.diagnosis.code == "cold"
    assert "-12 °C" in session.diagnosis.text["en"]


def test_two_values_are_too_little(paper: Any, charger: Any) -> None:
    charger.start(0, 0).status(0, "Charging").meter(1, 50, 3.0).meter(2, 100, 3.0).stop(3, 150).status(3, "Available")
    assert paper.write(charger).read(90)[0].diagnosis.code == "too_little_data"


def lone(dc_charger: Any, kw: float, **fields: Any) -> Any:
    """Half an hour at one power."""
    dc_charger.start(0, 0).status(0, "Charging").charge(1, 30, kw * 1000 / 60, kw, **fields)
    return dc_charger.stop(30, kw * 500).status(31, "Available")


def test_a_diagnosis_carries_all_its_evidence(depot: Any, dc_charger: Any, new_charger: Any) -> None:
    other = new_charger(dc_charger.place._replace(connector="2"))
    for charger in (dc_charger, other):
        charger.start(0, 0).status(0, "Charging")
        for minute in range(1, 31):
            charger.meter(minute, 1_000 * minute, 60.0, soc=20.0 + minute, offered_w=62_000.0, temperature_c=12.0)
        charger.stop(30, 30_000).status(31, "Available")
    depot.past = ConnectorHistory(usual_power_w=110_000.0, slow_share_10=20.0)
    session = next(each for each in depot.write(dc_charger, other).read(90) if each.place == dc_charger.place)
    assert session.diagnosis.text["en"] == (
        "the power was shared with another car: 60,0 kW measured, 60,0 kW at most, 180 kW rated, 110,0 kW usual "
        "at this connector, 20 % of its last sessions slow, 62,0 kW offered, another car of the power group charged "
        "100 % of the time, 180 kW for the whole group, battery from 21 % to 50 %, 12 °C"
    )
    assert "110,0 kW vanligt på det här uttaget" in session.diagnosis.text["sv"]
    assert session.diagnosis.evidence["offered_w"] == pytest.approx(62_000)
    assert session.diagnosis.evidence["shared_share"] == 100


def test_phases_are_evidence_on_ac(paper: Any, charger: Any) -> None:
    charger.start(0, 0).status(0, "Charging").charge(1, 60, 60, 3.6, phases=1, offered_a=32.0)
    (session,) = paper.write(charger.stop(60, 3_600).status(61, "Available")).read(90)
    assert "1 of 3 phases in use" in session.diagnosis.text["en"]
    assert session.diagnosis.evidence["phases"] == 1


def test_the_other_plug_explains_it_though_no_offer_is_told(depot: Any, dc_charger: Any, new_charger: Any) -> None:
    other = new_charger(dc_charger.place._replace(connector="2"))
    sessions = depot.write(lone(dc_charger, 70.0), lone(other, 70.0)).read(90)
    assert {session.diagnosis.code for session in sessions} == {"shared"}


def test_the_other_plug_does_not_explain_far_less_than_its_share(depot: Any, dc_charger: Any, new_charger: Any) -> None:
    other = new_charger(dc_charger.place._replace(connector="2"))
    sessions = depot.write(lone(dc_charger, 30.0), lone(other, 70.0)).read(90)
    assert {session.place.connector: session.diagnosis.code for session in sessions} == {
        "1": "vehicle_limited", "2": "shared"}  # fmt: skip


def test_one_car_below_the_usual_is_the_car(depot: Any, dc_charger: Any) -> None:
    depot.past = ConnectorHistory(usual_power_w=100_000.0, slow_share_10=10.0)
    (session,) = depot.write(lone(dc_charger, 40.0)).read(90)
    assert session.diagnosis.code == "vehicle_limited"


def test_most_of_the_last_cars_below_the_usual_are_the_charger(depot: Any, dc_charger: Any) -> None:
    depot.past = ConnectorHistory(usual_power_w=100_000.0, slow_share_10=70.0)
    (session,) = depot.write(lone(dc_charger, 40.0)).read(90)
    assert session.diagnosis.code == "charger_suspect"
    assert "100,0 kW usual at this connector, 70 % of its last sessions slow" in session.diagnosis.text["en"]


def test_a_connector_of_unknown_rating_is_held_against_its_usual_power(
    depot: Any, charger: Any, new_charger: Any
) -> None:
    stranger = new_charger(charger.place._replace(station="unregistered"))
    depot.past = ConnectorHistory(usual_power_w=100_000.0)
    (session,) = depot.write(lone(stranger, 40.0)).read(90)
    assert session.diagnosis.code == "vehicle_limited"


def test_the_past_of_a_session_is_what_was_there_before_it(saved: SessionStore, paper: Any, dc_charger: Any) -> None:
    (one,) = paper.write(lone(dc_charger, 100.0)).read(90)
    many = [
        replace(one, id=f"{day:02}", plug_in=one.plug_in + timedelta(days=day), average_power_w=1_000.0 * day)
        for day in range(40)
    ]
    saved.save(many)
    # Of 30 sessions before it the last ten are what is judged; the median is over those of days 0 to 19.
    assert saved.history_before(one.place, many[30].plug_in).usual_power_w == 9_500
    assert saved.history_before(one.place, many[5].plug_in).usual_power_w is None
