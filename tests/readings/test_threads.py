"""Many writers and readers at once, and what is left after a transaction that failed."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from monitor.errors import InputError
from monitor.ids import Place
from monitor.units import from_us


def test_writers_readers_and_ticks_at_once(store, power, noon):
    def write(station: int) -> None:
        for second in range(25):
            store.append(power(second, station=f"x{station}"))

    def read(_: int) -> None:
        for _ in range(8):
            with store.snapshot() as snapshot:
                counted = "SELECT count(*) AS n, count(DISTINCT (connector_key, time_us)) AS points FROM meter"
                [row] = snapshot.query(counted).to_pylist()
                assert row["n"] == row["points"]
                assert snapshot.query(counted).to_pylist() == [row]

    def tick(_: int) -> None:
        for second in range(8):
            store.bring_up_to(noon + timedelta(seconds=second))

    with ThreadPoolExecutor(8) as pool:
        work = (
            [pool.submit(write, n) for n in range(4)]
            + [pool.submit(read, n) for n in range(3)]
            + [pool.submit(tick, 0)]
        )
        for each in work:
            each.result()
    assert store.health().rows["meter"] == 100


def test_late_rows_are_merged_while_others_come_in(store, power, noon):
    """Each point once, with the last value written: also where a point is written again while it is being merged."""
    done = threading.Event()

    def write(station: str) -> None:
        for turn in range(60):
            for second in (turn, turn - 0.5, turn // 2, turn - 20):
                store.append(power(second, turn, station))

    def merge() -> None:
        while not done.is_set():
            store.bring_up_to(noon)

    with ThreadPoolExecutor(4) as pool:
        merging = pool.submit(merge)
        writing = [pool.submit(write, station) for station in ("x", "y", "z")]
        for each in writing:
            each.result()
        done.set()
        merging.result()

    expected = {}
    for turn in range(60):
        for second in (turn, turn - 0.5, turn // 2, turn - 20):
            expected[noon + timedelta(seconds=second)] = turn
    store.bring_up_to(noon + timedelta(hours=1))
    assert store.health().late_rows == 0
    for station in ("x", "y", "z"):
        rows = [row for batch in store.scan("meter", place=Place("s", station, "1")) for row in batch.to_pylist()]
        assert {from_us(row["time_us"]): row["power_w"] for row in rows} == expected
        assert len(rows) == len(expected)
    with store.snapshot() as snapshot:
        [last] = snapshot.query("SELECT DISTINCT power_mw, row_us FROM latest_meter").to_pylist()
        assert (last["power_mw"] / 1000, from_us(last["row_us"])) == (59, noon + timedelta(seconds=59))


def test_batches_that_wait_together_are_committed_together(store, power):
    """While the writer is busy with one thing, what comes in meanwhile shares one commit and so one number."""
    busy, go_on = threading.Event(), threading.Event()

    def occupy(*_: object) -> None:
        busy.set()
        go_on.wait()

    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(store._writer.run, "wait", occupy)
        busy.wait()
        appends = [pool.submit(store.append, power(n, station=f"x{n}")) for n in range(8)]
        while store._writer._queue.qsize() < 8:
            time.sleep(0.001)
        go_on.set()
        for each in [first, *appends]:
            each.result()
    arrived, last = store.arrivals("meter", 0)
    assert arrived.num_rows == 8
    assert last == 1


def test_a_failed_transaction_leaves_nothing_behind(store, power, noon):
    store.append(power(0))

    def fail(connection, appender):
        appender.keys.add(Place("s", "never", "1"))
        appender.keys.save(connection)
        connection.execute("DELETE FROM meter")
        connection.execute("SELECT no_such_column FROM meter")

    with pytest.raises(InputError, match="no_such_column"):
        store._writer.run("fail", fail)
    store.append(power(10, station="after"))

    with store.snapshot() as snapshot:
        places = snapshot.query(
            "SELECT station FROM meter JOIN connectors USING (connector_key) ORDER BY time_us"
        ).to_pylist()
        assert places == [{"station": "x"}, {"station": "after"}]
        assert snapshot.query("SELECT count(*) AS n FROM connectors").to_pylist() == [{"n": 2}]
    assert store.health().newest == noon + timedelta(seconds=10)


def test_a_reader_that_stops_half_way_holds_nothing_up(store, power):
    for second in range(3):
        store.append(power(second))
    scan = store.scan("meter")
    next(scan)
    scan.close()

    store.append(power(5))
    assert store.health().rows["meter"] == 4


def test_health_counts_late_rows_and_bytes(store, power, noon):
    store.append(power(10))
    store.append(power(0))
    health = store.health()

    assert (health.rows["meter"], health.late_rows, health.newest) == (2, 1, noon + timedelta(seconds=10))
    assert health.size_bytes > 0
    store.bring_up_to(noon)
    assert store.health().late_rows == 0
