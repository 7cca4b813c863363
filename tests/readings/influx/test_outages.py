"""InfluxDB away, hung, overloaded, cut off or misconfigured: nothing is lost, no tick is stuck, all rows once."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import StoreFull, StoreUnavailable
from monitor.readings.influx.store import InfluxStore
from monitor.readings.influx.window import Window
from tests import influx
from tests.conftest import missing
from tests.readings.influx.conftest import BOUNDS, NOON, World, after_noon, held
from tests.readings.influx.proxy import CUT, DRIBBLE, HANG, PASS, Proxy, proxy_before

IMPATIENT = timedelta(seconds=2)


@pytest.fixture
def proxy(world: World) -> Iterator[Proxy]:
    with proxy_before(world.settings.url) as made:
        yield made


@pytest.fixture
def store(world: World, proxy: Proxy) -> InfluxStore:
    """Through the proxy, with little patience, its threads running."""
    opened = world.open(settings=world.settings.model_copy(update={"url": proxy.url, "timeout": IMPATIENT}))
    opened.start()
    return opened


def eventually(check: Callable[[], Any], what: str, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def rows_of(store: InfluxStore) -> list[tuple[float, float]]:
    """Seconds after noon and power of all rows in InfluxDB."""
    rows = [row for batch in store.scan("meter") for row in batch.to_pylist()]
    return [(row["time_us"] / 1e6 - NOON.timestamp(), row["power_w"]) for row in rows]


def power(batch: Callable[..., Any], second: float) -> Any:
    at = after_noon(second)
    return batch(at, meter=[{"time_us": round(at.timestamp() * 1e6), "power_w": float(second)}])


@pytest.mark.parametrize("mode", ["500", "503", "429", CUT, HANG, DRIBBLE])
def test_whatever_influxdb_answers_a_tick_ends_in_time_and_writes_are_safe(store, proxy, batch, mode):
    store.append(power(batch, 1))
    store.bring_up_to(after_noon(10))
    proxy.mode = mode
    with pytest.raises(StoreUnavailable):
        store.bring_up_to(after_noon(20))
    for second in range(11, 15):
        store.append(power(batch, second))
    assert not store.health().reachable

    proxy.mode = PASS
    eventually(lambda: not store._spool, "the spool has drained")
    store.bring_up_to(after_noon(30))
    assert store.health().reachable
    assert rows_of(store) == [(second, second) for second in (1, 11, 12, 13, 14)]
    assert held(store) == [(second, second * 1000) for second in (1, 11, 12, 13, 14)]


@pytest.mark.parametrize("mode", ["429", "503"])
def test_a_server_that_asks_for_a_rest_gets_it_from_ticks_and_writers_and_the_drain(world, proxy, batch, mode):
    store = world.open(settings=world.settings.model_copy(update={"url": proxy.url}))
    store.bring_up_to(NOON)
    proxy.mode, proxy.retry_after = mode, "3"
    with pytest.raises(StoreUnavailable, match=rf"overloaded \({mode}, again in 3 s\)"):
        store.bring_up_to(after_noon(5))
    asked, began = proxy.requests, time.monotonic()
    proxy.mode = PASS
    store.start()
    for second in range(6, 10):
        store.append(power(batch, second))
        if time.monotonic() - began < 2:
            with pytest.raises(StoreUnavailable, match="again in"):
                store.bring_up_to(after_noon(second))
    if time.monotonic() - began < 2:
        assert proxy.requests == asked

    eventually(lambda: not store._spool, "the spool has drained")
    assert time.monotonic() - began > 2.5
    store.bring_up_to(after_noon(10))
    assert rows_of(store) == [(second, second) for second in range(6, 10)]


@pytest.mark.parametrize(
    "answer",
    [
        ("200", "<html>Back soon</html>", "does not say that it is InfluxDB"),
        ("400", "<html>The plain HTTP request was sent to HTTPS port</html>", "answers 400"),
        ("403", "<html>Forbidden</html>", "refuses the credentials"),
    ],
    ids=["a page", "a refusal", "a login"],
)
def test_what_a_proxy_answers_instead_costs_no_batch_also_after_a_restart(world, proxy, batch, answer):
    settings = world.settings.model_copy(update={"url": proxy.url, "timeout": IMPATIENT})
    proxy.mode, proxy.says, told = answer
    store = world.open(settings=settings)
    store.start()
    store.append(power(batch, 1))
    with pytest.raises(StoreUnavailable, match=told):
        store.bring_up_to(after_noon(1))
    assert store._spool.waiting.rows == 1

    proxy.mode = PASS
    eventually(lambda: not store._spool, "the spool has drained")
    assert rows_of(store) == [(1, 1)]


@pytest.mark.parametrize("version", ["1.6", "2.7"])
def test_an_answer_that_was_cut_before_its_json_is_an_outage(world, proxy, version):
    """Of the organisations of a token (2.x), or to a database that is being created (1.x)."""
    asked = {"url": proxy.url, "version": version, "create": True, "token": "t", "org": ""}
    proxy.mode, proxy.says = "200", ""
    with pytest.raises(StoreUnavailable, match="cannot be read as JSON"):
        world.open(settings=world.settings.model_copy(update=asked)).bring_up_to(NOON)


def test_only_a_few_writers_wait_for_a_server_that_hangs_and_the_next_do_not(store, proxy, batch):
    store.append(power(batch, 0))
    proxy.mode = HANG
    store.append(power(batch, 1))
    for second in range(2, 50):
        store.append(power(batch, second))
    assert proxy.requests < 10  # one after the other would ask 49 times, and wait 96 s
    assert store._spool.waiting.rows == 49


def test_rules_wait_until_what_came_in_meanwhile_is_in_the_window(store, proxy, batch):
    store.bring_up_to(NOON)
    proxy.mode = "503"
    store.append(power(batch, 10))
    with pytest.raises(StoreUnavailable, match="1 readings wait in the spool for InfluxDB: .*overloaded"):
        store.bring_up_to(after_noon(10))

    proxy.mode = PASS
    store.bring_up_to(after_noon(10))  # it does not wait for the next attempt that the drain would make by itself
    assert held(store) == [(10, 10_000)]


def test_a_batch_in_the_spool_that_is_newer_than_the_tick_does_not_hold_it_up(world, batch):
    store = world.open()
    store._spool.append(power(batch, 10))

    store.bring_up_to(after_noon(5))


def test_batches_keep_their_order_behind_what_waits(store, proxy, batch, at):
    proxy.mode = "503"
    for value in range(5):
        store.append(batch(meter=[{"time_us": at(0), "power_w": float(value)}]))
    proxy.mode = PASS
    store.append(batch(meter=[{"time_us": at(0), "power_w": 5.0}]))
    eventually(lambda: not store._spool, "the spool has drained")

    assert rows_of(store) == [(0, 5.0)]
    store.bring_up_to(NOON)
    assert held(store) == [(0, 5000)]


def test_a_full_spool_says_so_and_what_it_has_is_safe_over_a_restart(world, proxy, batch):
    away = world.settings.model_copy(update={"url": proxy.url})
    proxy.mode = "503"
    store = world.open(settings=away, bounds=replace(BOUNDS, spool_limit=4000))
    taken: list[tuple[float, float]] = []

    def fill() -> None:
        for second in range(100):
            store.append(power(batch, second))
            taken.append((second, second))

    with pytest.raises(StoreFull):
        fill()
    store.close()
    assert taken

    proxy.mode = PASS
    store = world.open(settings=away)
    store.start()
    eventually(lambda: not store._spool, "the spool has drained")
    assert rows_of(store) == taken


def test_a_batch_that_influxdb_refuses_does_not_hold_up_the_others(world, store, proxy, batch, at):
    world.write('meter,s/x/1 soc="text" @0')  # so that a number is a conflict of types
    proxy.mode = "503"
    store.append(power(batch, 1))
    store.append(batch(meter=[{"time_us": at(2), "soc": 4.0}]))
    store.append(power(batch, 3))
    proxy.mode = PASS
    eventually(lambda: not store._spool, "the spool has drained")

    assert [power for _, power in rows_of(store) if power is not None] == [1, 3]
    assert store.health().details["spool, rows refused by InfluxDB"] == "1"


def test_many_small_batches_are_few_requests_and_few_commits_also_with_a_refused_one_among_them(
    world, store, proxy, batch, at
):
    world.write('meter,s/x/1 soc="text" @0')
    proxy.mode = "503"
    for second in range(1, 301):
        store.append(power(batch, second))
        if second == 150:
            store.append(batch(meter=[{"time_us": at(2), "soc": 4.0}]))
    _, before = store.arrivals("meter", 0)
    proxy.mode, asked = PASS, proxy.requests
    eventually(lambda: not store._spool, "the spool has drained")

    assert proxy.requests - asked < 60
    assert store.arrivals("meter", 0)[1] - before < 30
    assert [row["power_w"] for row in store.arrivals("meter", 0)[0].to_pylist()] == list(range(1, 301))
    assert store.health().details["spool, rows refused by InfluxDB"] == "1"


@pytest.mark.parametrize(
    ("change", "remedy"),
    [({"bucket": "nowhere", "create": False}, r"influxdb\.create"), ({"url": "http://127.0.0.1:9"}, "does not answer")],
    ids=["missing-database", "nobody-listens"],
)
def test_an_error_names_its_remedy_and_writes_are_kept(world, batch, change, remedy):
    store = world.open(settings=world.settings.model_copy(update=change))
    with pytest.raises(StoreUnavailable, match=remedy):
        store.bring_up_to(NOON)
    store.append(power(batch, 1))

    assert store._spool.waiting.rows == 1
    assert remedy.replace("\\", "") in store.health().details["error"]


@pytest.mark.parametrize(("ahead", "told"), [(-61, "61 min ahead of ours"), (61, "61 min behind ours"), (0, None)])
def test_a_server_whose_clock_is_an_hour_off_is_told_on_the_health_page(world, ahead, told):
    now = datetime.now(UTC) + timedelta(minutes=ahead)
    store = world.open(at=now)
    store.bring_up_to(now)
    said = store.health().details.get("clock")
    assert said is None if told is None else f"{told}, and so are rows" in said and "from NTP" in said


@pytest.fixture
def own_influxd(tmp_path: Path) -> Path:
    if influx.installed() is None:
        missing("no influxd 1.x on PATH (Debian: apt-get install influxdb)")
    return tmp_path / "influxd"


def test_a_server_that_stops_and_one_that_is_killed_come_back_to_all_rows_once(own_influxd, tmp_path, batch):
    with influx.influxd_1(own_influxd, users=True) as running:
        impatient = running.settings.model_copy(update={"timeout": IMPATIENT})
        world = World(impatient, tmp_path / "var")
        with closing(world.writer), world.stores:
            store = world.open()
            store.start()
            store.append(power(batch, 0))
            store.bring_up_to(after_noon(1))

            running.process.send_signal(signal.SIGSTOP)
            for second in range(1, 30):
                store.append(power(batch, second))
                if second % 10 == 0:
                    with pytest.raises(StoreUnavailable):
                        store.bring_up_to(after_noon(second))
            running.process.send_signal(signal.SIGCONT)
            eventually(lambda: not store._spool, "the spool has drained")
            store.bring_up_to(after_noon(29))
            assert held(store) == [(second, second * 1000) for second in range(30)]

            running.process.kill()
            running.process.wait()
            for second in range(30, 40):
                store.append(power(batch, second))
            with pytest.raises(StoreUnavailable):
                store.bring_up_to(after_noon(40))
            port = int(running.settings.url.rpartition(":")[2])
            with influx.influxd_1(own_influxd, users=True, port=port):
                eventually(lambda: not store._spool, "the spool has drained")
                store.bring_up_to(after_noon(50))
                expected = [(second, float(second)) for second in range(40)]
                assert rows_of(store) == expected
                assert held(store) == [(second, power * 1000) for second, power in expected]
            arrived, _ = store.arrivals("meter", 0)
            assert arrived.num_rows == 40


# Appends through the proxy for ever, ticks in between, and prints each number after its append has returned.
WRITER = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
import pyarrow as pa
import structlog
from monitor.config import InfluxDB
from monitor.errors import StoreUnavailable
from monitor.readings.influx.server import InfluxServer
from monitor.readings.influx.store import Bounds, InfluxStore
from monitor.readings.store import Batch

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
noon = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
folder, url, bucket, start = sys.argv[1:]
settings = InfluxDB(url=url, bucket=bucket, timeout=timedelta(seconds=1))
bounds = Bounds(timedelta(minutes=30), timedelta(minutes=5), 10**9, 10**8)
store = InfluxStore(InfluxServer(settings), Path(folder), bounds, noon)
store.start()
for number in range(int(start), 10**9):
    at = noon + timedelta(seconds=number / 100)
    rows = [{"site": "s", "station": "x", "connector": "1", "power_w": float(number),
             "time_us": round(at.timestamp() * 1e6)}]
    store.append(Batch({"meter": pa.Table.from_pylist(rows)}, at))
    print(number, flush=True)
    if number % 20 == 0:
        try:
            store.bring_up_to(at)
        except StoreUnavailable:
            pass
"""


