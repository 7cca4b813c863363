"""Shipped rules about chargers that are away, or that nobody is served by."""

from typing import Any

import pytest

from tests.rules.conftest import at_us
from tests.rules.shipped.told import Rules, told


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
