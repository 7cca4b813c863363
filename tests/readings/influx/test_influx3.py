"""What only InfluxDB 3 asks of the store, against a server that answers as the recordings of 3.6 do."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from monitor.config import InfluxDB
from monitor.errors import InputError, StoreUnavailable
from monitor.readings.influx.refusal import Missing, TooManyFiles, Unusable
from monitor.readings.influx.server import InfluxServer
from tests.influx3 import TOKEN, Core, core3
from tests.readings.influx.conftest import BOUNDS, NOON, World, after_noon, held

DAY_S = 86_400


@pytest.fixture
def core(influxd: InfluxDB) -> Iterator[Core]:
    """One that reads three files a question: half an hour of readings that come every ten minutes."""
    with core3(influxd.url, file_limit=3) as running:
        yield running


@pytest.fixture
def world(core: Core, tmp_path: Path) -> Iterator[World]:
    made = World(InfluxDB(url=core.url, token=TOKEN, bucket=f"test {uuid4().hex[:8]}"), tmp_path)
    with closing(made.writer), made.stores:
        yield made


def test_a_range_longer_than_the_files_that_a_question_may_touch_comes_whole_in_both_directions(world):
    expected = list(range(0, 3 * DAY_S, 4 * 3600))
    world.write(*(f"meter,s/x/1 power_w={second} @{second}" for second in expected))
    store = world.open()
    rows = [row for batch in store.scan("meter") for row in batch.to_pylist()]
    assert [row["power_w"] for row in rows] == expected
    back = [row for batch in store.scan("meter", newest_first=True, limit=5) for row in batch.to_pylist()]
    assert [row["power_w"] for row in back] == expected[:-6:-1]
    between = store.scan("meter", after_noon(expected[3]), after_noon(expected[15]))
    assert [row["power_w"] for batch in between for row in batch.to_pylist()] == expected[3:15]


def test_the_last_status_of_every_connector_is_found_across_pieces(world):
    world.write(
        *(f'status,s/x/1 status="Charging",info="{day}" @{-DAY_S * day - 7200}' for day in range(5)),
        f'status,s/y/1 status="Faulted" @{-DAY_S * 20}',
        f'status,s/z/1 info="no status" @{-60}',
    )
    store = world.open()
    store.bring_up_to(NOON)
    assert held(store, "status", "status, info") == [
        (-DAY_S * 20, "Faulted", None),
        (-7200, "Charging", "0"),
        (-60, None, "no status"),
    ]


def test_counts_of_a_day_come_in_pieces_that_begin_with_an_hour(world):
    world.write(*(f"meter,s/x/1 power_w=1 @{600 * n}" for n in range(24)))
    begin_us = round(NOON.timestamp() * 1e6)
    found = world.writer.counts("meter", begin_us, begin_us + DAY_S * 10**6, 1800, by_station=True)
    assert found["values"].to_pylist() == [3] * 8
    with pytest.raises(TooManyFiles, match="--query-file-limit"):
        world.writer.counts("meter", begin_us, begin_us + DAY_S * 10**6, 3600)


def test_without_its_token_not_even_ping_answers_and_the_setting_is_named(world):
    store = world.open(settings=world.settings.model_copy(update={"token": ""}))
    with pytest.raises(Unusable, match=r"set influxdb\.token"):
        store.bring_up_to(NOON)


def test_a_database_that_nobody_wrote_to_is_empty_where_we_may_make_it_and_told_where_not(world, batch, at):
    store = world.open()
    store.bring_up_to(NOON)
    assert held(store) == []

    strict = world.open(settings=world.settings.model_copy(update={"create": False, "bucket": "nowhere"}))
    with pytest.raises(Missing, match=r"no database or bucket 'nowhere': create it, set influxdb\.create"):
        strict.bring_up_to(NOON)


def test_old_rows_go_by_the_database_s_own_retention(world, batch, at):
    store = world.open()
    store.append(batch(meter=[{"time_us": at(0), "power_w": 1.0}]))
    with pytest.raises(InputError, match="retention period"):
        store.forget("meter", after_noon(60))


def test_a_window_that_is_too_fine_for_the_limit_is_told_and_not_half_loaded(influxd, tmp_path):
    with core3(influxd.url, file_limit=0) as core:
        world = World(InfluxDB(url=core.url, token=TOKEN, bucket=f"test {uuid4().hex[:8]}"), tmp_path)
        with closing(world.writer), world.stores:
            world.write("meter,s/x/1 power_w=1 @-60")
            store = world.open(bounds=replace(BOUNDS, window=timedelta(minutes=10)))
            with pytest.raises(StoreUnavailable, match="--query-file-limit"):
                store.bring_up_to(NOON)


def test_a_cluster_is_asked_in_json(world, batch, at):
    clustered = world.settings.model_copy(update={"version": "clustered"})
    store = world.open(settings=clustered)
    store.append(batch(meter=[{"time_us": at(second), "power_w": float(second)} for second in (-600, -60, -30)]))
    world.write('status,s/x/1 status="Charging",info="a\\"b\\";c" @-7200', "meter,s/x/1 power_w=5 @-20")
    store.bring_up_to(NOON)
    assert held(store) == [(-600, -600_000), (-60, -60_000), (-30, -30_000), (-20, 5_000)]
    assert held(store, "status", "status, info") == [(-7200, "Charging", 'a"b";c')]
    assert [row["power_w"] for rows in store.scan("meter") for row in rows.to_pylist()] == [-600.0, -60.0, -30.0, 5.0]
    world.write("meter,s/x/1 power_w=6 @-100")
    assert store.look_for_late_rows(NOON) == 1
    with closing(InfluxServer(clustered)) as server:
        assert (server.unread(), server.unmapped()) == ([], {})
