"""Chats through apprise, against a real HTTP server: what arrives, what is tried again, that no secret gets out."""

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from monitor.alerts.routes import Receiver, Routes
from monitor.errors import DeliveryRefused, DeliveryUnavailable
from monitor.notify.chat import ChatChannel
from monitor.notify.worker import OutboxWorker


@dataclass
class Room:
    """A server that keeps what apprise posts as JSON."""

    port: int = 0
    status: int = 200
    posts: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"json://anna:s3cret@127.0.0.1:{self.port}/t0ken"


@pytest.fixture
def room() -> Iterator[Room]:
    there = Room()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            there.paths.append(self.path)
            there.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(there.status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 (http.server's)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield there
    server.shutdown()
    server.server_close()


def channel(url: str, *, private: bool = True) -> ChatChannel:
    receiver = Receiver("noc", ("apprise:noc",), "en", apprise=url)
    return ChatChannel(lambda: Routes({"noc": receiver}), "https://laddvakt.example.org", private=private)


def post(way: ChatChannel, message: Any) -> str:
    return asyncio.run(way.send(message))


def test_a_short_text_arrives(room: Room, message: Callable[..., Any]) -> None:
    assert post(channel(room.url), message()) == "taken"

    (told,) = room.posts
    assert told["title"] == "[FIRING 1] critical malmo-central/mc-1: slow-charging"
    assert "Gives 11,2 kW, 118 kW expected" in told["message"]
    assert "https://laddvakt.example.org/alerts/17" in told["message"]
    assert told["type"] == "failure"


def test_an_end_is_a_success_and_a_warning_is_one(room: Room, message: Callable[..., Any], row: Any) -> None:
    post(channel(room.url), message(row(resolved_after=timedelta(minutes=3))))
    post(channel(room.url), message(row(level="warning")))
    assert [told["type"] for told in room.posts] == ["success", "warning"]


@pytest.mark.parametrize("status", [401, 404, 500, 302])
def test_what_is_not_taken_is_tried_again_and_no_secret_is_told(
    status: int, room: Room, message: Callable[..., Any], capfd: pytest.CaptureFixture[str]
) -> None:
    room.status = status
    logging.basicConfig(level=logging.WARNING)
    with pytest.raises(
        DeliveryUnavailable, match=f"apprise json://… did not take the message: it answered {status}"
    ) as no:
        post(channel(room.url), message())
    assert no.value.doubtful
    assert room.paths == ["/t0ken"]  # no redirect is followed
    assert not any(secret in f"{no.value} {capfd.readouterr()}" for secret in ("s3cret", "t0ken"))


def test_nobody_there(free_port: int, message: Callable[..., Any]) -> None:
    with pytest.raises(DeliveryUnavailable, match="apprise json://… did not take the message: no connection"):
        post(channel(f"json://127.0.0.1:{free_port}/t0ken"), message())


def test_the_own_network_is_refused_unless_it_is_allowed(room: Room, message: Callable[..., Any]) -> None:
    with pytest.raises(DeliveryRefused, match="apprise json://… leads into the own network"):
        post(channel(room.url, private=False), message())
    assert room.posts == []


def test_an_address_that_apprise_does_not_know_or_that_is_gone_is_final(
    message: Callable[..., Any], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DeliveryRefused, match="apprise ntyf://… is no address that apprise knows"):
        post(channel("ntyf://ntfy.sh/t0ken"), message())
    assert "t0ken" not in str(capfd.readouterr())
    with pytest.raises(DeliveryRefused, match="'noc' has no apprise address any more"):
        post(channel(""), message())


def test_it_has_a_worker_of_its_own(
    room: Room, outbox: Any, message: Callable[..., Any], eventually: Callable[..., None]
) -> None:
    outbox.add(message(key="a"), message(key="b", address="apprise:noc"))
    worker = OutboxWorker(outbox, channel(room.url), lambda: message().at)
    worker.start()
    outbox.reaches("waiting", "sent")
    worker.stop()
    assert len(room.posts) == 1
