"""What is known of connectors, stations and sites at a moment, and what is not."""

from datetime import timedelta
from typing import Any

import pytest

from monitor.rules import frame
from monitor.rules.base_names import NAMES
from monitor.rules.connectors import COLUMNS
from monitor.rules.expected import TAPER
from tests.rules.conftest import Network, at_us

EVERY_NAME = " ".join([*COLUMNS, *NAMES])


def frame_row(network: Any, minute: float, subject: str = "malmo/dc-1/1") -> dict[str, Any]:
    with network.snapshot(minute) as snapshot:
        start = network.start + timedelta(minutes=minute)
        rows = frame.build(snapshot, network.facts, [start]).table(EVERY_NAME).to_pylist()
    return next(row for row in rows if f"{row['site']}/{row['station']}/{row['connector']}" == subject)


class TestWhatIsWatched:
    def test_registered_connectors_that_never_sent_anything(self, network: Any) -> None:
        picture = network.picture(0)
        assert set(picture) == {"malmo/dc-1/1", "malmo/dc-1/2", "malmo/dc-2/1", "malmo/dc-2/2", "malmo/ac-1/1"}
        assert picture["malmo/dc-1/1"]["state"] == "Unknown"
        assert picture["malmo/dc-1/1"]["rated_w"] == 150_000

    def test_unregistered_ones_with_an_unknown_rating(self, network: Any) -> None:
        network.status(0, "Available", "lund/x/7")
        row = network.picture(1)["lund/x/7"]
        assert (row["registered"], row["rated_w"], row["current"], row["state"]) == (False, None, None, "Available")

    def test_retired_ones_and_connector_0_are_not_there(self, network: Any) -> None:
        network.status(0, "Available", "malmo/dc-2/3")
        network.status(0, "Available", "malmo/dc-2/0")
        assert not {"malmo/dc-2/3", "malmo/dc-2/0"} & set(network.picture(1))

    def test_rows_of_later_than_now_do_not_count(self, network: Any) -> None:
        network.status(0, "Available")
        network.meter(0, power_w=0)
        network.status(5, "Charging")
        network.meter(5, power_w=50_000)
        row = network.picture(4)["malmo/dc-1/1"]
        assert (row["status"], row["power_w"]) == ("Available", 0)


class TestStatus:
    def test_it_is_since_when_it_has_this_value(self, network: Any) -> None:
        network.heartbeats(10)
        network.status(0, "Charging")
        network.status(3, "Charging", error="OtherError")
        assert frame_row(network, 5)["status_for"] == 300

    def test_from_before_a_silence_it_is_unknown_until_it_is_confirmed(self, network: Any) -> None:
        network.heartbeats(0)
        network.status(0, "Available")
        network.link(40)
        network.meter(41, power_w=0)
        assert frame_row(network, 42)["status"] is None
        network.status(43, "Available")
        assert frame_row(network, 44)["status"] == "Available"

    def test_a_transaction_confirms_it_too(self, network: Any) -> None:
        network.heartbeats(0)
        network.status(0, "Charging")
        network.link(40)
        network.transaction(41, "stop")
        assert frame_row(network, 42)["status"] == "Charging"

    def test_newer_meter_rows_cast_no_doubt(self, network: Any) -> None:
        network.heartbeats(100)
        network.status(0, "Charging")
        network.power((0, 100), 20)
        assert frame_row(network, 100)["status"] == "Charging"

    def test_a_silence_without_heartbeats_is_a_gap_as_well(self, network: Any) -> None:
        network.status(0, "Charging")
        network.power((0, 10), 20)
        network.power((40, 50), 20)
        assert frame_row(network, 50)["status"] is None

    def test_a_disconnection_is_a_gap_however_short(self, network: Any) -> None:
        network.heartbeats(20)
        network.status(0, "Available")
        network.link(20.2, "disconnected")
        network.link(20.4, "connected")
        assert frame_row(network, 21)["status"] is None

    def test_the_stations_own_unavailable_holds_until_its_next_row(self, network: Any) -> None:
        network.heartbeats(20)
        network.status(0, "Available")
        network.status(1, "Unavailable", "malmo/dc-1/0")
        network.status(2, "Available")
        assert frame_row(network, 3)["status"] == "Unavailable"
        network.status(4, "Available", "malmo/dc-1/0")
        assert frame_row(network, 5)["status"] == "Available"


