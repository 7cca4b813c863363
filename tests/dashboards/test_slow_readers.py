"""Slow readers of long exports, over real sockets: two are served, and everybody else as before."""

import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta

import pytest

from dashboards import create_app
from monitor.cli import serve
from monitor.ids import Place
from tests.dashboards.sample import NOW, SampleService, meter_batch
from tests.serving import stop

EXPORT = b"GET /api/v1/readings?format=csv HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
ROWS = 30_000
LONG = "x" * 500  # 15 MB in all: more than the buffers of both ends hold


@pytest.fixture
def address(fresh: SampleService) -> Iterator[tuple[str, int]]:
    for connector in ("1", "2"):
        at = [NOW - timedelta(seconds=second) for second in range(ROWS // 2)]
        fresh.store.append(meter_batch(Place("a", "s", connector), [{"at": each, "session": LONG} for each in at]))
    web = fresh.settings.web.model_copy(update={"listen": "127.0.0.1:0"})
    server = serve.bind(create_app(fresh), fresh.settings.model_copy(update={"web": web}))
    thread = threading.Thread(target=server.run)
    thread.start()
    yield "127.0.0.1", int(server.effective_port)
    deadline = time.monotonic() + 10
    while server.active_channels and time.monotonic() < deadline:  # clients that went away, until it notices
        time.sleep(0.01)
    stop(server, thread)


@pytest.fixture
def clients(address: tuple[str, int]) -> Iterator[Callable[[], socket.socket]]:
    """Begins an export and reads its first bytes."""
    with ExitStack() as stack:

        def begin() -> socket.socket:
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(10)
            client.connect(address)
            client.sendall(EXPORT)
            return client

        yield begin


def read_slowly(client: socket.socket, until: threading.Event) -> None:
    with suppress(OSError):
        while not until.wait(0.02):
            client.recv(1000)


def status_of(client: socket.socket) -> int:
    head = client.recv(12).decode()
    return int(head.split()[1])


def test_four_slow_readers_hold_up_nobody(
    address: tuple[str, int], clients: Callable[[], socket.socket], fresh: SampleService
) -> None:
    readers = [clients() for _ in range(4)]
    assert sorted(status_of(reader) for reader in readers) == [200, 200, 503, 503]
    done = threading.Event()
    threads = [threading.Thread(target=read_slowly, args=(reader, done)) for reader in readers]
    for thread in threads:
        thread.start()
    time.sleep(0.5)  # the server has run ahead as far as it does, and waits for them

    base = f"http://{address[0]}:{address[1]}"
    for second in range(5):  # an answer that waited for the readers would not come within the time limit
        with urllib.request.urlopen(f"{base}/healthz", timeout=5) as answer:
            assert answer.status == 200
        line = f"meter,site=a,station=w,connector=1 power_w=1 {NOW.timestamp() + second:.0f}".encode()
        with urllib.request.urlopen(f"{base}/write?precision=s", line, timeout=5) as answer:
            assert answer.status == 204
        fresh.store.bring_up_to(NOW)  # what a tick asks of the store
    done.set()
    for thread in threads:
        thread.join()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{base}/api/v1/readings?format=csv", timeout=5)
    with refused.value as answer:
        assert (answer.code, answer.headers["Retry-After"]) == (503, "5")
        assert b"2 exports are running" in answer.read()


def test_who_goes_away_in_the_middle_makes_room(clients: Callable[[], socket.socket]) -> None:
    gone = [clients() for _ in range(2)]
    assert [status_of(client) for client in gone] == [200, 200]
    assert status_of(clients()) == 503
    for client in gone:
        client.close()

    deadline = time.monotonic() + 10
    while (served := status_of(client := clients())) == 503 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert served == 200
    client.close()
