"""Real sessions on the network: where and when they were recorded, with their own energy, one car at a time."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from monitor.demo.network import PLAYS_A_DAY, SPREAD_S
from monitor.demo.playback import Playback
from monitor.demo.points import Point
from monitor.demo.recordings import Recordings
from monitor.demo.visit import Visit
from monitor.ids import Place
from monitor.register import Register

STOCKHOLM = ZoneInfo("Europe/Stockholm")
DAY = timedelta(hours=24)


@pytest.fixture(scope="module")
def visits(playback: Playback, start: datetime, day: list[Point]) -> list[Visit]:
    return playback.visits(start, start + DAY)


def came_by_themselves(playback: Playback, visits: list[Visit], start: datetime) -> list[Visit]:
    """Visits that no trouble and no opening brought."""
    troubles = playback.troubles(start + 2 * DAY)
    planted = {(outlet.place, trouble.start_s // 300) for trouble in troubles for outlet in trouble.outlets}
    return [
        visit for visit in visits
        if (visit.outlet.place, visit.plug_in_s // 300) not in planted
        and not start.timestamp() - 1800 < visit.plug_in_s < start.timestamp()
    ]  # fmt: skip


def test_one_car_at_a_time(visits: list[Visit]) -> None:
    taken: dict[Place, list[Visit]] = defaultdict(list)
    for visit in visits:
        taken[visit.outlet.place].append(visit)
    for there in taken.values():
        assert all(before.plug_out_s < after.plug_in_s for before, after in pairwise(there))


def test_no_power_group_gives_more_than_it_has(day: list[Point], network_register: Register) -> None:
    limits = {(row["site"], row["station"], row["connector"]): row for row in network_register.rows()}
    taken: dict[tuple[str, int], dict[Place, float]] = defaultdict(dict)
    for point in day:
        if point.measurement == "meter":
            group = limits[point.place]["power_group"]
            taken[group, point.at_s // 60][point.place] = float(point.fields["power_w"])
    for (group, _), powers in taken.items():
        limit_w = limits[next(iter(powers))]["group_max_w"]
        assert sum(powers.values()) <= limit_w * 1.02, group


def test_no_car_takes_more_than_rating_and_offer(day: list[Point], network_register: Register) -> None:
    for point in day:
        if point.measurement == "meter":
            rated_w = network_register.connectors[point.place].rated or 0.0
            assert float(point.fields["power_w"]) <= rated_w * 1.01
            assert float(point.fields["power_w"]) <= float(point.fields["offered_w"]) * 1.01


def test_fast_sessions_have_the_energy_that_was_recorded(
    visits: list[Visit], recordings: Recordings, day: list[Point]
) -> None:
    recorded = {recording.session: recording.curve.total_wh for recording in recordings.dc}
    starts = {point.fields["session"]: point for point in day if point.event == "start"}
    stops = {point.fields["session"]: point for point in day if point.event == "stop"}
    compared = [visit for visit in visits if visit.outlet.is_dc and {visit.transaction} <= starts.keys() & stops.keys()]
    assert len(compared) > 300
    for visit in compared:
        metered = float(stops[visit.transaction].fields["meter_wh"]) - float(
            starts[visit.transaction].fields["meter_wh"]
        )
        assert metered == pytest.approx(recorded[visit.recording], abs=1)


def test_ac_sessions_have_their_energy_where_nothing_held_them_back(
    visits: list[Visit], recordings: Recordings
) -> None:
    recorded = {recording.session: recording.energy_wh for recording in recordings.ac}
    ac = [visit for visit in visits if not visit.outlet.is_dc and not visit.outlet.load_managed]
    got = [visit.energy_wh(visit.stopped_s) / recorded[visit.recording] for visit in ac]
    assert len(got) > 100
    assert max(got) <= 1.0001
    assert sum(share > 0.98 for share in got) > 0.9 * len(got)


def test_registers_run_on_from_visit_to_visit(lead_in: list[Point], day: list[Point], playback: Playback) -> None:
    jumping = {
        trouble.place for trouble in playback.troubles(playback.begins + 2 * DAY) if trouble.name == "register-jump"
    }
    last: dict[Place, float] = {}
    for point in [*lead_in, *day]:
        shown = point.fields.get("energy_wh", point.fields.get("meter_wh"))
        if shown is not None:
            rise = float(shown) - last.get(point.place, float(shown))
            assert rise >= 0, point
            assert rise < 20_000 or point.place in jumping or point.event == "start", point
            last[point.place] = float(shown)


def off_by_s(visit: Visit, recorded: Mapping[str, int]) -> int:
    """How far a visit begins from the local time of day of its recording, across midnight too."""
    local = datetime.fromtimestamp(visit.plug_in_s, STOCKHOLM)
    apart = local.hour * 3600 + local.minute * 60 + local.second - recorded[visit.recording]
    return abs((apart + 43_200) % 86_400 - 43_200)


def test_no_recording_is_played_often_on_one_day_or_twice_at_once(
    playback: Playback, visits: list[Visit], start: datetime
) -> None:
    came = came_by_themselves(playback, visits, start)
    days = Counter((visit.recording, datetime.fromtimestamp(visit.plug_in_s, STOCKHOLM).date()) for visit in came)
    assert max(days.values()) <= 2 * PLAYS_A_DAY  # a visit planned for one day may begin on the day beside it
    begun = Counter((visit.recording, visit.plug_in_s // 60) for visit in came)
    assert sum(count > 1 for count in begun.values()) < 0.01 * len(came)


def test_cars_come_about_when_they_were_recorded(
    playback: Playback, visits: list[Visit], recordings: Recordings, start: datetime
) -> None:
    recorded = {found.session: found.arrival_s for found in recordings.sessions}
    for visit in came_by_themselves(playback, visits, start):
        assert off_by_s(visit, recorded) <= SPREAD_S


@pytest.mark.parametrize(
    ("start", "length_h"),
    [(datetime(2026, 3, 28, 12, tzinfo=UTC), 23), (datetime(2026, 10, 24, 12, tzinfo=UTC), 25)],
    ids=["spring", "autumn"],
)
def test_a_night_in_which_the_clock_changes(
    network_register: Register, recordings: Recordings, start: datetime, length_h: int
) -> None:
    playback = Playback(network_register, start)
    stays = {found.session: found.stay_s for found in recordings.ac}
    recorded = {found.session: found.arrival_s for found in recordings.sessions}
    visits = came_by_themselves(playback, playback.visits(start, start + DAY), start)
    change = datetime(start.year, start.month, start.day + 1, 1, tzinfo=UTC).timestamp()
    through = [visit for visit in visits if visit.plug_in_s < change < visit.plug_out_s and not visit.outlet.is_dc]
    assert len(through) >= 5
    assert all(visit.plug_out_s - visit.plug_in_s == stays[visit.recording] for visit in through)
    morning = [visit for visit in visits if visit.plug_in_s > change + 3 * 3600]
    assert len(morning) > 50
    for visit in morning:
        assert off_by_s(visit, recorded) <= SPREAD_S
    midnight = datetime(start.year, start.month, start.day + 1, tzinfo=STOCKHOLM)
    next_midnight = datetime(start.year, start.month, start.day + 2, tzinfo=STOCKHOLM)
    assert next_midnight.astimezone(UTC) - midnight.astimezone(UTC) == timedelta(hours=length_h)


def test_outlets_are_used_as_much_as_public_ones_are(visits: list[Visit], start: datetime) -> None:
    begin_s, end_s = start.timestamp(), (start + DAY).timestamp()
    taken_s: dict[bool, dict[Place, float]] = {True: defaultdict(float), False: defaultdict(float)}
    for visit in visits:
        there_s = min(visit.plug_out_s, end_s) - max(visit.plug_in_s, begin_s)
        taken_s[visit.outlet.is_dc][visit.outlet.place] += there_s / 86_400
    fast, slow = taken_s[True].values(), taken_s[False].values()
    assert 0.15 < sum(fast) / len(fast) < 0.30
    assert 0.20 < sum(slow) / len(slow) < 0.60
