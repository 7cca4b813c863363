"""How many readings a second come in: `python tests/benchmarks/ingest.py [--batches 300] [--connectors 10000]`.

A reading is one line of seven or eight fields; a batch has 5,000. Printed beside the figures of design.md section 11
and, where there is an `influxd` on PATH, beside what it makes of the same bytes in the same run. Run it on a machine
that does nothing else; on a busy one the CPU time of this process says more than the rate.
"""

import argparse
import http.client
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow.compute as pc
import waitress
from flask import Flask

from dashboards.writes import writes
from monitor.cli.serve import keep_freed_memory
from monitor.config import Settings
from monitor.ingest.intake import Intake
from monitor.ingest.line_protocol import parse
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.store import Batch

LINES = 5000
START = datetime(2026, 5, 1, tzinfo=UTC)
TICK = timedelta(seconds=30)
TICK_EVERY_S = 5.0
"""A tick takes in all rows since the last one; `evaluate.interval` is 30 s unless it is set."""
TO_US = "/api/v2/write?org=o&bucket=b&precision=ms"
TO_INFLUXD = "/write?db=b&precision=ms"
INFLUXD = """
reporting-disabled = true
bind-address = "127.0.0.1:{backup}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
[http]
bind-address = "127.0.0.1:{port}"
log-enabled = false
"""


@dataclass
class Parts:
    """What the write endpoint uses of the service."""

    settings: Settings
    store: EmbeddedStore
    intake: Intake


def body(number: int, connectors: int, earlier_ms: int = 0) -> bytes:
    """Batch `number`: the connectors in turn, 10 s between two readings of one; all `earlier_ms` before that."""
    lines = []
    for n in range(number * LINES, (number + 1) * LINES):
        turn, connector = divmod(n, connectors)
        time_ms = int(START.timestamp() * 1000) + turn * 10_000 - earlier_ms
        lines.append(
            f"meter,site=site-{connector % 500},station=st-{connector // 2},connector={connector % 2 + 1} "
            f"power_w={connector % 150}.{n % 1000},energy_wh={n}.25,offered_w=150000,current_a=16.{n % 10},"
            f'voltage_v=230.{n % 10},phases=3i,soc={n % 100},session="{connector}-{turn // 200}" {time_ms}'
        )
    return "\n".join(lines).encode()


def report(name: str, seconds: list[float], wanted: str, cpu_s: float | None = None) -> None:
    """One line of the table."""
    ordered = sorted(seconds)
    rate = LINES * len(ordered) / sum(ordered)
    median, p95 = (ordered[int(len(ordered) * part)] * 1000 for part in (0.5, 0.95))
    cpu = f"{cpu_s / len(ordered) * 1000:>5.1f} ms" if cpu_s is not None else "        "
    print(
        f"{name:<40} {rate:>9,.0f} readings/s   a batch: median {median:>5.1f} ms, p95 {p95:>5.1f} ms, CPU {cpu}   "
        f"wanted: {wanted}",
        flush=True,
    )


def timed(bodies: list[bytes], send: Callable[[bytes], object]) -> list[float]:
    """Seconds that each body took."""
    taken = []
    for each in bodies:
        began = time.perf_counter()
        send(each)
        taken.append(time.perf_counter() - began)
    return taken


def measure(name: str, bodies: list[bytes], send: Callable[[bytes], object], wanted: str) -> None:
    """Time and report, with the CPU time of this process: its ticks are part of it."""
    began = time.process_time()
    seconds = timed(bodies, send)
    report(name, seconds, wanted, time.process_time() - began)


@contextmanager
def ticking(store: EmbeddedStore) -> Iterator[None]:
    """Bring the window up to date beside the writes, each time 30 s of the readings further."""
    stop = threading.Event()

    def run() -> None:
        now = START
        while not stop.wait(TICK_EVERY_S):
            now += TICK
            store.bring_up_to(now)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    stop.set()
    thread.join()


def without_http(folder: Path, bodies: list[bytes]) -> None:
    """Parsing alone; batches into the store; batches that are late; the first ones again; what the file takes."""
    measure("parse", bodies, lambda each: parse(each, "ms", START), "-")
    parsed = [parse(each, "ms", START).batch for each in bodies]
    earlier = [_moved(batch, -1_000_000) for batch in parsed]
    batches = iter([*parsed, *earlier, *parsed])
    path = folder / "store.duckdb"
    with closing(EmbeddedStore(path, timedelta(minutes=30))) as store, ticking(store):
        measure("into the store", bodies, lambda _: store.append(next(batches)), "300,000, p95 50 ms")
        measure("late rows, of a second before", bodies, lambda _: store.append(next(batches)), "as fast")
        measure("the first ones again", bodies, lambda _: store.append(next(batches)), "as fast")
        began = time.perf_counter()
        store.bring_up_to(START + timedelta(days=1))
        print(f"{'merging what is late':<40} {time.perf_counter() - began:>9.2f} s")
    compact(path, 2 * LINES * len(bodies))


def _moved(batch: Batch, by_us: int) -> Batch:
    """The same readings at another time."""
    meter = batch.tables["meter"]
    times = pc.add(meter["time_us"], by_us)
    return Batch({"meter": meter.set_column(meter.column_names.index("time_us"), "time_us", times)}, batch.received_at)


