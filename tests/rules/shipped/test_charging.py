"""Shipped rules about the power that cars get: each fires, and is quiet where a lesser rule would not be."""

from typing import Any

from tests.rules.shipped.told import Rules, told


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
