"""Every kind of planted trouble is in the readings soon after the start, and nowhere but in the readings."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from monitor.demo.playback import Playback
from monitor.demo.points import Point
from monitor.demo.trouble import KINDS, Trouble
from monitor.ids import Place
from monitor.register import Register

SOON = timedelta(minutes=20)


@pytest.fixture(scope="module")
def first(playback: Playback, start: datetime) -> dict[str, Trouble]:
    found: dict[str, Trouble] = {}
    for trouble in playback.troubles(start + SOON):
        found.setdefault(trouble.name, trouble)
    return found


def of(points: list[Point], trouble: Trouble, measurement: str) -> list[Point]:
    """Rows of the place during the trouble."""
    return [
        point for point in points
        if point.measurement == measurement and point.place.within(trouble.place)
        and trouble.start_s <= point.at_s <= trouble.end_s
    ]  # fmt: skip


def test_every_kind_begins_soon_and_comes_again_elsewhere(
    playback: Playback, start: datetime, first: dict[str, Trouble]
) -> None:
    assert set(first) == {kind.name for kind in KINDS}
    places: dict[str, set[Place]] = defaultdict(set)
    for trouble in playback.troubles(start + timedelta(hours=24)):
        places[trouble.name].add(trouble.place)
    assert all(len(seen) >= 3 for seen in places.values()), places


def test_a_charger_loses_power_while_its_offer_stays(day: list[Point], first: dict[str, Trouble]) -> None:
    rows = of(day, first["power-loss"], "meter")
    began = rows[0].at_s
    before = [float(row.fields["power_w"]) for row in rows if row.at_s - began < 470]
    lost = [row for row in rows if 600 < row.at_s - began < 2300]
    after = [float(row.fields["power_w"]) for row in rows if 2460 < row.at_s - began < 2700]
    assert lost
    assert max(float(row.fields["power_w"]) for row in lost) < 0.2 * max(before)
    assert min(float(row.fields["offered_w"]) for row in lost) > max(before)
    assert max(float(row.fields["soc"]) for row in lost) < 80
    assert min(after) > 0.7 * max(before)


def test_a_connector_reports_a_fault_for_hours(day: list[Point], first: dict[str, Trouble]) -> None:
    faulted, free = of(day, first["fault"], "status")
    assert faulted.fields["status"] == "Faulted"
    assert faulted.fields["error_code"] not in {"", "NoError"}
    assert (free.fields["status"], free.at_s - faulted.at_s) == ("Available", 210 * 60)


def test_a_booting_charger_is_faulted_without_error_for_seconds(day: list[Point], first: dict[str, Trouble]) -> None:
    rows = of(day, first["boot-flap"], "status")
    faulted = [row for row in rows if row.fields["status"] == "Faulted"]
    free = [row for row in rows if row.fields["status"] == "Available"]
    assert {row.fields["error_code"] for row in faulted} == {"NoError"}
    assert {row.place for row in faulted} == {row.place for row in free}
    assert all(0 < after.at_s - before.at_s < 30 for before, after in zip(faulted, free, strict=True))
    assert any(row.fields["event"] == "boot" for row in of(day, first["boot-flap"], "link"))


def test_a_full_site_has_a_car_on_every_fast_charger_for_half_an_hour(
    day: list[Point], first: dict[str, Trouble], network_register: Register
) -> None:
    full = first["site-full"]
    pool = {place for place, plug in network_register if place.site == full.place.site and plug.current == "DC"}
    during = [row for row in of(day, full, "meter") if full.start_s + 300 < row.at_s < full.start_s + 2100]
    taken = {row.place for row in during} & pool
    evses = {(place.station, network_register.connectors[place].evse or place) for place in pool}
    assert len(taken) == len(evses) >= 3
    for place in taken:
        times = [row.at_s for row in of(day, full, "meter") if row.place == place]
        assert times[0] <= full.start_s + 180
        assert times[-1] >= full.start_s + 2100


def test_a_silent_station_sends_nothing_and_comes_back(day: list[Point], first: dict[str, Trouble]) -> None:
    silence = first["silence"]
    rows = [point for point in day if point.place.within(silence.place)]
    assert any(row.at_s < silence.start_s for row in rows)
    assert not any(silence.start_s <= row.at_s < silence.end_s for row in rows)
    back = [row for row in rows if silence.end_s <= row.at_s < silence.end_s + 60]
    assert {row.measurement for row in back} == {"link", "status"}


def test_an_outlet_loses_a_phase(day: list[Point], first: dict[str, Trouble]) -> None:
    phases = [int(float(row.fields["phases"])) for row in of(day, first["phase-loss"], "meter")]
    assert phases[0] == 3
    assert 2 in phases
    two = [row for row in of(day, first["phase-loss"], "meter") if row.fields["phases"] == 2]
    assert all(
        float(row.fields["current_sum_a"]) == pytest.approx(2 * float(row.fields["current_a"]), abs=0.02) for row in two
    )


def test_a_register_jumps_by_900_kwh(day: list[Point], first: dict[str, Trouble]) -> None:
    shown = [float(row.fields["energy_wh"]) for row in of(day, first["register-jump"], "meter")]
    rises = [after - before for before, after in pairwise(shown)]
    assert sum(rise > 800_000 for rise in rises) == 1


def test_one_station_never_sends_a_heartbeat_and_serves_nobody(
    playback: Playback, lead_in: list[Point], day: list[Point], start: datetime
) -> None:
    rows = [point for point in [*lead_in, *day] if point.place.within(playback.quiet_station)]
    assert {row.measurement for row in rows} == {"status"}
    assert max(row.at_s for row in rows) < (start - timedelta(hours=1)).timestamp()


def test_every_other_station_is_heard_every_five_minutes(
    playback: Playback, day: list[Point], start: datetime, network_register: Register
) -> None:
    silent = {trouble.place for trouble in playback.troubles(start + timedelta(hours=24)) if trouble.name == "silence"}
    beats: dict[Place, list[int]] = defaultdict(list)
    for point in day:
        if point.measurement == "link" and point.fields["event"] == "heartbeat":
            beats[point.place].append(point.at_s)
    stations = {place.station_place for place in network_register.connectors} - {playback.quiet_station}
    assert set(beats) == stations
    for place in stations - silent:
        assert {after - before for before, after in pairwise(beats[place])} == {300}


def test_what_to_look_at_names_each_trouble_once_with_its_page(playback: Playback) -> None:
    sights = playback.what_to_look_at()
    assert len(sights) == len(KINDS) + 1
    assert len(set(sights)) == len(sights)
    pages = ("/connectors/", "/stations/", "/sites/")
    assert all(path.startswith(pages) and text for path, text in sights)


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_whenever_the_demo_starts_every_trouble_has_the_cars_it_needs(network_register: Register, hour: int) -> None:
    start = datetime(2026, 11, 21, hour, 7, 12, tzinfo=UTC)
    playback = Playback(network_register, start)
    first: dict[str, Trouble] = {}
    for trouble in playback.troubles(start + SOON):
        first.setdefault(trouble.name, trouble)
    assert set(first) == {kind.name for kind in KINDS}
    visits = playback.visits(start, start + timedelta(hours=1))
    for name in ("power-loss", "phase-loss", "register-jump", "site-full"):
        trouble = first[name]
        came = {
            visit.outlet.place: visit.plug_out_s - trouble.start_s
            for visit in visits
            if visit.outlet in trouble.outlets and -1 < visit.plug_in_s - trouble.start_s < 120
        }
        assert set(came) == {outlet.place for outlet in trouble.outlets}, name
        assert name != "site-full" or min(came.values()) > 30 * 60
