"""What comes hours or days later than it was measured is found by the comparison of every night."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.readings.influx.conftest import BOUNDS, NOON

HOUR = timedelta(hours=1)


@pytest.fixture
def store(world):
    """With a long window, so that few ticks pass a day."""
    return world.open(bounds=replace(BOUNDS, window=6 * HOUR))


def live(store, until, now, step=3 * HOUR):
    """Ticks from `now` to `until`, sessions taking all that arrives, rounds beside; how many rows they took in."""
    taken, after = 0, 0
    while now < until:
        now += step
        store.bring_up_to(now)
        _, after = store.arrivals("meter", after)
        taken += looked_for(store, now)
    return taken


def looked_for(store, now):
    """Rounds until the night's comparison is done: each has its limits, so a slow machine needs several."""
    taken = store.look_for_late_rows(now)
    while store._upkeep._nightly._under_way is not None:
        taken += store.look_for_late_rows(now)
    return taken


def arrived(store, after, measurement):
    table, last = store.arrivals(measurement, after)
    return [round((row["time_us"] / 1e6 - NOON.timestamp()) / 60) for row in table.to_pylist()], last


def test_a_transaction_delivered_a_day_later_is_found_by_the_next_night_and_only_once(world, store):
    for hour in range(40):
        world.write(f"meter,s/x/1 power_w=1 @{3600 * hour + 60}", f"meter,s/y/1 power_w=1 @{3600 * hour + 60}")
    store.bring_up_to(NOON)
    assert live(store, NOON + 15 * HOUR, NOON) == 0  # a night has passed in which nothing was late
    _, last = arrived(store, 0, "transaction")

    world.write('transaction,s/x/1/start session="7",meter_wh=1 @7200', 'transaction,s/x/1/stop session="7" @10800',
                "meter,s/x/1 power_w=5 @9000")  # fmt: skip
    assert live(store, NOON + 36 * HOUR, NOON + 15 * HOUR) == 0
    taken = live(store, NOON + 39 * HOUR, NOON + 36 * HOUR)
    assert arrived(store, last, "transaction")[0] == [120, 180]
    assert 150 in arrived(store, last, "meter")[0]
    assert taken == 3 + 1  # the row of that hour that had been there is read again with it

    night = store._window.compared[0]
    store._window.note_night(night - 1)
    assert looked_for(store, NOON + 39 * HOUR) == 0
    assert store._window.compared[0] == night


def test_what_was_there_before_the_first_load_is_only_noted_and_what_comes_to_it_later_is_found(world, store):
    world.write(*(f'status,s/x/1 status="Available" @{-86400 * day}' for day in range(1, 5)))
    store.bring_up_to(NOON)
    _, last = arrived(store, 0, "status")
    assert live(store, NOON + 15 * HOUR, NOON) == 0

    world.write('status,s/x/1 status="Charging" @-180000')
    assert live(store, NOON + 39 * HOUR, NOON + 15 * HOUR) == 1
    assert arrived(store, last, "status")[0] == [-3000]
