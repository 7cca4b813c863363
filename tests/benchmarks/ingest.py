"""How many readings a second come in: `python tests/benchmarks/ingest.py [--batches 100] [--connectors 10000]`.

A reading is one line of eight fields; a batch has 5,000. Printed beside the figures of ARCHITECTURE.md. Run it on a
machine that does nothing else.
"""

import argparse
import http.client
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

import waitress
from flask import Flask

from dashboards.writes import writes
from monitor.config import Settings
from monitor.ingest.intake import Intake
from monitor.ingest.line_protocol import parse
from monitor.readings.embedded import EmbeddedStore

LINES = 5000
START = datetime(2026, 5, 1, tzinfo=UTC)
TICK = timedelta(seconds=30)


@dataclass
class Parts:
    """What the write endpoint uses of the service."""

    settings: Settings
    store: EmbeddedStore
    intake: Intake


def body(number: int, connectors: int) -> bytes:
    """Batch `number`: the connectors in turn, 10 s between two readings of one."""
    lines = []
    for n in range(number * LINES, (number + 1) * LINES):
        turn, connector = divmod(n, connectors)
        time_ms = int(START.timestamp() * 1000) + turn * 10_000
        lines.append(
            f"meter,site=site-{connector % 500},station=st-{connector // 2},connector={connector % 2 + 1} "
            f"power_w={connector % 150}.{n % 1000},energy_wh={n}.25,offered_w=150000,current_a=16.{n % 10},"
            f'voltage_v=230.{n % 10},phases=3i,soc={n % 100},session="{connector}-{turn // 200}" {time_ms}'
        )
    return "\n".join(lines).encode()


def report(name: str, seconds: list[float], wanted: str) -> None:
    """One line of the table."""
    ordered = sorted(seconds)
    rate = LINES * len(ordered) / sum(ordered)
    p95 = ordered[int(len(ordered) * 0.95)] * 1000
    print(f"{name:<42} {rate:>10,.0f} readings/s   p95 of a batch {p95:>6.1f} ms   wanted: {wanted}")


def timed(bodies: list[bytes], send: Callable[[bytes], object]) -> list[float]:
    """Seconds that each body took."""
    taken = []
    for each in bodies:
        began = time.perf_counter()
        send(each)
        taken.append(time.perf_counter() - began)
    return taken


@contextmanager
def ticking(store: EmbeddedStore, every_s: float) -> Iterator[None]:
    """Bring the window up to date beside the writes, each time 30 s of the readings further."""
    stop = threading.Event()

    def run() -> None:
        now = START
        while not stop.wait(every_s):
            now += TICK
            store.bring_up_to(now)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    stop.set()
    thread.join()


def without_http(folder: Path, bodies: list[bytes]) -> None:
    """Parsing alone; parsed batches into the store; the same batches again, all of them late."""
    report("parse", timed(bodies, lambda each: parse(each, "ms", START)), "-")
    batches = iter([parse(each, "ms", START).batch for each in bodies] * 2)
    with closing(EmbeddedStore(folder / "store.duckdb", timedelta(minutes=30))) as store, ticking(store, 1.0):
        report("into the store", timed(bodies, lambda _: store.append(next(batches))), "300,000, 50 ms")
        report("the same again, late", timed(bodies, lambda _: store.append(next(batches))), "as fast")
        began = time.perf_counter()
        store.bring_up_to(START + timedelta(days=1))
        print(f"{'merging what is late':<42} {time.perf_counter() - began:>10.2f} s")


def through_http(folder: Path, batches: int, connectors: int) -> None:
    """A server in this process, one client in another, ticks every second."""
    store = EmbeddedStore(folder / "http.duckdb", timedelta(minutes=30))
    app = Flask(__name__)
    app.extensions["laddvakt"] = Parts(Settings(), store, Intake(store, lambda: START))
    app.register_blueprint(writes)
    # A batch is read in a few large pieces, and is kept in memory rather than in a temporary file.
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=8, recv_bytes=2**18, inbuf_overflow=2**23)
    loop = threading.Thread(target=server.run)
    loop.start()
    with closing(store), ticking(store, 1.0):
        arguments = ["--client", str(server.effective_port), "--batches", str(batches), "--connectors", str(connectors)]
        subprocess.run([sys.executable, __file__, *arguments], check=True)
    server.trigger.pull_trigger(lambda: server.asyncore.close_all(server._map))
    loop.join()
    server.task_dispatcher.shutdown()


def client(port: int, bodies: list[bytes]) -> None:
    """Post each body over one connection and wait for its 204."""
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def post(each: bytes) -> None:
        connection.request("POST", "/api/v2/write?org=o&bucket=b&precision=ms", each)
        answer = connection.getresponse()
        if answer.status != http.HTTPStatus.NO_CONTENT:
            raise SystemExit(answer.read().decode())
        answer.read()

    report("POST /api/v2/write, one client, ticks", timed(bodies, post), "200,000")


def main() -> None:
    """Read the arguments and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--batches", type=int, default=100)
    options.add_argument("--connectors", type=int, default=10_000)
    options.add_argument("--client", type=int, metavar="PORT", help="only send, to a server on this port")
    chosen = options.parse_args()
    bodies = [body(number, chosen.connectors) for number in range(chosen.batches)]
    if chosen.client:
        client(chosen.client, bodies)
        return
    with tempfile.TemporaryDirectory() as folder:
        without_http(Path(folder), bodies)
        through_http(Path(folder), chosen.batches, chosen.connectors)


if __name__ == "__main__":
    main()
