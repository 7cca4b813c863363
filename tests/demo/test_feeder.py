"""The feeder against a real HTTP server that answers like a service which is sometimes busy."""

import gzip
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from monitor.demo.feeder import BATCH_ROWS, Feeder
from monitor.demo.playback import Playback
from monitor.demo.points import Point


class FixedClock:
    """A clock that a test moves."""

    speed = 60.0

    def __init__(self, now: datetime) -> None:
        self.present = now

    def now(self) -> datetime:
        return self.present

    def real_time_of(self, moment: datetime) -> datetime:
        return moment


class WriteServer(ThreadingHTTPServer):
    """Keeps the lines it acknowledged; answers `refusals` (status codes) first."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.batches: list[int] = []
        self.refusals: list[int] = []
        self.precisions: set[str] = set()
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: WriteServer

    def do_POST(self) -> None:
        body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.server.refusals.pop(0) if self.server.refusals else 204
        if status == 204:
            lines = body.decode().splitlines()
            self.server.lines += lines
            self.server.batches.append(len(lines))
            self.server.precisions |= set(parse_qs(urlsplit(self.path).query)["precision"])
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Silent."""


@pytest.fixture
def server() -> Iterator[WriteServer]:
    with WriteServer() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def wait_for(condition: object, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_everything_due_is_posted_once_and_in_order_though_the_service_is_busy(
    server: WriteServer, playback: Playback, start: datetime, lead_in: list[Point], day: list[Point]
) -> None:
    server.refusals = [503, 503, 500]
    clock = FixedClock(start)
    feeder = Feeder(f"http://127.0.0.1:{server.server_port}", clock, playback)
    feeder.start()
    wait_for(lambda: len(server.lines) >= len(lead_in))
    server.refusals = [503]
    clock.present = start + timedelta(minutes=10)
    due = [point for point in day if point.at_s <= clock.present.timestamp()]
    wait_for(lambda: len(server.lines) >= len(lead_in) + len(due))
    feeder.stop()
    assert server.lines == [point.line() for point in [*lead_in, *due]]
    assert max(server.batches) <= BATCH_ROWS
    assert server.precisions == {"s"}


def test_a_batch_that_is_refused_for_good_does_not_stop_the_others(
    server: WriteServer, playback: Playback, start: datetime, day: list[Point]
) -> None:
    server.refusals = [400]
    clock = FixedClock(start)
    feeder = Feeder(f"http://127.0.0.1:{server.server_port}", clock, playback)
    feeder.start()
    wait_for(lambda: not server.refusals)
    clock.present = start + timedelta(minutes=10)
    due = [point.line() for point in day if point.at_s <= clock.present.timestamp()]
    wait_for(lambda: len(server.lines) >= len(due))
    feeder.stop()
    assert server.lines == due


def test_it_stops_at_once_while_nobody_listens(playback: Playback, start: datetime, free_port: int) -> None:
    feeder = Feeder(f"http://127.0.0.1:{free_port}", FixedClock(start), playback)
    feeder.start()
    time.sleep(0.5)
    feeder.stop()
    feeder.stop()
