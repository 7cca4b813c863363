"""The write endpoints as clients use them: a real server, the real influxdb-client, curl."""

import gzip
import json
import shutil
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import waitress
from flask import Flask, Response
from influxdb_client import InfluxDBClient, Point, WriteOptions
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException

from dashboards.writes import influx_health, writes
from monitor.config import Settings
from monitor.errors import DiskFull, StoreFull
from monitor.ingest.intake import Intake
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.store import Batch
from tests.serving import stop

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
METER = "meter,site=s,station=x,connector=1"


@dataclass
class Parts:
    """What the endpoints use of the service."""

    settings: Settings
    store: EmbeddedStore
    intake: Intake


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    store = EmbeddedStore(tmp_path / "readings.duckdb", timedelta(minutes=30))
    with closing(store):
        yield Parts(Settings.model_validate({"web": {"max_body": 200_000}}), store, Intake(store, lambda: NOW))


@pytest.fixture
def address(parts: Parts) -> Iterator[str]:
    app = Flask(__name__)
    app.extensions["laddvakt"] = parts
    app.register_blueprint(writes)

    @app.get("/health")
    def health() -> Response:
        return influx_health()

    server = waitress.create_server(app, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    stop(server, thread)


Answer = tuple[int, dict[str, str], str]


@pytest.fixture
def send(address: str) -> Callable[..., Answer]:
    def post(path: str, body: bytes | str = b"", method: str = "POST", **headers: str) -> Answer:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = body.encode() if isinstance(body, str) else body
        request = urllib.request.Request(address + path, sent if method == "POST" else None, names, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read().decode()

    return post


@pytest.fixture
def stored(parts: Parts) -> Callable[[], list[float]]:
    return lambda: [row["soc"] for batch in parts.store.scan("meter") for row in batch.to_pylist()]


def point(soc: float, second: int) -> Point:
    return (Point("meter").tag("site", "Malmö Central").tag("station", "a,b=c").tag("connector", "1")
            .field("soc", soc).field("session", 'say "hi"\\').time(NOW + timedelta(seconds=second)))  # fmt: skip


def test_influxdb_client_writes_at_once(address, parts):
    with InfluxDBClient(address, token="any", org="laddvakt") as client:
        assert client.ping()
        assert client.version().startswith("v2.")
        client.write_api(write_options=SYNCHRONOUS).write("charging", record=[point(1.0, 0), point(2.0, 1)])

    [row, _] = [row for batch in parts.store.scan("meter") for row in batch.to_pylist()]
    assert (row["site"], row["station"], row["soc"], row["session"]) == ("Malmö Central", "a,b=c", 1.0, 'say "hi"\\')


def test_influxdb_client_writes_in_batches_and_gzip(address, stored):
    batching = WriteOptions(batch_size=100, flush_interval=50)
    with (
        InfluxDBClient(address, token="any", org="laddvakt", enable_gzip=True) as client,
        client.write_api(write_options=batching) as api,
    ):
        for second in range(250):
            api.write("charging", record=point(float(second), second))

    assert stored() == [float(second) for second in range(250)]


def test_influxdb_client_hears_which_line_is_wrong_and_the_others_are_kept(address, stored):
    lines = [f"{METER} soc=1", f'{METER} soc="full"', f"{METER} soc=2 {10**18 * 2}"]
    with InfluxDBClient(address, token="any", org="laddvakt") as client:
        api = client.write_api(write_options=SYNCHRONOUS)
        with pytest.raises(ApiException) as raised:
            api.write("charging", record=lines)

    assert raised.value.status == 400
    error = json.loads(raised.value.body)
    assert error["code"] == "invalid"
    assert "partial write (2 stored, 1 rejected): line 2: field 'soc' is a number" in error["message"]
    assert stored() == [1.0, 2.0]


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on PATH")
def test_curl_writes_as_the_manuals_of_influxdb_say(address, stored):
    for number, url in enumerate(
        ["/api/v2/write?org=o&bucket=b&precision=s", "/write?db=charging&precision=s&u=me&p=secret"]
    ):
        call = [
            "curl",
            "-sS",
            "-w",
            "%{http_code}",
            "-H",
            "Authorization: Token abc",
            "--data-binary",
            "@-",
            address + url,
        ]
        body = f"{METER} soc={number} {1777636800 + number}\n"
        assert subprocess.run(call, input=body, capture_output=True, text=True, check=True).stdout == "204"

    assert stored() == [0.0, 1.0]


def test_a_one_line_gzip_of_several_parts(send, stored):
    body = gzip.compress(f"{METER} soc=1 1777636800\n".encode()) + gzip.compress(f"{METER} soc=2 1777636801\n".encode())

    assert send("/api/v2/write?precision=s", body, Content_Encoding="gzip")[0] == 204
    assert stored() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("precision", "time"),
    [
        ("n", 1777636800 * 10**9),
        ("u", 1777636800 * 10**6),
        ("ms", 1777636800000),
        ("s", 1777636800),
        ("m", 1777636800 // 60),
        ("h", 1777636800 // 3600),
    ],
)
def test_precisions_of_influxdb_1(send, parts, precision, time):
    assert send(f"/write?db=x&precision={precision}", f"{METER} soc=1 {time}")[0] == 204
    assert parts.store.health().newest == NOW


def test_a_precision_that_does_not_exist(send):
    assert json.loads(send("/api/v2/write?precision=h", "")[2])["message"] == "precision 'h' is none of ns, us, ms, s"
    assert "none of" in json.loads(send("/write?precision=y", "")[2])["error"]


def test_influxdb_1_hears_of_wrong_lines_in_its_own_words(send, stored):
    status, _, body = send("/write?db=x", f"bad\n{METER} soc=1")

    assert status == 400
    assert json.loads(body) == {"error": "partial write (1 stored, 1 rejected): line 1: there are no fields"}
    assert stored() == [1.0]


def test_an_answer_names_twenty_lines_and_counts_the_others(send):
    message = json.loads(send("/api/v2/write", "bad\n" * 1000)[2])["message"]

    assert "line 20:" in message
    assert message.endswith("; and 980 more")


def test_an_empty_body_is_fine(send):
    assert send("/api/v2/write", "")[0] == 204


def test_bodies_over_the_limit_are_refused_before_and_after_unpacking(send, stored):
    line = f"{METER} soc=1\n"
    packed = [gzip.compress(b"x" * 200_001), gzip.compress(bytes(50_000_000))]
    for body, encoding in [(line * 10_000, "identity"), *((each, "gzip") for each in packed)]:
        status, _, answer = send("/api/v2/write", body, Content_Encoding=encoding)
        assert (status, json.loads(answer)["code"]) == (413, "request too large")
        assert "web.max_body" in answer
    assert stored() == []


@pytest.mark.parametrize(
    "body",
    [b"no gzip at all", gzip.compress(b"x" * 1000)[:-12], gzip.compress(b"x")[:5]],
    ids=["no gzip", "cut short", "header only"],  # a gzip header holds the time: it must not stand in a test's name
)
def test_broken_gzip(send, body):
    status, _, answer = send("/api/v2/write", body, Content_Encoding="gzip")

    assert status == 400
    assert "gzip" in json.loads(answer)["message"]


def test_an_encoding_that_nobody_knows(send):
    assert send("/api/v2/write", b"x", Content_Encoding="br")[0] == 415


def test_ping_and_health(send):
    for method in ("GET", "HEAD"):
        status, headers, body = send("/ping", method=method)
        assert (status, body) == (204, "")
        assert headers["X-Influxdb-Version"].startswith("v2.")
    status, _, body = send("/health", method="GET")
    assert status == 200
    health = json.loads(body)
    assert (health["name"], health["status"], health["message"]) == ("influxdb", "pass", "ready for queries and writes")


def test_a_store_that_is_away_is_503_with_when_to_try_again(send, parts):
    parts.store.close()
    status, headers, body = send("/api/v2/write", f"{METER} soc=1")

    assert status == 503
    assert int(headers["Retry-After"]) > 0
    assert json.loads(body)["code"] == "unavailable"
    assert json.loads(send("/health", method="GET")[2])["status"] == "fail"


@pytest.mark.parametrize(
    ("failure", "status", "retry"),
    [(StoreFull("the spool is full"), 503, True), (DiskFull("the disk is full"), 507, False)],
    ids=["spool", "disk"],
)
def test_without_room_it_says_whose_turn_it_is(*, send, parts, failure, status, retry):
    class Full(EmbeddedStore):
        def append(self, batch: Batch) -> None:  # noqa: ARG002 - it takes none
            raise failure

    with closing(Full(parts.store.path.with_name("full.duckdb"), timedelta(minutes=30))) as store:
        parts.intake = Intake(store, lambda: NOW)
        answered, headers, body = send("/api/v2/write", f"{METER} soc=1")
    assert answered == status
    assert ("Retry-After" in headers) == retry
    assert json.loads(body)["message"] == str(failure)


def test_running_counts(send, parts):
    send("/api/v2/write", f"{METER} soc=1,colour=2\nbad\nweather f=1")
    send("/api/v2/write", f"{METER} soc=2,colour=2")

    assert (parts.intake.accepted, parts.intake.rejected) == (2, 1)
    assert parts.intake.unknown == {"meter.colour": 2, "weather": 1}
