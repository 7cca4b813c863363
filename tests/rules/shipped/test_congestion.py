"""Shipped rules about full sites and cars that stay."""

from typing import Any

import pytest

from tests.rules.conftest import at_us
from tests.rules.shipped.told import Rules, told


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

    def test_while_two_are_free_nobody_waits(self, network: Any, shipped: Rules) -> None:
        self.busy(network, 3)
        network.status(58, "Available", "malmo/dc-1/1")
        assert told(network, 60, shipped["congestion-expected"], "malmo") == "info"
        network.status(59, "Available", "malmo/dc-1/2")
        assert told(network, 60, shipped["congestion-expected"], "malmo") == "quiet"

    def test_one_of_three_is_no_queue(self, network: Any, shipped: Rules) -> None:
        self.busy(network, 1)
        assert told(network, 60, shipped["congestion-expected"], "malmo") == "quiet"


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
