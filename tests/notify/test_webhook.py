"""Webhooks against real servers on loopback: what arrives, who is refused, what is tried again."""

import asyncio
import hashlib
import hmac
import json
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.routes import Receiver, Routes, Webhook
from monitor.errors import DeliveryRefused, DeliveryUnavailable
from monitor.notify.webhook import NEVER, SIGNATURE, WebhookChannel, payload
from monitor.notify.worker import OutboxWorker
from tests.conftest import missing

SECRET = "s3cret"


@dataclass
class Hook:
    """A server that keeps what is posted and answers as told."""

    server: ThreadingHTTPServer
    scheme: str = "http"
    status: int = 200
    posts: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.server.server_port}/hook?key=hidden"

    def serve(self) -> None:
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


def _hook() -> Hook:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.posts.append((self.path, dict(self.headers.items()), body))
            self.send_response(hook.status)
            if 300 <= hook.status < 400:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    hook = Hook(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
    return hook


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = _hook()
    hook.serve()
    yield hook
    hook.server.shutdown()
    hook.server.server_close()


def channel(url: str, *, private: bool = True, secret: str = SECRET) -> WebhookChannel:
    receiver = Receiver("noc", ("webhook:noc",), "en", webhook=Webhook(url, secret))
    return WebhookChannel(lambda: Routes({"noc": receiver}), "https://laddvakt.example.org", private=private)


def post(line: WebhookChannel, message: Any) -> None:
    asyncio.run(line.send(message))


def test_what_arrives_is_alertmanagers_version_4_and_signed(hook: Hook, message: Callable[..., Any]) -> None:
    post(channel(hook.url), message())

    ((path, headers, body),) = hook.posts
    assert path == "/hook?key=hidden"
    assert headers["Host"] == f"localhost:{hook.server.server_port}"
    assert headers["Content-Type"] == "application/json"
    assert headers[SIGNATURE] == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    told = json.loads(body)
    assert set(told) == {
        "version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels", "commonLabels",
        "commonAnnotations", "externalURL", "alerts",
    }  # fmt: skip
    assert (told["version"], told["status"], told["truncatedAlerts"]) == ("4", "firing", 0)
    (alert,) = told["alerts"]
    assert set(alert) == {"status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint"}
    assert alert["labels"]["alertname"] == "slow-charging"
    assert alert["labels"]["severity"] == "critical"
    assert (alert["labels"]["site"], alert["labels"]["station"]) == ("malmo-central", "mc-1")
    assert (alert["status"], alert["endsAt"]) == ("firing", NEVER)
    assert alert["generatorURL"] == "https://laddvakt.example.org/alerts/17"


def test_alerts_without_a_row_are_counted_and_an_end_has_its_time(message: Callable[..., Any]) -> None:
    whole = message()
    ended = replace(whole.rows[0], state="resolved", resolved_at=datetime(2026, 3, 1, 13, tzinfo=UTC))
    told = payload(replace(whole, rows=(ended,), firing=0, resolved=340), "")
    assert (told["status"], told["truncatedAlerts"]) == ("resolved", 339)
    assert told["alerts"][0]["endsAt"] == "2026-03-01T13:00:00Z"


def test_one_alert_has_one_fingerprint_whatever_its_level(message: Callable[..., Any]) -> None:
    row = message().rows[0]
    one, two = (payload(replace(message(), rows=(replace(row, level=level),)), "") for level in ("info", "critical"))
    assert one["alerts"][0]["fingerprint"] == two["alerts"][0]["fingerprint"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (302, DeliveryRefused), (400, DeliveryRefused), (410, DeliveryRefused), (401, DeliveryUnavailable),
        (404, DeliveryUnavailable), (429, DeliveryUnavailable), (500, DeliveryUnavailable), (503, DeliveryUnavailable),
    ],
    ids=str,
)  # fmt: skip
def test_a_refusal_is_final_or_not_and_redirects_are_not_followed(
    hook: Hook, message: Callable[..., Any], status: int, expected: type[Exception]
) -> None:
    hook.status = status
    with pytest.raises(expected, match=rf"answered {status}") as caught:
        post(channel(hook.url), message())
    assert len(hook.posts) == 1
    assert "hidden" not in str(caught.value), "an address may hold a secret"


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "169.254.169.254", "10.0.0.1", "[::ffff:127.0.0.1]"]
)
def test_the_own_network_is_out_of_reach_unless_allowed(message: Callable[..., Any], host: str) -> None:
    with pytest.raises(DeliveryRefused, match=r"not a public address; .* notify.private_addresses = true"):
        post(channel(f"http://{host}:9/", private=False), message())


def test_a_server_that_is_away_is_tried_again(hook: Hook, message: Callable[..., Any]) -> None:
    hook.server.shutdown()
    hook.server.server_close()
    with pytest.raises(DeliveryUnavailable, match=r"webhook http://localhost:\d+/…: .*refused"):
        post(channel(hook.url), message())


def test_a_receiver_that_lost_its_webhook_refuses(message: Callable[..., Any]) -> None:
    with pytest.raises(DeliveryRefused, match="receiver 'noc' has no webhook any more"):
        post(WebhookChannel(Routes, "", private=False), message())


@pytest.mark.parametrize(("name", "fine"), [("localhost", True), ("other.example.org", False)], ids=["own", "other"])
def test_the_certificate_has_to_be_that_of_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: Callable[..., Any], name: str, fine: bool
) -> None:
    if not shutil.which("openssl"):
        missing("no openssl on PATH to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    hook = _hook()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    hook.server.socket = context.wrap_socket(hook.server.socket, server_side=True)
    hook.scheme = "https"
    hook.serve()
    try:
        if fine:
            post(channel(hook.url), message())
            assert len(hook.posts) == 1
        else:
            with pytest.raises(DeliveryUnavailable, match="webhook https://localhost"):
                post(channel(hook.url), message())
    finally:
        hook.server.shutdown()
        hook.server.server_close()


def test_through_the_outbox_beside_a_mail_server_that_is_away(
    outbox: Any, hook: Hook, message: Callable[..., Any]
) -> None:
    outbox.add(message(), message(key="k2", address="webhook:noc"))
    now = message().at + timedelta(seconds=1)
    worker = OutboxWorker(outbox, channel(hook.url), lambda: now)
    worker.start()
    try:
        outbox.reaches("waiting", "sent")
    finally:
        worker.stop()
    assert [headers["Idempotency-Key"] for _, headers, _ in hook.posts] == ["k2"]
