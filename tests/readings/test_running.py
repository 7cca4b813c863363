"""Who has the store open: found while it lives, whatever it left behind when it does not."""

import http.server
import json
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from monitor.errors import InputError, StoreUnavailable
from monitor.readings.running import Running, announce, find

ANNOUNCER = """
import sys, time
from pathlib import Path
from monitor.readings.running import announce
with announce(Path(sys.argv[1]), "127.0.0.1:8080", "secret"):
    print("here", flush=True)
    time.sleep(60)
"""


def test_a_service_is_found_while_it_is_announced_and_not_after(path):
    assert find(path) is None
    with announce(path, "127.0.0.1:8123", "secret") as here:
        assert find(path) == here
        assert (here.address, here.token) == ("http://127.0.0.1:8123", "secret")
        [file] = [each for each in path.parent.iterdir() if each.name.endswith(".running")]
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert find(path) is None
    assert list(path.parent.iterdir()) == []


def test_what_a_killed_service_left_behind_is_not_taken_for_one(path):
    with subprocess.Popen([sys.executable, "-c", ANNOUNCER, str(path)], stdout=subprocess.PIPE, text=True) as announcer:
        assert announcer.stdout is not None
        assert announcer.stdout.readline() == "here\n"
        found = find(path)
        announcer.send_signal(signal.SIGKILL)

    assert found == Running("http://127.0.0.1:8080", "secret", announcer.pid)
    assert len(list(path.parent.iterdir())) == 1  # the file is still there
    assert find(path) is None
    with announce(path, "127.0.0.1:8081", "another"):
        assert find(path).token == "another"


@pytest.mark.parametrize(
    ("listen", "reached"),
    [
        ("0.0.0.0:80", "http://127.0.0.1:80"),
        ("[::]:80", "http://[::1]:80"),
        ("[::1]:81", "http://[::1]:81"),
        ("localhost:82", "http://localhost:82"),
        ("http://x:83/", "http://x:83"),
    ],
)
def test_an_address_that_can_be_connected_to(path, listen, reached):
    with announce(path, listen, "t"):
        assert find(path).address == reached


class Answers(http.server.BaseHTTPRequestHandler):
    """Echoes the token and the body; `/503` and `/400` refuse; `/cut` ends before it has sent what it promised."""

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status = int(self.path[1:]) if self.path[1:].isdigit() else 200
        said = json.dumps(
            {"token": self.headers["Authorization"], "body": body.decode(), "detail": "said why"}
        ).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(said) + (10 if self.path == "/cut" else 0)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Running]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Running(f"http://127.0.0.1:{server.server_port}", "secret", 1)
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_question_carries_the_token_and_the_body(service, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")  # a proxy is for other machines

    with service.ask("/x", b"lines") as answer:
        assert json.load(answer) == {"token": "Token secret", "body": "lines", "detail": "said why"}


def test_refusals_and_silence_are_told_apart(service):
    with pytest.raises(InputError, match="answers 400: said why"), service.ask("/400"):
        pass
    with pytest.raises(StoreUnavailable, match="answers 503: said why"), service.ask("/503"):
        pass
    with pytest.raises(StoreUnavailable, match="does not answer to the end"), service.ask("/cut") as answer:
        answer.read()
    with pytest.raises(StoreUnavailable, match="does not answer"), Running("http://127.0.0.1:1", "t", 1).ask("/"):
        pass
