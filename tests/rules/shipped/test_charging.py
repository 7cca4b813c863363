"""The other rules of charging.yaml, each shown firing and shown quiet."""

from typing import Any

from tests.rules.conftest import Rules, told


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
