"""The same span gives the same rows, however it is asked for, and they are what chargers send."""

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.demo.playback import Playback
from monitor.demo.points import Point
from monitor.demo.visit import METER_EVERY_S
from monitor.ids import Place
from monitor.readings.schema import MEASUREMENTS, STATUSES
from monitor.register import Register

FOLLOWS = {
    "Available": {"Preparing", "Faulted", "Available"},
    "Preparing": {"Charging"},
    "Charging": {"SuspendedEV", "Finishing"},
    "SuspendedEV": {"Finishing"},
    "Finishing": {"Available"},
    "Faulted": {"Available"},
}


def test_the_same_register_start_and_seed_give_the_same_rows(network_register: Register, day: list[Point]) -> None:
    start = datetime.fromisoformat("2026-06-03T15:20:07.250+00:00")
    again = Playback(network_register, start).points(start, start + timedelta(hours=2))
    assert again == day[: len(again)]
    assert Playback(network_register, start, seed=8).points(start, start + timedelta(hours=2)) != again


@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.floats(0, 3600), max_size=8))
def test_pieces_give_together_what_the_whole_gives(
    playback: Playback, start: datetime, day: list[Point], cuts: list[float]
) -> None:
    end = 3600
    borders = [start + timedelta(seconds=cut) for cut in [0, *sorted(cuts), end]]
    pieces = [point for after, upto in pairwise(borders) for point in playback.points(after, upto)]
    whole = [point for point in day if point.at_s <= borders[-1].timestamp()]
    assert pieces == whole


def test_a_piece_asked_for_first_and_late_is_the_same(network_register: Register, day: list[Point]) -> None:
    start = datetime.fromisoformat("2026-06-03T15:20:07.250+00:00")
    after, upto = start + timedelta(hours=20), start + timedelta(hours=21)
    piece = Playback(network_register, start).points(after, upto)
    assert piece == [point for point in day if after.timestamp() < point.at_s <= upto.timestamp()]


def test_every_row_is_of_the_schema_and_names_a_registered_place(network_register: Register, day: list[Point]) -> None:
    for point in day:
        measurement = MEASUREMENTS[point.measurement]
        for name, value in point.fields.items():
            field = measurement.field(name)
            assert field, f"{name} is no field of {point.measurement}"
            assert isinstance(value, str) == (field.kind == "text")
        known = point.place in network_register.connectors or point.place.connector in {None, "0"}
        assert known, point.place


def test_statuses_are_of_the_nine_and_follow_ocpp(lead_in: list[Point], day: list[Point]) -> None:
    statuses: dict[Place, list[str]] = defaultdict(list)
    for point in [*lead_in, *day]:
        if point.measurement == "status" and point.place.connector != "0":
            statuses[point.place].append(str(point.fields["status"]))
    assert {status for seen in statuses.values() for status in seen} <= set(STATUSES)
    for place, seen in statuses.items():
        assert seen[0] == "Available"
        for before, after in pairwise(seen):
            assert after in FOLLOWS[before], f"{place.subject}: {after} after {before}"


def test_starts_and_stops_alternate_and_meter_values_lie_between(lead_in: list[Point], day: list[Point]) -> None:
    under_way: dict[Place, str] = {}
    for point in [*lead_in, *day]:
        session = str(point.fields.get("session", ""))
        if point.measurement == "transaction" and point.event == "start":
            assert point.place not in under_way
            assert point.fields["user"]
            under_way[point.place] = session
        elif point.measurement == "transaction":
            assert under_way.pop(point.place) == session
            assert point.fields["reason"]
        elif point.measurement == "meter" and point.fields["power_w"]:
            assert under_way[point.place] == session


def test_meter_values_come_at_least_once_a_minute(playback: Playback, start: datetime, day: list[Point]) -> None:
    seen: dict[tuple[Place, object], list[int]] = defaultdict(list)
    for point in day:
        if point.measurement == "meter":
            seen[point.place, point.fields["session"]].append(point.at_s)
    assert len(seen) > 500
    for times in seen.values():
        assert all(0 < after - before <= max(METER_EVERY_S.values()) for before, after in pairwise(times))


def test_the_demo_goes_on_after_it_has_caught_up(playback: Playback, start: datetime) -> None:
    later = playback.points(start + timedelta(hours=70), start + timedelta(hours=71))
    assert sum(point.measurement == "meter" for point in later) > 500


def test_finished_sessions_come_soon_and_cars_charge_when_it_starts(playback: Playback, start: datetime) -> None:
    grace = timedelta(minutes=10)
    soon = (start + timedelta(minutes=90) - grace).timestamp()
    visits = playback.visits(start, start + timedelta(minutes=90))
    assert sum(visit.plug_out_s < soon for visit in visits) >= 10
    assert sum(visit.started_s < start.timestamp() < visit.stopped_s for visit in visits) >= 20


def test_a_network_of_the_size_that_was_promised(network_register: Register) -> None:
    connectors = network_register.connectors
    assert len(network_register.file.sites) >= 12
    assert len(connectors) >= 150
    assert {connector.current for connector in connectors.values()} == {"AC", "DC"}
    stations = [station for site in network_register.file.sites.values() for station in site.stations.values()]
    assert len({station.vendor for station in stations}) >= 5
    assert any(station.load_managed for station in stations)
    assert any(site.power_groups for site in network_register.file.sites.values())
    assert any(connector.evse for connector in connectors.values())
    assert all(
        site.contact and site.access and site.links and site.address for site in network_register.file.sites.values()
    )