class TestExpected:
    def row(self, network: Any, **readings: float) -> dict[str, Any]:
        network.heartbeats(10)
        network.power((0, 5), 20, **readings)
        return frame_row(network, 5)

    def test_missing_without_a_session(self, network: Any) -> None:
        network.status(0, "Available")
        assert self.row(network)["expected_w"] is None

    def test_the_rating_when_nothing_else_is_known(self, network: Any) -> None:
        network.charging(0)
        row = self.row(network)
        assert (row["expected_w"], row["expected_by"]) == (150_000, "rating")

    def test_a_lowered_offer_is_no_excuse_alone(self, network: Any) -> None:
        network.charging(0)
        assert self.row(network, offered_w=30_000)["expected_w"] == 150_000

    def test_but_is_one_while_a_sibling_charges(self, network: Any) -> None:
        network.charging(0)
        network.charging(0, "malmo/dc-1/2")
        row = self.row(network, offered_w=30_000)
        assert (row["expected_w"], row["expected_by"]) == (30_000, "offer")

    def test_an_offer_for_three_phases_to_a_car_with_one(self, network: Any) -> None:
        network.charging(0, "malmo/ac-1/1")
        network.heartbeats(10, "malmo/ac-1")
        network.power((0, 5), 1.4, "malmo/ac-1/1", phases=1, offered_a=32)
        row = frame_row(network, 5, "malmo/ac-1/1")
        assert (row["expected_w"], row["expected_by"]) == (pytest.approx(22_000 / 3), "phases")
        network.power((5, 9), 1.4, "malmo/ac-1/1", phases=1, offered_w=22_000 * 0.999999)
        assert frame_row(network, 9, "malmo/ac-1/1")["expected_by"] == "phases"  # a lowered offer is no excuse alone
        network.power((9, 12), 1.4, "malmo/ac-1/1", phases=1, offered_w=22_000.0)
        assert frame_row(network, 12, "malmo/ac-1/1")["expected_w"] == pytest.approx(22_000 / 3)

    def test_phases_in_use(self, network: Any) -> None:
        network.charging(0, "malmo/ac-1/1")
        network.heartbeats(10, "malmo/ac-1")
        network.power((0, 5), 3, "malmo/ac-1/1", phases=1)
        row = frame_row(network, 5, "malmo/ac-1/1")
        assert (row["expected_w"], row["expected_by"]) == (pytest.approx(22_000 / 3), "phases")

    def test_the_taper(self, network: Any) -> None:
        usual = {
            "malmo/dc-1/1": (75, 0.585),
            "malmo/dc-1/2": TAPER[1],
            "malmo/dc-2/1": TAPER[2],
            "malmo/dc-2/2": (100, 0.21),
        }
        for subject, (soc, _) in usual.items():
            network.charging(0, subject, peak_w=10_000.0)
            network.meter(1, subject, soc=soc)
        picture = network.picture(1)
        assert {subject: picture[subject]["expected_w"] for subject in usual} == {
            subject: pytest.approx(10_000 * part) for subject, (_, part) in usual.items()
        }

    def test_a_car_that_comes_half_full_has_lost_power_already(self, network: Any) -> None:
        network.charging(0, peak_w=60_000.0, soc_in=70.0)
        row = self.row(network, soc=80)
        # Half of a peak is left at 80 %, of which 67 % were left when it came.
        assert (row["expected_w"], row["expected_by"]) == (pytest.approx(60_000 * 0.5 / 0.67), "taper")

    def test_no_taper_at_70_percent(self, network: Any) -> None:
        network.charging(0, peak_w=100_000.0)
        assert self.row(network, soc=70)["expected_by"] == "peak"

    def test_an_unknown_rating_leaves_the_other_bounds(self, network: Any) -> None:
        network.charging(0, "lund/x/7", peak_w=40_000.0)
        assert frame_row(network, 5, "lund/x/7")["expected_w"] == 40_000


def test_power_is_not_derived_over_less_than_a_minute(network: Any) -> None:
    network.charging(0)
    network.meter(1, energy_wh=1000)
    network.meter(1.5, energy_wh=1100)
    assert frame_row(network, 2)["power_w"] is None
    network.meter(2, energy_wh=1200)
    assert frame_row(network, 2)["power_w"] == 12_000


def test_nor_over_a_register_that_went_back(network: Any) -> None:
    network.charging(0)
    network.meter(1, energy_wh=5000)
    network.meter(3, energy_wh=10)
    assert frame_row(network, 3)["power_w"] is None


def test_nor_from_before_the_session(network: Any) -> None:
    network.meter(0, energy_wh=5000)
    network.charging(20)
    network.meter(20.5, energy_wh=5100)
    assert frame_row(network, 21)["power_w"] is None


def test_an_evse_with_two_plugs_counts_once(network: Any, rule_of: Any) -> None:
    for station in ("malmo/dc-1", "malmo/dc-2", "malmo/ac-1"):
        network.heartbeats(10, station)
    for subject in ("malmo/dc-1/1", "malmo/dc-1/2", "malmo/dc-2/2", "malmo/ac-1/1"):
        network.status(0, "Available", subject)
    network.status(0, "Charging", "malmo/dc-2/1")
    rule = rule_of("connectors(DC) == 3 and in_use(DC) == 1 and available(DC) == 2 and available(AC) == 1", "site")
    assert network.answers(5, rule)["malmo"].truth is True


