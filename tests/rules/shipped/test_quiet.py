"""What other systems alarm about, and ours do not (issue 7)."""

from typing import Any

from tests.rules.shipped.told import Rules


def alerts(network: Any, shipped: Rules, minute: float) -> dict[tuple[str, str], str]:
    """Which rules about connectors and stations would be pending at station dc-1."""
    chosen = tuple(rule for rule in shipped.values() if rule.on in {"connector", "station"})
    evaluation = network.evaluate(minute, chosen)
    assert not evaluation.failures
    return {(a.rule, a.subject): str(a.level) for a in evaluation.answers if a.truth and "dc-1" in a.subject}


class TestWhatOtherSystemsAlarmAbout:
    """No alert of any rule, at any minute."""

    def test_a_boot_flap(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(30)
        network.status(-10, "Available")
        network.link(5, "boot")
        network.status(5.1, "Faulted")
        network.status(5.4, "Available")
        told = [alerts(network, shipped, minute / 2) for minute in range(8, 24)]
        # Such seconds of Faulted fall between two evaluations; rules/tests/faults.yaml has them at one, held by `for`.
        assert [each for each in told if each] == []

    def test_a_battery_that_tapers_above_80_percent(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(40)
        network.charging(0, peak_w=140_000.0, soc_in=20.0)
        for minute in range(40):
            soc = 60 + minute
            network.power((minute, minute + 1), 140 if soc < 70 else 140 - 4 * (soc - 70), soc=soc)
        assert [alerts(network, shipped, minute) for minute in range(1, 40, 3)] == [{}] * 13

    def test_two_cars_that_share_a_station(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(30)
        network.charging(0, peak_w=150_000.0)
        network.power((0, 10), 150, soc=30)
        network.charging(10, "malmo/dc-1/2", peak_w=100_000.0)
        network.power((10, 30), 100, soc=45)
        network.power((10, 30), 100, "malmo/dc-1/2", soc=20)
        assert [alerts(network, shipped, minute) for minute in range(11, 30, 3)] == [{}] * 7

    def test_the_previous_cars_readings_in_the_window(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(30)
        network.power((0, 9.5), 3, soc=60)
        network.charging(10, peak_w=120_000.0)
        network.power((10, 30), 120, soc=20)
        assert [alerts(network, shipped, minute) for minute in range(11, 30, 3)] == [{}] * 7

    def test_a_charger_without_state_of_charge(self, network: Any, shipped: Rules) -> None:
        network.heartbeats(50)
        network.charging(0, peak_w=120_000.0)
        for minute in range(50):
            network.power((minute, minute + 1), 120 if minute < 20 else max(120 - 4 * (minute - 20), 20))
        assert [alerts(network, shipped, minute) for minute in range(1, 50, 3)] == [{}] * 17

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