def test_an_acknowledged_row_survives_kill_9_with_the_server_there_and_away(world, proxy):
    acknowledged: list[int] = []
    arguments = [str(world.folder), proxy.url, world.settings.bucket]
    for mode, count in ((PASS, 15), ("503", 20), (PASS, 5)):
        proxy.mode = mode
        start = str(acknowledged[-1] + 2 if acknowledged else 0)  # one may be safe that was not acknowledged
        command = [sys.executable, "-c", WRITER, *arguments, start]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            acknowledged += [int(writer.stdout.readline()) for _ in range(count)]
            writer.send_signal(signal.SIGKILL)
            acknowledged += [int(line) for line in writer.stdout.read().split()]

    proxy.mode = PASS
    store = world.open(settings=world.settings.model_copy(update={"url": proxy.url}))
    store.start()
    store.bring_up_to(after_noon(60))
    assert not store._spool
    for found in (rows_of(store), held(store)):
        times = [at for at, *_ in found]
        assert len(times) == len(set(times))
    powers = {round(power) for _, power in rows_of(store)}
    assert set(acknowledged) <= powers
    assert powers - set(acknowledged) <= {number + 1 for number in acknowledged}
    assert {round(power / 1000) for _, power in held(store)} == powers


def test_a_wrong_password_names_the_keys_to_set(own_influxd, tmp_path):
    with influx.influxd_1(own_influxd, users=True) as running:
        world = World(running.settings.model_copy(update={"password": "wrong"}), tmp_path / "var")
        with closing(world.writer), world.stores, pytest.raises(StoreUnavailable, match=r"influxdb\.password"):
            world.open().bring_up_to(NOON)


def test_the_window_s_numbers_leave_room_for_a_restart(tmp_path):
    with closing(Window(tmp_path / "w.duckdb", timedelta(minutes=30), "here", NOON)) as window:
        assert window.arrivals("meter", 0)[1] == round(NOON.timestamp() * 1000)
