"""Bodies that are large, packed or slow."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from dashboards import create_app
from monitor.cli import serve
from monitor.config import Settings, Web
from tests.security.cases import Guarded, client_of, csrf_of, log_in


def test_bodies_beyond_the_limit_are_refused(app: Flask) -> None:
    admin = app.test_client()
    log_in(admin, "admin")
    token = csrf_of(admin, "/account")
    large = "x" * 300_000
    assert admin.post("/api/v1/silences", json={"reason": large}, headers={"X-CSRF-Token": token}).status_code == 413
    assert admin.post("/access/users", data={"csrf_token": token, "username": large}).status_code == 413
    assert app.test_client().post("/login", data={"username": large}).status_code == 413


def test_a_gzip_bomb_is_refused_without_unpacking_it(guard: Guarded) -> None:
    service, _ = guard
    before = service.settings
    service.settings = before.model_copy(update={"web": Web(max_body=200_000)})
    try:
        client = client_of(create_app(service), "token write")
        bomb = gzip.compress(b"\n" * 100_000_000)
        assert len(bomb) < 200_000
        answer = client.post("/api/v2/write", data=bomb, headers={"Content-Encoding": "gzip"})
    finally:
        service.settings = before
    assert answer.status_code == 413


@contextmanager
def served(app: Flask, settings: Settings) -> Iterator[tuple[str, int]]:
    server = serve.bind(app, settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield "127.0.0.1", server.effective_port
    finally:
        server.trigger.pull_trigger(lambda: server.asyncore.close_all(server._map))
        thread.join()
        server.task_dispatcher.shutdown()


def test_a_body_that_trickles_is_cut_off_and_holds_up_nobody(app: Flask) -> None:
    settings = Settings.model_validate({"web": {"listen": "127.0.0.1:0", "request_timeout": "1s"}})
    with served(app, settings) as address:
        slow = [socket.create_connection(address, timeout=10) for _ in range(40)]
        for each in slow:
            each.sendall(b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        began = time.monotonic()
        cut = False
        while not cut and time.monotonic() - began < 20:
            with socket.create_connection(address, timeout=10) as quick:
                quick.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert b"200 OK" in quick.recv(1000)
            cut = _is_cut(slow[0])
            time.sleep(0.2)
        assert cut
        for each in slow:
            each.close()


def _is_cut(connection: socket.socket) -> bool:
    """Send one more byte; whether the server has hung up."""
    try:
        connection.sendall(b"x")
        connection.settimeout(0.05)
        return connection.recv(100) == b""
    except TimeoutError:
        return False
    except OSError:
        return True
