"""What other systems alarm about: no alert of any of these rules, at any minute."""

from typing import Any

from tests.rules.conftest import Rules

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