def compact(path: Path, readings: int) -> None:
    """What a reading takes in a file that holds each once. The window is the file: in memory are the same blocks."""
    copy = path.with_name("compact.duckdb")
    with duckdb.connect(copy) as connection:
        connection.execute(f"ATTACH '{path}' AS old (READ_ONLY)")
        connection.execute("CREATE TABLE meter AS SELECT * FROM old.meter ORDER BY seq")
        connection.execute("CHECKPOINT")
        [(used,)] = connection.execute(
            "SELECT used_blocks * block_size FROM pragma_database_size() WHERE database_name = 'compact'"
        ).fetchall()
    grown = path.stat().st_size
    print(
        f"{'bytes a reading':<40} {used / readings:>9.1f}   as the file has grown {grown / readings:.1f}   wanted: 40"
    )


def through_http(folder: Path, batches: int, connectors: int) -> None:
    """A server in this process, one client in another, ticks beside; then the same again, all of it late."""
    store = EmbeddedStore(folder / "http.duckdb", timedelta(minutes=30))
    app = Flask(__name__)
    app.extensions["laddvakt"] = Parts(Settings(), store, Intake(store, lambda: START))
    app.register_blueprint(writes)
    # A batch is read in a few large pieces, and is kept in memory rather than in a temporary file.
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=8, recv_bytes=2**18, inbuf_overflow=2**23)
    loop = threading.Thread(target=server.run)
    loop.start()
    with closing(store), ticking(store):
        for turn, earlier_ms in (("ticks", 0), ("all late", 1000), ("written again", 0)):
            began = time.process_time()
            seconds = in_client(server.effective_port, TO_US, batches, connectors, earlier_ms)
            report(f"POST /api/v2/write, one client, {turn}", seconds, "200,000", time.process_time() - began)
    server.trigger.pull_trigger(lambda: server.asyncore.close_all(server._map))
    loop.join()
    server.task_dispatcher.shutdown()


def beside_influxd(folder: Path, batches: int, connectors: int) -> None:
    """The same bytes into influxd, each batch waited for."""
    program = shutil.which("influxd")
    if program is None:
        print("influxd is not on PATH: nothing to compare with (Debian: apt-get install influxdb)")
        return
    version = subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout.split()[1]
    with socket.socket() as first, socket.socket() as second:
        for listener in (first, second):
            listener.bind(("127.0.0.1", 0))
        port, backup = first.getsockname()[1], second.getsockname()[1]
    settings = folder / "influxd.conf"
    settings.write_text(INFLUXD.format(folder=folder / "influxd", port=port, backup=backup))
    with subprocess.Popen(
        [program, "-config", settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        try:
            create_database(port)
            seconds = in_client(port, TO_INFLUXD, batches, connectors)
            cpu_s = sum(float(field) for field in Path(f"/proc/{running.pid}/stat").read_text().split()[13:15]) / 100
            report(f"influxd {version}, one client", seconds, "-", cpu_s)
            seconds = in_client(port, TO_INFLUXD, batches, connectors)
            report("the same again", seconds, "-")
        finally:
            running.terminate()


def create_database(port: int) -> None:
    """As soon as influxd listens."""
    for _ in range(100):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("POST", "/query?q=CREATE%20DATABASE%20b")
            connection.getresponse().read()
        except ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"influxd did not listen on port {port} within 10 s")


def in_client(port: int, path: str, batches: int, connectors: int, earlier_ms: int = 0) -> list[float]:
    """Seconds of each batch, sent by a process of its own."""
    arguments = ["--client", str(port), "--path", path, "--batches", str(batches), "--connectors", str(connectors),
                 "--earlier-ms", str(earlier_ms)]  # fmt: skip
    sent = subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True)
    seconds: list[float] = json.loads(sent.stdout.splitlines()[0])
    return seconds


def client(port: int, path: str, bodies: list[bytes]) -> None:
    """Post each body over one connection and wait for its 204; print the seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def post(each: bytes) -> None:
        connection.request("POST", path, each)
        answer = connection.getresponse()
        if answer.status != http.HTTPStatus.NO_CONTENT:
            raise SystemExit(answer.read().decode())
        answer.read()

    print(json.dumps(timed(bodies, post)))


def main() -> None:
    """Read the arguments and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--batches", type=int, default=300)
    options.add_argument("--connectors", type=int, default=10_000)
    options.add_argument("--client", type=int, metavar="PORT", help="only send, to a server on this port")
    options.add_argument("--path", default=TO_US, help="where to, with --client")
    options.add_argument("--earlier-ms", type=int, default=0, help="how much earlier the readings are, with --client")
    chosen = options.parse_args()
    bodies = [body(number, chosen.connectors, chosen.earlier_ms) for number in range(chosen.batches)]
    if chosen.client:
        client(chosen.client, chosen.path, bodies)
        return
    keep_freed_memory()  # as `laddvakt run` does
    with tempfile.TemporaryDirectory() as folder:
        without_http(Path(folder), bodies)
        through_http(Path(folder), chosen.batches, chosen.connectors)
        beside_influxd(Path(folder), chosen.batches, chosen.connectors)


if __name__ == "__main__":
    main()
