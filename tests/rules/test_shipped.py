"""The rules that are shipped, each shown firing and each shown quiet where a lesser rule would not be."""

from collections.abc import Mapping
from typing import Any

import pytest

from monitor.rules.model import Rule
from tests.rules.conftest import at_us

Rules = Mapping[str, Rule]


def told(network: Any, minute: float, rule: Rule, subject: str = "malmo/dc-1/1") -> str | None:
    """`quiet`, `unknown`, or the level at which the rule matches."""
    answer = network.answers(minute, rule).get(subject)
    if answer is None:
        return "quiet"
    return answer.level if answer.truth else "unknown"


class TestSlowCharging:
    def test_a_charger_that_loses_power_in_mid_session(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        network.charging(0, peak_w=120_000.0)
        network.power((0, 10), 120, soc=40)
        network.power((10, 20), 11, soc=45)
        assert told(network, 10, shipped["slow-charging"]) == "quiet"
        assert told(network, 20, shipped["slow-charging"]) == "critical"
        answer = network.answers(20, shipped["slow-charging"])["malmo/dc-1/1"]
        assert (answer.values["power_w"], answer.values["expected_w"]) == (11_000, 120_000)
        assert answer.recovered is False

    def test_levels_follow_how_much_is_lost(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        network.charging(0, peak_w=100_000.0)
        network.power((0, 10), 45, soc=40)
        network.power((10, 20), 19, soc=45)
        assert told(network, 10, shipped["slow-charging"]) == "info"
        assert told(network, 20, shipped["slow-charging"]) == "critical"

    def test_a_battery_that_tapers_above_80_percent(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(30)
        network.charging(0, peak_w=140_000.0)
        network.power((0, 20), 30, soc=88)
        assert told(network, 20, shipped["slow-charging"]) == "quiet"

    def test_a_taper_that_begins_below_80_percent_lowers_what_is_expected(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(30)
        network.charging(0, peak_w=140_000.0)
        network.power((0, 20), 50, soc=75)
        # 58.5 % of the peak is usual at 75 %, so 50 kW is more than half of what is expected.
        assert network.picture(20)["malmo/dc-1/1"]["expected_w"] == 140_000 * 0.585
        assert told(network, 20, shipped["slow-charging"]) == "quiet"

    def test_two_cars_that_share_a_station(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        network.charging(0, peak_w=150_000.0)
        network.charging(0, "malmo/dc-1/2", peak_w=60_000.0)
        network.power((0, 10), 60, soc=40)
        network.power((0, 10), 60, "malmo/dc-1/2", soc=40)
        # 200 kW over two cars.
        assert network.picture(10)["malmo/dc-1/1"]["expected_w"] == 100_000
        assert told(network, 10, shipped["slow-charging"]) == "quiet"

    def test_the_same_power_is_slow_when_nobody_shares(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        network.charging(0, peak_w=150_000.0)
        network.power((0, 10), 60, soc=40)
        assert told(network, 10, shipped["slow-charging"]) == "info"

    def test_a_charger_without_state_of_charge_may_be_tapering(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(60)
        network.charging(0, peak_w=120_000.0)
        network.power((0, 10), 40)
        network.power((30, 40), 20)
        assert told(network, 10, shipped["slow-charging"]) == "quiet"
        assert told(network, 40, shipped["slow-charging"]) == "quiet"

    def test_but_hardly_when_it_loses_most_of_its_power_early(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(60)
        network.charging(0, peak_w=120_000.0)
        network.power((0, 10), 20)
        network.power((30, 40), 5)
        assert told(network, 10, shipped["slow-charging"]) == "critical"
        assert told(network, 40, shipped["slow-charging"]) == "critical"

    def test_the_previous_cars_readings_do_not_count(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        network.power((0, 9.5), 3, soc=60)
        network.charging(10, peak_w=120_000.0)
        network.power((10, 16), 120)
        assert told(network, 16, shipped["slow-charging"]) == "quiet"
        picture = network.picture(16)["malmo/dc-1/1"]
        assert picture["soc"] is None
        assert picture["power_w"] == 120_000

    def test_the_first_minutes_of_a_session_are_not_judged(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        network.charging(0, peak_w=120_000.0)
        network.power((0, 4.5), 5, soc=20)
        assert told(network, 4.5, shipped["slow-charging"]) == "quiet"

    def test_a_car_that_takes_little_from_the_start_is_the_car(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20, "malmo/ac-1")
        network.charging(0, "malmo/ac-1/1", peak_w=3_600.0)
        network.power((0, 10), 3.6, "malmo/ac-1/1", phases=1)
        assert told(network, 10, shipped["slow-charging"], "malmo/ac-1/1") == "quiet"

    def test_a_charger_that_is_slow_from_the_start_does_not_excuse_itself(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        network.charging(0, peak_w=20_000.0)
        network.history.append({"site": "malmo", "station": "dc-1", "connector": "1", "usual_power_w": 80_000.0})
        network.power((0, 10), 20, soc=30)
        assert network.picture(10)["malmo/dc-1/1"]["expected_w"] == 150_000
        assert told(network, 10, shipped["slow-charging"]) == "critical"

    def test_power_that_is_not_sent_comes_from_the_register(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        network.charging(0, peak_w=120_000.0)
        for minute in range(1, 11):
            network.meter(minute, energy_wh=100_000 + minute * 200, soc=30)  # 12 kW
        assert network.picture(10)["malmo/dc-1/1"]["power_w"] == 12_000
        assert told(network, 10, shipped["slow-charging"]) == "critical"

    def test_without_readings_nothing_is_known(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        network.charging(0, peak_w=120_000.0)
        assert told(network, 10, shipped["slow-charging"]) == "unknown"


class TestConnectorFaulted:
    def test_a_fault_that_stays(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        network.status(0, "Faulted", error="GroundFailure")
        assert told(network, 1, shipped["connector-faulted"]) == "critical"
        assert network.answers(3, shipped["connector-faulted"])["malmo/dc-1/1"].values["error_code"] == "GroundFailure"

    def test_a_boot_flap_is_shorter_than_the_hold(self, network: Any, shipped: Rules) -> None:
        network.link(0, "boot")
        network.status(0.1, "Faulted")
        network.status(0.4, "Available")
        rule = shipped["connector-faulted"]
        true_for = [minute for minute in (0.5, 1, 1.5, 2) if told(network, minute, rule) != "quiet"]
        assert true_for == []
        assert rule.hold_for.total_seconds() == 120

    def test_the_station_itself_is_faulted(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        network.status(0, "Available")
        network.status(1, "Faulted", "malmo/dc-1/0", error="PowerMeterFailure")
        answers = network.answers(5, shipped["connector-faulted"])
        assert {subject for subject, answer in answers.items() if answer.truth} == {"malmo/dc-1/1", "malmo/dc-1/2"}
        assert answers["malmo/dc-1/1"].values["error_code"] == "PowerMeterFailure"

    def test_an_offline_station_is_not_known_to_be_faulted(self, network: Any, shipped: Rules) -> None:
        network.link(0)
        network.status(0, "Faulted")
        assert told(network, 30, shipped["connector-faulted"]) == "unknown"


class TestSiteCongested:
    def take_all(self, network: Any, minute: float) -> None:
        for station in ("malmo/dc-1", "malmo/dc-2", "malmo/ac-1"):
            network.heartbeats(60, station)
        for subject in ("malmo/dc-1/1", "malmo/dc-1/2", "malmo/dc-2/1"):
            network.status(minute - 20, "Available", subject)
            network.status(minute, "Preparing", subject)
            network.status(minute + 1, "Charging", subject)
        network.status(minute - 20, "Available", "malmo/dc-2/2")
        network.status(minute - 20, "Available", "malmo/ac-1/1")

    def test_every_dc_evse_is_taken(self, network: Any, shipped: Rules) -> None:
        self.take_all(network, 0)
        assert told(network, 9, shipped["site-congested"], "malmo") == "quiet"
        assert told(network, 11, shipped["site-congested"], "malmo") == "warning"
        values = network.answers(11, shipped["site-congested"])["malmo"].values
        assert (values["full_for(DC)"], values["full_for(AC)"]) == (660, 0)
        assert (values["in_use(DC)"], values["connectors(DC)"]) == (3, 3)

    def test_one_free_evse_is_enough(self, network: Any, shipped: Rules) -> None:
        self.take_all(network, 0)
        network.status(5, "Available", "malmo/dc-1/2")
        assert told(network, 11, shipped["site-congested"], "malmo") == "quiet"

    def test_a_broken_charger_is_no_room(self, network: Any, shipped: Rules) -> None:
        self.take_all(network, 0)
        network.status(2, "Faulted", "malmo/dc-1/2")
        assert told(network, 13, shipped["site-congested"], "malmo") == "warning"

    def test_a_station_that_was_never_heard_of_leaves_it_open(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(60)
        network.status(0, "Charging")
        network.status(0, "Charging", "malmo/dc-1/2")
        assert told(network, 20, shipped["site-congested"], "malmo") == "unknown"


class TestStationOffline:
    def test_a_station_that_falls_silent(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        # Twice 300 s and a minute.
        assert told(network, 31, shipped["station-offline"], "malmo/dc-1") == "quiet"
        assert told(network, 32, shipped["station-offline"], "malmo/dc-1") == "critical"
        assert network.answers(32, shipped["station-offline"])["malmo/dc-1"].values["online"] is False

    def test_a_station_that_says_goodbye(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        network.link(21, "disconnected")
        assert told(network, 21.5, shipped["station-offline"], "malmo/dc-1") == "critical"
        network.link(22, "connected")
        assert told(network, 22.5, shipped["station-offline"], "malmo/dc-1") == "quiet"

    def test_readings_are_a_sign_of_life(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(0)
        network.meter(25, power_w=0)
        assert told(network, 30, shipped["station-offline"], "malmo/dc-1") == "quiet"

    def test_a_station_without_heartbeats_is_unknown_and_never_offline(self, network: Any, shipped: Rules) -> None:
        network.status(0, "Available")
        assert told(network, 10, shipped["station-offline"], "malmo/dc-1") == "quiet"
        assert told(network, 200, shipped["station-offline"], "malmo/dc-1") == "unknown"
        assert network.picture(200)["malmo/dc-1/1"]["state"] == "Unknown"

    def test_with_a_session_under_way_its_silence_counts(self, network: Any, shipped: Rules) -> None:
        network.charging(0)
        network.power((0, 10), 50)
        assert told(network, 20, shipped["station-offline"], "malmo/dc-1") == "quiet"
        assert told(network, 30, shipped["station-offline"], "malmo/dc-1") == "critical"


class TestSlowConnector:
    def past(self, network: Any, **history: Any) -> None:
        place = {"site": "malmo", "station": "dc-1", "connector": "1"}
        network.history.append({**place, "usual_power_w": 80_000.0, **history})

    def test_three_slow_sessions_in_ten(self, network: Any, shipped: Rules) -> None:
        self.past(network, slow_share_10=30.0, users_10=2)
        assert told(network, 1, shipped["slow-connector"]) == "warning"

    def test_without_users_too(self, network: Any, shipped: Rules) -> None:
        self.past(network, slow_share_10=30.0)
        assert told(network, 1, shipped["slow-connector"]) == "warning"

    def test_one_user_alone_is_a_car(self, network: Any, shipped: Rules) -> None:
        self.past(network, slow_share_10=100.0, users_10=1)
        assert told(network, 1, shipped["slow-connector"]) == "quiet"

    def test_two_are_chance(self, network: Any, shipped: Rules) -> None:
        self.past(network, slow_share_10=20.0, users_10=8)
        assert told(network, 1, shipped["slow-connector"]) == "quiet"

    def test_without_a_past_it_is_quiet(self, network: Any, shipped: Rules) -> None:
        assert told(network, 1, shipped["slow-connector"]) == "quiet"


class TestStalledCharging:
    def test_a_session_without_power(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        network.charging(0, energy_wh=0.0)
        network.power((0, 20), 0)
        assert told(network, 9, shipped["stalled-charging"]) == "quiet"
        assert told(network, 11, shipped["stalled-charging"]) == "warning"

    def test_a_battery_that_stops_in_the_middle(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(30)
        network.charging(0, energy_wh=9_000.0)
        network.power((0, 15), 60, soc=50)
        network.power((15, 30), 0.1, soc=50)
        assert told(network, 20, shipped["stalled-charging"]) == "quiet"
        assert told(network, 26, shipped["stalled-charging"]) == "warning"

    def test_a_full_battery(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(30)
        network.charging(0, energy_wh=30_000.0)
        network.power((0, 30), 0, soc=100)
        assert told(network, 30, shipped["stalled-charging"]) == "quiet"

    def test_an_ac_car_that_may_be_full(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(30, "malmo/ac-1")
        network.charging(0, "malmo/ac-1/1", energy_wh=20_000.0)
        network.power((0, 30), 0, "malmo/ac-1/1")
        assert told(network, 30, shipped["stalled-charging"], "malmo/ac-1/1") == "quiet"


class TestLostPhase:
    CAR = "malmo/ac-1/1"

    def begin(self, network: Any) -> None:
        network.heartbeats(40, "malmo/ac-1")
        network.charging(0, self.CAR)

    def test_a_phase_that_goes_away(self, network: Any, shipped: Rules) -> None:
        self.begin(network)
        network.power((0, 10), 11, self.CAR, phases=3, voltage_v=230)
        network.power((10, 40), 7.4, self.CAR, phases=2, voltage_v=229)
        assert told(network, 10, shipped["lost-phase"], self.CAR) == "quiet"
        assert told(network, 16, shipped["lost-phase"], self.CAR) == "warning"

    def test_it_is_not_over_while_the_phase_is_missing(self, network: Any, shipped: Rules) -> None:
        self.test_a_phase_that_goes_away(network, shipped)
        active = frozenset({("lost-phase", self.CAR)})
        (answer,) = (a for a in network.evaluate(40, (shipped["lost-phase"],), active).answers if a.subject == self.CAR)
        assert (answer.truth, answer.recovered) == (False, False)

    def test_no_voltage_on_one_of_them(self, network: Any, shipped: Rules) -> None:
        self.begin(network)
        network.power((0, 10), 7.4, self.CAR, phases=2, voltage_v=12)
        assert told(network, 10, shipped["lost-phase"], self.CAR) == "warning"

    def test_a_car_with_one_phase(self, network: Any, shipped: Rules) -> None:
        self.begin(network)
        network.power((0, 30), 3.6, self.CAR, phases=1, voltage_v=231)
        assert told(network, 30, shipped["lost-phase"], self.CAR) == "quiet"

    def test_a_pause(self, network: Any, shipped: Rules) -> None:
        self.begin(network)
        network.power((0, 10), 11, self.CAR, phases=3, voltage_v=230)
        network.power((10, 20), 0, self.CAR, phases=0, voltage_v=232)
        assert told(network, 20, shipped["lost-phase"], self.CAR) == "quiet"


class TestSafetyFault:
    @pytest.mark.parametrize("code", ["GroundFailure", "OverCurrentFailure", "HighTemperature"])
    def test_at_once(self, network: Any, shipped: Rules, code: str) -> None:
        network.heartbeats(20)
        network.status(0, "Faulted", error=code)
        assert told(network, 0.1, shipped["safety-fault"]) == "critical"
        assert shipped["safety-fault"].hold_for.total_seconds() == 0
        assert shipped["safety-fault"].inhibited_by == ()

    @pytest.mark.parametrize("code", ["NoError", "ReaderFailure"])
    def test_others_wait(self, network: Any, shipped: Rules, code: str) -> None:
        network.heartbeats(20)
        network.status(0, "Faulted", error=code)
        assert told(network, 0.1, shipped["safety-fault"]) == "quiet"

    def test_it_is_over_when_the_charger_says_so(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        network.status(0, "Faulted", error="GroundFailure")
        network.status(2, "Available")
        assert told(network, 3, shipped["safety-fault"]) == "quiet"


class TestEmergencyStop:
    def stopped(self, network: Any, reason: str) -> None:
        network.heartbeats(20)
        network.history.append({"site": "malmo", "station": "dc-1", "connector": "1", "last_stop_reason": reason})

    def test_until_the_next_car_charges(self, network: Any, shipped: Rules) -> None:
        self.stopped(network, "EmergencyStop")
        network.status(0, "Available")
        assert told(network, 1, shipped["emergency-stop"]) == "critical"
        network.charging(5)
        assert told(network, 6, shipped["emergency-stop"]) == "quiet"

    def test_any_other_reason(self, network: Any, shipped: Rules) -> None:
        self.stopped(network, "EVDisconnected")
        assert told(network, 1, shipped["emergency-stop"]) == "quiet"


class TestSiteDown:
    def test_every_dc_charger_is_out(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        network.heartbeats(20, "malmo/ac-1")
        network.status(0, "Available", "malmo/ac-1/1")
        for connector in ("1", "2"):
            network.status(0, "Faulted", f"malmo/dc-1/{connector}")
        network.heartbeats(-60, "malmo/dc-2")  # and the other station is silent
        assert told(network, 5, shipped["site-down"], "malmo") == "critical"
        network.status(6, "Available")
        assert told(network, 7, shipped["site-down"], "malmo") == "quiet"

    def test_what_is_not_known_is_not_down(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        network.status(0, "Faulted")
        network.status(0, "Faulted", "malmo/dc-1/2")
        assert told(network, 5, shipped["site-down"], "malmo") == "unknown"


class TestNoSessions:
    def idle(self, network: Any, hours: float, gap_hours: float) -> None:
        network.heartbeats(20)
        network.status(0, "Available")
        network.history.append({
            "site": "malmo", "station": "dc-1", "connector": "1", "delivered_us": at_us(-60 * hours),
            "usual_gap_us": round(gap_hours * 3_600_000_000),
        })  # fmt: skip

    @pytest.mark.parametrize(
        ("hours", "gap", "expected"),
        [(31, 10, "warning"), (29, 10, "quiet"), (11, 1, "quiet"), (13, 1, "warning")],
    )
    def test_three_times_its_usual_gap(
        self, network: Any, shipped: Rules, hours: float, gap: float, expected: str
    ) -> None:
        self.idle(network, hours, gap)
        assert told(network, 1, shipped["no-sessions"]) == expected

    def test_a_connector_that_is_taken(self, network: Any, shipped: Rules) -> None:
        self.idle(network, 50, 10)
        network.status(0.5, "Preparing")
        assert told(network, 1, shipped["no-sessions"]) == "quiet"

    def test_a_new_connector(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        network.status(0, "Available")
        assert told(network, 1, shipped["no-sessions"]) == "quiet"


class TestStuckPreparing:
    def test_fifteen_minutes(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(30)
        network.status(0, "Preparing")
        assert told(network, 14, shipped["stuck-preparing"]) == "quiet"
        assert told(network, 16, shipped["stuck-preparing"]) == "warning"
        network.charging(17)
        assert told(network, 40, shipped["stuck-preparing"]) == "quiet"


class TestRepeatedFailedStarts:
    @pytest.mark.parametrize(
        ("share", "users", "expected"),
        [(50.0, 3, "warning"), (40.0, 3, "quiet"), (100.0, 1, "quiet"), (60.0, None, "warning")],
    )
    def test_half_of_the_last_ten(
        self, network: Any, shipped: Rules, share: float, users: int | None, expected: str
    ) -> None:
        place = {"site": "malmo", "station": "dc-1", "connector": "1"}
        network.history.append({**place, "failed_share_10": share, "users_10": users})
        network.heartbeats(20)
        assert told(network, 1, shipped["repeated-failed-starts"]) == expected


class TestMeterDefect:
    @pytest.mark.parametrize(
        ("flags", "expected"),
        [(["register_jump"], "warning"), (["unit_suspect"], "warning"), (["gap", "late"], "quiet"), ([], "quiet")],
    )
    def test_flags_that_make_energy_doubtful(
        self, network: Any, shipped: Rules, flags: list[str], expected: str
    ) -> None:
        network.heartbeats(20)
        network.charging(0, flags=flags)
        assert told(network, 1, shipped["meter-defect"]) == expected


class TestOverstay:
    @pytest.mark.parametrize(
        ("subject", "minutes", "expected"),
        [
            ("malmo/dc-1/1", 25, "info"), ("malmo/dc-1/1", 15, "quiet"),
            ("malmo/ac-1/1", 25, "quiet"), ("malmo/ac-1/1", 250, "info"),
        ],
    )  # fmt: skip
    def test_a_car_that_is_done(
        self, network: Any, shipped: Rules, subject: str, minutes: float, expected: str
    ) -> None:
        network.heartbeats(300, subject.rpartition("/")[0])
        network.charging(0, subject, idle_since_us=at_us(0))
        assert told(network, minutes, shipped["overstay"], subject) == expected


class TestCongestionExpected:
    def busy(self, network: Any, cars: int) -> None:
        for station in ("malmo/dc-1", "malmo/dc-2", "malmo/ac-1"):
            network.heartbeats(60, station)
        for subject in ("malmo/dc-1/1", "malmo/dc-1/2", "malmo/dc-2/1", "malmo/dc-2/2", "malmo/ac-1/1"):
            network.status(-10, "Available", subject)
        for subject in ("malmo/dc-1/1", "malmo/dc-1/2", "malmo/dc-2/1")[:cars]:
            network.status(2, "Charging", subject)
            network.status(30, "Available", subject)
            network.status(31, "Charging", subject)

    def test_cars_come_faster_than_they_go(self, network: Any, shipped: Rules) -> None:
        self.busy(network, 3)
        assert told(network, 60, shipped["congestion-expected"], "malmo") == "info"

    def test_one_of_three_is_no_queue(self, network: Any, shipped: Rules) -> None:
        self.busy(network, 1)
        assert told(network, 60, shipped["congestion-expected"], "malmo") == "quiet"


class TestStationHot:
    @pytest.mark.parametrize(("degrees", "expected"), [(80, "warning"), (95, "critical"), (60, "quiet")])
    def test_one_connector_is_enough(self, network: Any, shipped: Rules, degrees: float, expected: str) -> None:
        network.heartbeats(20)
        for minute in range(1, 6):
            network.meter(minute, temperature_c=degrees)
        assert told(network, 5, shipped["station-hot"], "malmo/dc-1") == expected

    def test_stations_without_a_sensor_are_quiet(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        network.power((0, 5), 50)
        assert told(network, 5, shipped["station-hot"], "malmo/dc-1") == "quiet"


QUIET_ALWAYS = ("slow-charging", "stalled-charging", "connector-faulted", "station-offline", "safety-fault")


def alerts(network: Any, shipped: Rules, minute: float) -> dict[tuple[str, str], str]:
    """Which of the rules about charging would be pending."""
    chosen = tuple(shipped[name] for name in QUIET_ALWAYS)
    evaluation = network.evaluate(minute, chosen)
    assert not evaluation.failures
    return {(a.rule, a.subject): str(a.level) for a in evaluation.answers if a.truth and "dc-1" in a.subject}


class TestWhatOtherSystemsAlarmAbout:
    """Issue 7: no alert of any of these rules, at any minute."""

    def test_minutes_of_offline(self, network: Any, shipped: Rules) -> None:
        for minute in (-30, -25, -20, -15, -10, -5, 0, 9, 14, 19):
            network.link(minute)
        network.status(-30, "Available")
        assert [alerts(network, shipped, minute) for minute in range(0, 20, 3)] == [{}] * 7

    def test_a_station_without_heartbeats_that_falls_silent(self, network: Any, shipped: Rules) -> None:
        network.status(0, "Available")
        network.meter(1, power_w=0)
        assert [alerts(network, shipped, minute) for minute in (5, 30, 90, 240)] == [{}] * 4

    def test_a_session_with_none_of_these_and_no_power(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(20)
        network.charging(0, peak_w=0.0, energy_wh=0.0)
        network.history.append({
            "site": "malmo", "station": "dc-1", "connector": "1", "usual_power_w": 90_000.0,
        })  # fmt: skip
        network.power((0, 20), 0, soc=30)
        assert alerts(network, shipped, 15) == {
            ("slow-charging", "malmo/dc-1/1"): "critical", ("stalled-charging", "malmo/dc-1/1"): "warning",
        }  # fmt: skip
