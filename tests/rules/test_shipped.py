"""The rules that are shipped, each shown firing and each shown quiet where a lesser rule would not be."""

from collections.abc import Mapping
from typing import Any

from monitor.rules.model import Rule

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
        network.power((10, 20), 30, soc=45)
        assert told(network, 10, shipped["slow-charging"]) == "info"
        assert told(network, 20, shipped["slow-charging"]) == "warning"

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
