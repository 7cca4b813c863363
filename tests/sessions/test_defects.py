"""What real chargers send wrong (each reported by users of other systems), and what becomes of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.sessions.billing import review_reasons


def doubts(session: Any) -> list[str]:
    return list(review_reasons(session))


def test_a_register_that_is_session_relative_in_meter_values_and_lifetime_in_events(paper: Any, charger: Any) -> None:
    charger.status(0, "Preparing").start(1, 4_076_000).status(1, "Charging").charge(2, 30, 180, 11.0)
    charger.stop(31, 4_076_000 + 5_500).status(31, "Finishing").status(32, "Available")
    (session,) = paper.write(charger).read(60)
    assert session.energy_wh == 5_500
    assert session.flags == {"register_reset"}
    assert sum(p.energy_wh for p in session.periods) == pytest.approx(5_500)
    assert doubts(session) == []


def test_a_session_relative_register_when_the_lifetime_one_is_small(paper: Any, charger: Any) -> None:
    # A quarter of an hour between the last value and the stop: the step from one register to the other looks possible.
    charger.start(0, 3_000).status(0, "Charging").charge(1, 30, 180, 11.0).stop(45, 9_000).status(46, "Available")
    (session,) = paper.write(charger).read(60)
    assert session.energy_wh == 6_000


def test_a_boot_reading_of_0_as_baseline_is_not_billed_as_910_kwh(paper: Any, charger: Any) -> None:
    charger.start(0, 0).status(0, "Charging").meter(1, 910_000, 5.0).meter(2, 910_083, 5.0)
    charger.stop(2, 910_083).status(3, "Available")
    (session,) = paper.write(charger).read(60)
    assert session.energy_wh == 83
    assert "register_jump" in session.flags
    assert doubts(session) == ["register_jump"]


def test_values_without_an_energy_do_not_zero_the_total(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000).status(0, "Charging").charge(1, 30, 1_180, 11.0).meter(31, None, 11.0).meter(32, None, None)
    (session,) = paper.write(charger).read(33)
    assert session.energy_wh == pytest.approx(180 + 11_000 * 29 / 60)


def test_meter_values_without_their_transaction_are_matched_by_connector_and_time(paper: Any, charger: Any) -> None:
    for minute in range(1, 30):
        charger.meter(minute, 1_000 + minute * 100, 6.0, session="7" if minute % 3 else None)
    charger.start(0, 1_000).status(0, "Charging").stop(30, 4_000).status(31, "Available")
    (session,) = paper.write(charger).read(60)
    assert session.energy_wh == 3_000
    assert len(session.periods) == 31


def test_a_session_that_begins_a_little_negative_is_clamped(paper: Any, charger: Any) -> None:
    charger.start(0, 1_030).status(0, "Charging").meter(1, 1_000, 0.5).charge(2, 30, 1_180, 11.0)
    (session,) = paper.write(charger.stop(31, 6_320).status(32, "Available")).read(60)
    assert session.energy_wh == pytest.approx(6_320 - 1_030)
    assert session.flags == {"negative"}
    assert doubts(session) == []


def test_a_session_that_begins_far_negative_needs_a_person(paper: Any, charger: Any) -> None:
    charger.start(0, 9_000).status(0, "Charging").charge(1, 30, 6_000, 11.0).stop(31, 11_500).status(32, "Available")
    (session,) = paper.write(charger).read(60)
    assert "negative" in session.flags
    assert "register_jump" in doubts(session)


def test_a_register_that_restarts_at_0_counts_the_sum_of_the_rises(paper: Any, charger: Any) -> None:
    charger.start(0, 50_000).status(0, "Charging").charge(1, 20, 50_100, 6.0).charge(21, 40, 50, 6.0)
    (session,) = paper.write(charger.stop(40, 1_950).status(41, "Available")).read(60)
    assert session.energy_wh == pytest.approx(100 + 1_900 + 50 + 1_900)
    assert session.flags == {"register_reset"}


def test_a_register_that_drops_out_once_costs_nothing(paper: Any, charger: Any) -> None:
    charger.start(0, 50_000).status(0, "Charging").charge(1, 20, 50_100, 6.0).meter(21, 0, 6.0).charge(
        22, 40, 52_200, 6.0
    )
    (session,) = paper.write(charger.stop(40, 54_000).status(41, "Available")).read(60)
    assert session.energy_wh == 4_000
    assert session.flags == {"register_reset"}


def test_a_register_that_jumps_beyond_the_rating_needs_a_person(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000).status(0, "Charging").charge(1, 20, 1_100, 6.0).charge(21, 40, 901_000, 6.0)
    (session,) = paper.write(charger.stop(40, 902_900).status(41, "Available")).read(60)
    assert session.energy_wh == pytest.approx(100 + 1_900 + 1_900)
    assert doubts(session) == ["register_jump"]


def test_kwh_labelled_wh(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000).status(0, "Charging")
    for minute in range(1, 60):
        charger.meter(minute, 1_000 + minute * 0.18, 11.0)
    (session,) = paper.write(charger.stop(60, 1_011).status(61, "Available")).read(80)
    assert doubts(session) == ["unit_suspect"]


def test_watts_read_as_kilowatts(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000).status(0, "Charging")
    for minute in range(1, 60):
        charger.meter(minute, 1_000 + minute * 183, 11_000.0)
    (session,) = paper.write(charger.stop(60, 12_000).status(61, "Available")).read(80)
    assert doubts(session) == ["unit_suspect"]


def test_power_since_the_last_register_reading_is_not_held_against_it(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000).status(0, "Charging").meter(0, 1_000, 22.0)
    (session,) = paper.write(charger).read(1)
    assert session.flags == frozenset()


def test_a_register_that_stands_still_under_power(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000).status(0, "Charging")
    for minute in range(10):
        charger.meter(minute, 1_000, 22.0)
    (session,) = paper.write(charger).read(10)
    assert doubts(session) == ["unit_suspect"]


def test_a_current_summed_over_phases_is_suspect_for_the_current_alone(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000).status(0, "Charging").charge(1, 30, 1_180, 11.0, current_a=47.0, offered_a=32.0, phases=3)
    (session,) = paper.write(charger.stop(30, 6_500).status(31, "Available")).read(60)
    assert session.flags == frozenset()
    assert session.details["current"] == "summed over phases in one value"
    assert {period.current_a for period in session.periods[:-1]} == {47.0}


def test_no_stop_transaction_and_the_connector_turns_available(paper: Any, charger: Any, noon: datetime) -> None:
    charger.start(0, 1_000).status(0, "Charging").charge(1, 30, 1_180, 11.0).status(35, "Available")
    paper.write(charger)
    assert paper.read(40)[0].flags == frozenset()
    (session,) = paper.read(46)
    assert session.flags == {"no_stop"}
    assert session.stopped is None
    assert session.plug_out == noon + timedelta(minutes=35)
    assert session.energy_wh == pytest.approx(180 + 11_000 * 29 / 60)


def test_no_stop_transaction_and_another_one_starts(depot: Any, charger: Any, noon: datetime) -> None:
    charger.start(0, 1_000, "7").status(0, "Charging").charge(1, 30, 1_180, 11.0)
    charger.start(40, 7_000, "8").meter(41, 7_100, 6.0)
    first, second = depot.write(charger).read(42)
    assert first.flags == {"no_stop"}
    assert first.plug_out == first.closed_at == second.started == noon + timedelta(minutes=40)
    assert second.under_way
    assert [seen.visit.transaction for seen in depot.assembler.under_way()] == ["8"]


def test_the_first_of_two_stops_wins(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000).status(0, "Charging").charge(1, 30, 1_180, 11.0).stop(30, 6_500).stop(33, 9_999)
    (session,) = paper.write(charger.status(31, "Finishing").status(40, "Available")).read(60)
    assert session.energy_wh == 5_500
    assert session.register_stop_wh == 6_500
    assert session.flags == {"duplicate_stop"}


def test_a_second_stop_after_the_session_closed_changes_its_flag_alone(depot: Any, charger: Any) -> None:
    charger.visit()
    (closed,) = depot.write(charger).read(130)
    charger.rows.clear()
    (again,) = depot.write(charger.stop(140, 99_999)).read(150)
    assert again.id == closed.id
    assert again.flags == {"duplicate_stop"}
    assert (again.energy_wh, again.periods) == (closed.energy_wh, closed.periods)


def test_a_start_sent_again_with_its_original_time_changes_nothing(depot: Any, charger: Any) -> None:
    before = depot.write(charger.visit()).read(130)
    charger.rows.clear()
    assert depot.write(charger.start(2, 1_000, user="u1", group="staff")).read(131) == before


@pytest.mark.parametrize("transaction", ["-1", "-9223372036854775808", "9223372036854775807", "0"])
def test_transaction_ids_that_are_not_unique(paper: Any, charger: Any, transaction: str) -> None:
    charger.visit(0, 1_000, transaction).visit(120, 20_000, transaction)
    first, second = paper.write(charger).read(300)
    assert first.id != second.id
    assert [session.energy_wh for session in (first, second)] == [pytest.approx(11_000)] * 2
    assert first.flags == second.flags == frozenset()


def test_queued_values_come_late_and_are_billed(depot: Any, charger: Any) -> None:
    charger.delay = 240
    charger.start(0, 1_000).charge(1, 30, 1_180, 11.0).stop(31, 6_500)
    charger.delay = 0
    charger.link(-1, "disconnected").link(241, "boot").status(241, "Available")
    (session,) = depot.write(charger).read(300)
    assert session.flags == {"late"}
    assert session.energy_wh == 5_500


def test_an_offline_gap_ends_no_session_and_changes_no_class(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000).status(0, "Charging").charge(1, 10, 1_180, 11.0).link(10.5, "disconnected")
    charger.link(50, "connected").meter(51, 10_000, 11.0).status(60, "SuspendedEV").stop(70, 11_000).status(
        80, "Available"
    )
    (session,) = paper.write(charger).read(100)
    assert session.flags == {"gap"}
    assert session.charging_time == timedelta(minutes=60)


def test_a_transaction_whose_clock_was_replaced_needs_a_person(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000, claimed=datetime(1970, 1, 1, tzinfo=UTC)).status(0, "Charging").charge(1, 30, 1_180, 11.0)
    (session,) = paper.write(charger.stop(31, 6_500).status(32, "Available")).read(60)
    assert doubts(session) == ["clock_skew"]


def test_a_clock_that_is_ahead(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000).status(0, "Charging").charge(1, 10, 1_180, 11.0)
    charger.delay = -15
    (session,) = paper.write(charger.meter(31, 3_000, 11.0)).read(32)
    assert "clock_skew" in session.flags


def test_a_car_that_stays_for_hours_after_the_stop(depot: Any, charger: Any) -> None:
    charger.start(0, 1_000).status(0, "Charging").charge(1, 30, 1_180, 11.0).stop(31, 6_500).status(31, "Finishing")
    depot.write(charger)
    (session,) = depot.read(200)
    assert session.under_way
    assert session.idle_time == timedelta(minutes=169)
    charger.rows.clear()
    (session,) = depot.write(charger.meter(210, 6_503, 0.0).status(271, "Available")).read(300)
    assert session.idle_time == timedelta(hours=4)
    assert session.energy_wh == 5_500


def test_a_stop_of_which_nothing_else_is_known_is_seen_by_a_person(paper: Any, charger: Any) -> None:
    (session,) = paper.write(charger.status(0, "Available").stop(5, 6_500, "9")).read(30)
    assert session.energy_wh is None
    assert doubts(session) == ["start_unknown", "energy_unknown"]


def test_a_stray_stop_does_not_end_the_car_that_is_there(paper: Any, charger: Any) -> None:
    charger.visit().stop(20, 5, "another")
    stray, session = sorted(paper.write(charger).read(200), key=lambda session: session.transaction != "another")
    assert stray.energy_wh is None
    assert session.energy_wh == pytest.approx(11_000)
    assert session.flags == frozenset()


def test_no_register_at_all_is_estimated_from_power_and_needs_a_person(paper: Any, charger: Any) -> None:
    charger.start(0, None).status(0, "Charging")
    for minute in range(61):
        charger.meter(minute, None, 6.0)
    (session,) = paper.write(charger.stop(60).status(61, "Available")).read(80)
    assert session.energy_wh == pytest.approx(6_000)
    assert doubts(session) == ["energy_from_power"]


def test_neither_register_nor_power_is_unknown_and_not_0(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000).status(0, "Charging").stop(60).status(61, "Available")
    (session,) = paper.write(charger).read(80)
    assert session.energy_wh is None
    assert session.average_power_w is None
    assert doubts(session) == ["energy_unknown"]


def test_available_in_the_middle_of_a_transaction_that_goes_on(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000).status(0, "Charging").charge(1, 60, 1_180, 11.0, session="7").status(20.5, "Available")
    (session,) = paper.write(charger.stop(60.5, 12_000).status(61, "Finishing").status(62, "Available")).read(90)
    assert session.energy_wh == 11_000
    assert session.flags == frozenset()


def test_available_a_moment_before_the_stop(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000).status(0, "Charging").charge(1, 60, 1_180, 11.0).status(60.1, "Available").stop(
        60.2, 12_000
    )
    (session,) = paper.write(charger).read(90)
    assert session.energy_wh == 11_000
    assert session.flags == frozenset()
    assert session.stopped == session.plug_out


def test_a_jump_within_the_rating_is_seen_by_the_power_beside_it(paper: Any, dc_charger: Any) -> None:
    dc_charger.start(0, 1_000).status(0, "Charging").charge(1, 20, 1_500, 30.0).charge(21, 40, 14_000, 30.0)
    (session,) = paper.write(dc_charger.stop(40, 23_500).status(41, "Available")).read(60)
    assert doubts(session) == ["register_jump"]


def test_a_register_that_stands_still_for_a_while_and_catches_up_has_not_jumped(paper: Any, dc_charger: Any) -> None:
    dc_charger.start(0, 1_000).status(0, "Charging")
    for minute in range(1, 41):
        dc_charger.meter(minute, 1_000 + 500 * (minute // 8 * 8), 30.0)
    (session,) = paper.write(dc_charger.stop(40, 21_000).status(41, "Available")).read(60)
    assert session.energy_wh == 20_000
    assert doubts(session) == []


def test_a_fall_of_less_than_1_wh_is_rounding(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000).status(0, "Charging").charge(1, 30, 1_180.7, 11.0)
    (session,) = paper.write(charger.stop(30, 6_497).status(31, "Available")).read(60)
    assert session.flags == frozenset()


def test_a_stop_that_came_after_an_outage_does_not_say_when_the_car_left(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000).status(0, "Charging").charge(1, 30, 1_180, 11.0)
    charger.delay = 180
    charger.stop(31, 6_500)
    charger.delay = 0
    (session,) = paper.write(charger.status(212, "Available")).read(240)
    assert session.energy_wh == 5_500
    assert doubts(session) == ["end_unknown"]
    paper.bill_until = "stopped"
    assert doubts(paper.read(240)[0]) == []


def test_a_queued_status_says_when_the_car_left(paper: Any, charger: Any, noon: datetime) -> None:
    charger.start(0, 1_000).status(0, "Charging").charge(1, 30, 1_180, 11.0)
    charger.delay = 180
    (session,) = paper.write(charger.stop(31, 6_500).status(52, "Available")).read(240)
    assert session.plug_out == noon + timedelta(minutes=52)
    assert doubts(session) == []


def test_a_car_of_which_nothing_is_heard_until_the_next_one_starts(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000).status(0, "Charging").charge(1, 30, 1_180, 11.0)
    charger.status(600, "Preparing").status(601, "Charging").start(601, 9_000, "8")
    first, second = paper.write(charger).read(602)
    assert first.flags == {"gap", "no_stop"}
    assert doubts(first) == ["end_unknown"]
    assert second.under_way
