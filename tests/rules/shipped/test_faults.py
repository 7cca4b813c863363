"""Shipped rules about chargers that say that something is wrong."""

from typing import Any

import pytest

from tests.rules.shipped.told import Rules, told


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
