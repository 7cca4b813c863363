"""The window beside InfluxDB: what others write comes in, each row once, whenever it comes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.errors import InputError, StoreUnavailable
from monitor.readings.influx.ranges import pages
from tests.readings.influx.conftest import BOUNDS, NOON, after_noon, held


def arrived(store, after, measurement="meter"):
    """Seconds after noon of what arrived, and the last number."""
    table, last = store.arrivals(measurement, after)
    return [row["time_us"] / 1e6 - NOON.timestamp() for row in table.to_pylist()], last


def test_the_first_load_takes_the_window_and_the_last_status_however_old(world):
    world.write('status,s/x/1 status="Faulted" @-86400', 'status,s/x/1 status="Available" @-90000',
                "meter,s/x/1 power_w=1 @-7200", "meter,s/x/1 power_w=2 @-600",
                'link,s/x event="boot" @-60')  # fmt: skip
    store = world.open()
    store.bring_up_to(NOON)

    assert held(store, "status", "status") == [(-86400, "Faulted")]
    assert held(store) == [(-600, 2000)]
    assert held(store, "link", "event") == [(-60, "boot")]
    with store.snapshot() as snapshot:
        [latest] = snapshot.query("SELECT status, since_us FROM latest_status").to_pylist()
    assert latest["status"] == "Faulted"
    [row] = store.arrivals("meter", 0)[0].to_pylist()
    assert row["received_us"] == row["time_us"]  # nobody knows better, and it is not late


def test_each_tick_takes_in_what_is_new_once_and_its_own_moment(world):
    store = world.open()
    store.bring_up_to(NOON)
    world.write("meter,s/x/1 power_w=1 @10", "meter,s/x/1 power_w=2 @30", "meter,s/x/1 power_w=3 @31")
    store.bring_up_to(after_noon(30))
    first, last = arrived(store, 0)
    store.bring_up_to(after_noon(60))
    second, last = arrived(store, last)
    store.bring_up_to(after_noon(90))

    assert (first, second) == ([10, 30], [31])
    assert arrived(store, last)[0] == []
    assert held(store) == [(10, 1000), (30, 2000), (31, 3000)]


def test_a_row_that_comes_a_little_late_is_found_by_the_next_tick(world):
    store = world.open()
    store.bring_up_to(after_noon(60))
    world.write("meter,s/x/1 power_w=1 @35")
    store.bring_up_to(after_noon(90))

    assert held(store) == [(35, 1000)]


def test_what_came_in_through_us_is_there_at_once_and_does_not_arrive_again_by_the_pull(world, batch, at):
    store = world.open()
    store.bring_up_to(NOON)
    store.append(batch(meter=[{"time_us": at(10), "power_w": 1.5, "session": "a"}]))
    assert held(store) == [(10, 1500)]
    _, last = arrived(store, 0)
    store.bring_up_to(after_noon(30))

    assert arrived(store, last)[0] == []
    [row] = store.arrivals("meter", 0)[0].to_pylist()
    assert row["received_us"] == at(0)


def test_a_field_written_later_by_another_writer_arrives(world, batch, at):
    store = world.open()
    store.append(batch(meter=[{"time_us": at(10), "power_w": 1.0}]))
    store.bring_up_to(after_noon(30))
    _, last = arrived(store, 0)
    world.write("meter,s/x/1 soc=40 @10")
    store.bring_up_to(after_noon(35))

    assert arrived(store, last)[0] == [10]
    assert held(store, columns="power_mw, soc_mpct") == [(10, 1000, 40_000)]


def test_a_minute_late_row_is_found_by_its_minute_s_count_and_arrives_as_late(world):
    world.write("meter,s/x/1 power_w=1 @-200", "meter,s/x/1 power_w=1 @-10")
    store = world.open()
    store.bring_up_to(NOON)
    _, last = arrived(store, 0)
    world.write("meter,s/x/1 power_w=2 @-150", 'status,s/x/1 status="Charging" @-170')
    store.bring_up_to(after_noon(30))
    assert held(store) == [(-200, 1000), (-10, 1000)]

    assert store.look_for_late_rows(after_noon(30)) == 2
    assert arrived(store, last)[0] == [-150]
    [row] = store.arrivals("meter", last)[0].to_pylist()
    assert row["received_us"] == round(after_noon(30).timestamp() * 1e6)
    assert held(store, "status", "status") == [(-170, "Charging")]
    assert store.look_for_late_rows(after_noon(30)) == 0


def test_rows_that_cannot_be_taken_are_read_again_no_more_than_once(world):
    world.write("meter,s/x/1 power_w=1e300 @-150", "meter,s/x power_w=1 @-140",
                'transaction,s/x/1/pause session="1" @-130', "meter,s/x/1 power_w=5 @-120")  # fmt: skip
    store = world.open()
    store.bring_up_to(NOON)

    assert held(store) == [(-150, None), (-120, 5000)]
    for _ in range(2):
        assert store.look_for_late_rows(NOON) == 0


def test_a_station_that_is_back_has_its_silence_read_again_now_and_later(world):
    world.write("meter,s/x/1 power_w=1 @-1500", "meter,s/y/1 power_w=1 @-1500")
    store = world.open()
    for second in (-1490, -60):
        store.bring_up_to(after_noon(second))
    world.write("meter,s/x/1 power_w=1 @-10", "meter,s/x/1 power_w=2 @-1000", "meter,s/y/1 power_w=2 @-1000")
    store.bring_up_to(NOON)
    assert store.look_for_late_rows(NOON) == 1
    assert (-1000, 2000) in held(store)

    world.write("meter,s/x/1 power_w=3 @-900")
    for minute in range(1, 6):
        store.bring_up_to(after_noon(60 * minute))
        store.look_for_late_rows(after_noon(60 * minute))
    store.bring_up_to(after_noon(301))
    assert (-900, 3000) in held(store)


def test_a_heartbeat_each_quarter_of_an_hour_is_no_silence(world, batch, at):
    store = world.open()
    store.append(batch(link=[{"time_us": at(-900), "event": "heartbeat", "interval_s": 900.0}]))
    store.bring_up_to(after_noon(-890))
    store.append(batch(link=[{"time_us": at(0), "event": "heartbeat", "interval_s": 900.0}]))
    store.bring_up_to(NOON)

    assert store._late._gaps == []


def test_old_rows_are_dropped_once_sessions_have_them_and_the_last_values_stay(world):
    world.write("meter,s/x/1 power_w=1 @-1700", 'status,s/x/1 status="Available" @-1750',
                'status,s/x/1 status="Charging" @-1700')  # fmt: skip
    store = world.open()
    store.bring_up_to(NOON)
    _, last = arrived(store, 0)
    later = timedelta(minutes=10)
    store.bring_up_to(NOON + later)
    store.look_for_late_rows(NOON + later)
    assert held(store) == [(-1700, 1000)]  # nobody has asked beyond it yet

    arrived(store, last)
    later = timedelta(minutes=20)
    store.bring_up_to(NOON + later)
    store.look_for_late_rows(NOON + later)
    assert held(store) == []
    assert held(store, "status", "status") == [(-1750, "Available"), (-1700, "Charging")]
    with store.snapshot() as snapshot:
        assert snapshot.query("SELECT power_mw FROM latest_meter").to_pylist() == [{"power_mw": 1000}]
    world.write('status,s/x/1 status="Charging" @-1800')
    store._puller.read_again(*(round(after_noon(s).timestamp() * 1e6) for s in (-1900, -1790)), 0)
    store.bring_up_to(NOON + later)
    with store.snapshot() as snapshot:
        [row] = snapshot.query("SELECT since_us FROM latest_status").to_pylist()
    assert row["since_us"] / 1e6 - NOON.timestamp() == -1700


def test_a_restart_reads_the_gap_only_and_numbers_go_on(world):
    world.write("meter,s/x/1 power_w=1 @-60")
    store = world.open()
    store.bring_up_to(NOON)
    _, last = arrived(store, 0)
    store.close()
    world.write("meter,s/x/1 power_w=2 @60", "meter,s/x/1 power_w=9 @-120")
    store = world.open()
    store.bring_up_to(after_noon(90))

    assert arrived(store, last)[0] == [60]
    assert held(store) == [(-60, 1000), (60, 2000)]
    store.look_for_late_rows(after_noon(90))
    assert arrived(store, last)[0] == [60, -120]


def test_after_a_stop_longer_than_the_window_the_stretch_before_it_comes_beside_the_ticks(world):
    store = world.open()
    store.bring_up_to(NOON)
    store.close()
    hours = 3 * 3600
    world.write("meter,s/x/1 power_w=1 @3600", f"meter,s/x/1 power_w=2 @{hours - 60}")
    store = world.open()
    store.bring_up_to(after_noon(hours))
    assert (hours - 60, 2000) in held(store)

    store.look_for_late_rows(after_noon(hours))
    assert sorted(arrived(store, 0)[0]) == [3600, hours - 60]


def test_a_lost_window_is_loaded_again_above_all_numbers_it_gave(world):
    world.write("meter,s/x/1 power_w=1 @-60")
    store = world.open()
    store.bring_up_to(NOON)
    _, last = arrived(store, 0)
    store.close()
    for file in world.folder.glob("window.duckdb*"):
        file.unlink()
    store = world.open(at=after_noon(5))
    store.bring_up_to(after_noon(10))

    assert arrived(store, last)[0] == [-60]


def test_another_database_makes_the_window_anew(world):
    world.write("meter,s/x/1 power_w=1 @-60")
    store = world.open()
    store.bring_up_to(NOON)
    store.close()
    store = world.open(settings=world.settings.model_copy(update={"bucket": "another"}))
    store.bring_up_to(NOON)

    assert held(store) == []


def test_a_fleet_that_does_not_fit_is_said_before_the_disk_is_full(world, monkeypatch):
    monkeypatch.setattr("monitor.readings.influx.pulling._PIECE_ROWS", 50)
    world.write(*(f"meter,s/x{n % 10}/1 power_w=1 @{-1800 + n}" for n in range(1800)))
    store = world.open(bounds=replace(BOUNDS, window_limit=50_000))

    with pytest.raises(StoreUnavailable, match=r"evaluate\.window_limit"):
        store.bring_up_to(NOON)


def test_a_long_range_comes_in_pages_each_row_once_forward_and_backward(world):
    # Many rows of one moment, so that pages end in the middle of it.
    world.write(*(f"meter,s/x{n}/1 power_w={n} @{second}" for second in range(6) for n in range(7)))
    store = world.open()
    for newest_first in (False, True):
        rows = [
            (row["time_us"], row["station"])
            for page in pages(store._server, "meter", (None, None), newest_first=newest_first, page_rows=5)
            for row in page.to_pylist()
        ]
        assert len(rows) == len(set(rows)) == 42
        times = [time for time, _ in rows]
        assert times == sorted(times, reverse=newest_first)
    limited = list(pages(store._server, "meter", (None, None), limit=12, page_rows=5))
    assert sum(page.num_rows for page in limited) == 12


def test_what_influxdb_could_never_store_is_refused_and_not_spooled(world, batch, at):
    store = world.open()
    with pytest.raises(InputError, match="line break"):
        store.append(batch(meter=[{"site": "a\nb", "time_us": at(0), "power_w": 1.0}]))
    assert not store._spool