def test_a_slot_in_the_past_is_seen_as_it_was(network: Any) -> None:
    """The same statement answers for earlier slots: what a backtest asks."""
    network.heartbeats(60)
    network.status(0, "Available")
    network.meter(1, power_w=0, soc=50)
    network.status(10, "Preparing")
    network.status(11, "Charging")
    network.meter(12, power_w=40_000)
    columns = ("status", "status_for", "power_w", "online", "silent_for", "reading_age")
    at_the_time = [{key: frame_row(network, minute)[key] for key in columns} for minute in (5, 10.5, 11.5, 12)]
    slots = [network.start + timedelta(minutes=minute) for minute in (5, 10.5, 11.5, 12)]
    with network.snapshot(60) as snapshot:
        rows = frame.build(snapshot, network.facts, slots).table(EVERY_NAME).to_pylist()
    later = sorted(
        (row for row in rows if row["connector"] == "1" and row["station"] == "dc-1"), key=lambda r: r["slot_us"]
    )
    assert [{key: row[key] for key in columns} for row in later] == at_the_time


class TestDemand:
    def names(self, network: Any, rule_of: Any, minute: float) -> tuple[Any, Any]:
        rule = rule_of("arrivals_1h(DC) >= 0 or wait_estimate(DC) is missing", "site")
        values = network.answers(minute, rule)["malmo"].values
        return values["arrivals_1h(DC)"], values["wait_estimate(DC)"]

    def quiet(self, network: Any) -> None:
        for station in ("malmo/dc-1", "malmo/dc-2", "malmo/ac-1"):
            network.heartbeats(120, station)
        for subject in ("malmo/dc-1/1", "malmo/dc-1/2", "malmo/dc-2/1", "malmo/dc-2/2", "malmo/ac-1/1"):
            network.status(-100, "Available", subject)

    def test_nobody_comes(self, network: Any, rule_of: Any) -> None:
        self.quiet(network)
        assert self.names(network, rule_of, 60) == (0, 0)

    def test_each_car_counts_once(self, network: Any, rule_of: Any) -> None:
        self.quiet(network)
        for minute, status in ((10, "Preparing"), (11, "Charging"), (30, "SuspendedEV"), (40, "Available")):
            network.status(minute, status)
        network.transaction(11, "start")
        network.status(50, "Charging")
        network.transaction(20, "start", "malmo/dc-2/2")
        assert self.names(network, rule_of, 60)[0] == 3
        assert self.names(network, rule_of, 75)[0] == 2

    def test_the_wait_is_erlangs(self, network: Any, rule_of: Any) -> None:
        """Three EVSEs, of which one and a half are taken on average, six cars an hour: 15 min each."""
        self.quiet(network)
        for subject in ("malmo/dc-1/1", "malmo/dc-1/2", "malmo/dc-2/1"):
            for begin in (5, 35):
                network.status(begin, "Charging", subject)
                network.status(begin + 15, "Available", subject)
        arrivals, wait = self.names(network, rule_of, 60)
        load, servers = 1.5, 3
        queue = load**servers / 6 * servers / (servers - load)
        waits = queue / (1 + load + load**2 / 2 + queue)
        assert (arrivals, wait) == (6, pytest.approx(waits * 900 / (servers - load)))

    def test_a_pool_that_is_always_taken(self, network: Any, rule_of: Any) -> None:
        self.quiet(network)
        for subject in ("malmo/dc-1/1", "malmo/dc-1/2", "malmo/dc-2/1"):
            network.status(-30, "Charging", subject)
        assert self.names(network, rule_of, 60) == (0, 3600)

    def test_an_unknown_evse_leaves_it_open(self, network: Any, rule_of: Any) -> None:
        network.heartbeats(60)
        assert self.names(network, rule_of, 60) == (None, None)


class TestHistory:
    def test_what_finished_sessions_say(self, network: Any) -> None:
        of = {"site": "malmo", "station": "dc-1", "connector": "1", "slow_share_10": 60.0, "failed_share_10": 10.0,
              "users_10": 7, "delivered_us": at_us(-90), "usual_gap_us": 1_800_000_000,
              "last_stop_reason": "PowerLoss"}  # fmt: skip
        network.history.append(of)
        row = frame_row(network, 30)
        assert (row["slow_share_10"], row["failed_share_10"], row["users_10"]) == (60, 10, 7)
        assert (row["since_delivered"], row["usual_gap"], row["last_stop_reason"]) == (7_200, 1_800, "PowerLoss")

    def test_unknown_without_a_finished_session(self, network: Any) -> None:
        row = frame_row(network, 30)
        names = ("slow_share_10", "failed_share_10", "users_10", "since_delivered", "usual_gap", "last_stop_reason")
        assert [row[name] for name in names] == [None] * 6

    def test_a_session_under_way_that_delivers_counts(self, network: Any) -> None:
        network.history.append({"site": "malmo", "station": "dc-1", "connector": "1", "delivered_us": at_us(-90)})
        network.charging(0, energy_wh=99.0)
        assert frame_row(network, 30)["since_delivered"] == 7_200
        network.sessions[0]["energy_wh"] = 100.0
        assert frame_row(network, 30)["since_delivered"] == 0


def test_nothing_is_watched_yet(tmp_path: Any) -> None:
    network = Network(tmp_path, "sites: {}\n")
    evaluation = network.evaluate(0, ())
    assert (evaluation.picture.num_rows, evaluation.failures) == (0, {})
    network.store.close()
