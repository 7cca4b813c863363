"""A sign of life after each good tick, to a real HTTP server that is slow, refuses, or is away."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from structlog.testing import capture_logs

from monitor.config import Notify, Paths, Settings, load
from monitor.errors import FileProblems
from monitor.notify.heartbeat import Heartbeat
from monitor.service import Service


@dataclass
class Watcher:
    """Counts the signs of life that it gets."""

    port: int = 0
    status: int = 200
    hold: threading.Event = field(default_factory=threading.Event)
    paths: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/ping/s3cret"

    def has(self, count: int) -> None:
        """Wait until so many have come."""
        deadline = time.monotonic() + 20
        while len(self.paths) < count:
            assert time.monotonic() < deadline, "did not come in time"
            time.sleep(0.01)


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    watching = Watcher()
    watching.hold.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            watching.paths.append(self.path)
            watching.hold.wait(10)
            self.send_response(watching.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    watching.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield watching
    watching.hold.set()
    server.shutdown()
    server.server_close()


class Hand:
    """A clock that the test moves."""

    speed = 1.0

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 20, 12, 0, 3, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def real_time_of(self, _moment: datetime) -> datetime:
        # The scheduler's own ticks are a day away.
        return datetime.now(UTC) + timedelta(days=1)


def test_after_a_good_tick_and_after_no_other(tmp_path, watcher):
    clock = Hand()
    settings = Settings(
        paths=Paths(rules=tmp_path / "rules", var=tmp_path / "var"), notify=Notify(heartbeat_url=watcher.url)
    )
    service = Service(settings, clock)
    service.start()
    service.tick()
    watcher.has(1)
    assert service.ticks.last_good_at == datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

    service.store.close()
    clock.moment += timedelta(seconds=30)
    service.tick()
    assert service.ticks.last_error
    assert service.ticks.last_good_at == datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    service.stop()
    assert watcher.paths == ["/ping/s3cret"]


def test_a_slow_watcher_delays_nobody_and_gets_the_last_beat(watcher):
    watcher.hold.clear()
    heart = Heartbeat(watcher.url)
    heart.start()
    heart.beat()
    watcher.has(1)
    for _ in range(100):
        heart.beat()  # returns although nobody has answered yet
    watcher.hold.set()
    watcher.has(2)
    heart.stop()
    assert len(watcher.paths) == 2


def test_failures_are_logged_when_they_begin_and_end_without_the_secret(watcher, free_port):
    watcher.status = 500
    heart, nobody = Heartbeat(watcher.url), Heartbeat(f"http://127.0.0.1:{free_port}/s3cret")
    with capture_logs() as logs:
        nobody.start()
        nobody.beat()
        heart.start()
        for beat in range(1, 5):
            watcher.status = 500 if beat < 3 else 200
            heart.beat()
            watcher.has(beat)
            time.sleep(0.05)
        heart.stop()
        nobody.stop()
    told = sorted((entry["log_level"], entry.get("error", "")) for entry in logs)
    assert told == [("info", ""), ("warning", "NewConnectionError"), ("warning", "answered 500")]
    assert "s3cret" not in str(logs)


def test_what_is_no_address_is_refused(tmp_path):
    (tmp_path / "laddvakt.toml").write_text('[notify]\nheartbeat_url = "hc-ping.com/x"\n')
    with pytest.raises(FileProblems, match=r"laddvakt.toml:2:1: notify.heartbeat_url: 'hc-ping.com/x' is not a web"):
        load(tmp_path / "laddvakt.toml", {})
