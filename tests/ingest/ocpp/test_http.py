"""`POST /api/v1/ocpp/STATION` on a real server and store."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import waitress
from flask import Flask

from dashboards.ocpp import ocpp
from monitor.config import Settings
from monitor.ingest.intake import Intake
from monitor.readings.embedded import EmbeddedStore
from monitor.register import Register
from tests.serving import stop

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
START = [
    2,
    "1",
    "StartTransaction",
    {"connectorId": 2, "idTag": "A", "meterStart": 5, "timestamp": "2026-05-01T11:59:00Z"},
]
ACCEPTED = [3, "1", {"transactionId": 9, "idTagInfo": {"status": "Accepted"}}]
STOP = [2, "2", "StopTransaction", {"transactionId": 9, "meterStop": 7, "timestamp": "2026-05-01T12:00:00Z"}]


@dataclass
class Parts:
    """What the endpoint uses of the service."""

    settings: Settings
    store: EmbeddedStore
    intake: Intake


@pytest.fixture
def parts(tmp_path: Path, register: Register) -> Iterator[Parts]:
    with closing(EmbeddedStore(tmp_path / "readings.duckdb", timedelta(minutes=30))) as store:
        yield Parts(Settings(), store, Intake(store, lambda: NOW, register=lambda: register))


@pytest.fixture
def post(parts: Parts) -> Iterator[Callable[..., tuple[int, Any]]]:
    app = Flask(__name__)
    app.extensions["laddvakt"] = parts
    app.register_blueprint(ocpp)
    server = waitress.create_server(app, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run)
    thread.start()

    def send(station: str, message: Any, query: str = "", **headers: str) -> tuple[int, Any]:
        address = f"http://127.0.0.1:{server.effective_port}/api/v1/ocpp/{station}{query}"
        request = urllib.request.Request(address, json.dumps(message).encode(), headers)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    yield send
    stop(server, thread)


def transactions(parts: Parts) -> list[tuple[str, str, str | None]]:
    parts.store.bring_up_to(NOW)
    rows = [row for batch in parts.store.scan("transaction") for row in batch.to_pylist()]
    return [(row["event"], row["connector"], row["session"]) for row in rows]


def test_a_message_is_stored_and_its_answer_completes_it(post: Any, parts: Parts) -> None:
    assert post("l-1", START) == (200, {"stored": 1, "rejected": [], "rejected_count": 0, "unknown": {}})
    assert transactions(parts) == [("start", "2", None)]
    assert post("l-1", ACCEPTED)[0] == 200
    assert transactions(parts) == [("start", "2", "9")]


def test_after_a_restart_a_stop_still_finds_its_connector(post: Any, parts: Parts, register: Register) -> None:
    assert post("l-1", [START, ACCEPTED])[0] == 200
    parts.intake = Intake(parts.store, lambda: NOW, register=lambda: register)
    assert post("l-1", STOP)[0] == 200
    assert transactions(parts) == [("start", "2", "9"), ("stop", "2", "9")]


def statuses(parts: Parts) -> list[str]:
    parts.store.bring_up_to(NOW)
    return [row["status"] for batch in parts.store.scan("status") for row in batch.to_pylist()]


def event(kind: str, minute: int, state: str | None = None, **more: Any) -> list[Any]:
    info = {"transactionId": "tx", **({"chargingState": state} if state else {})}
    at = f"2026-05-01T11:{minute}:00Z"
    return [2, f"e{minute}", "TransactionEvent", {"eventType": kind, "timestamp": at, "transactionInfo": info, **more}]


def occupied(minute: int, status: str = "Occupied") -> list[Any]:
    said = {"evseId": 1, "connectorId": 1, "connectorStatus": status, "timestamp": f"2026-05-01T11:{minute}:00Z"}
    return [2, f"s{minute}", "StatusNotification", said]


RESTARTS = {
    "a car that charges goes on": (
        [occupied(10), event("Started", 11, "Charging", evse={"id": 1, "connectorId": 1})],
        [occupied(20)],
        ["Preparing", "Charging", "Charging"],
    ),
    "the end does not say what the cable does": (
        [occupied(10), event("Started", 11, "SuspendedEV", evse={"id": 1, "connectorId": 1})],
        [event("Ended", 20)],
        ["Preparing", "SuspendedEV", "Finishing"],
    ),
    "the end was lost and the next car comes": (
        [occupied(10), event("Started", 11, "Charging", evse={"id": 1, "connectorId": 1}), occupied(15, "Available")],
        [occupied(20)],
        ["Preparing", "Charging", "Available", "Preparing"],
    ),
}


@pytest.mark.parametrize(("before", "after", "expected"), RESTARTS.values(), ids=RESTARTS.keys())
def test_after_a_restart_2_0_1_is_understood_as_if_there_had_been_none(
    *, post: Any, parts: Parts, register: Register, before: Any, after: Any, expected: list[str]
) -> None:
    assert post("l-1", before)[0] == 200
    parts.intake = Intake(parts.store, lambda: NOW, register=lambda: register)
    assert post("l-1", after)[0] == 200
    assert statuses(parts) == expected


def test_after_a_restart_values_beside_a_lost_end_are_not_of_its_session(
    post: Any, parts: Parts, register: Register
) -> None:
    assert post("l-1", RESTARTS["the end was lost and the next car comes"][0])[0] == 200
    parts.intake = Intake(parts.store, lambda: NOW, register=lambda: register)
    value = {"timestamp": "2026-05-01T11:30:00Z", "sampledValue": [{"value": 5}]}
    assert post("l-1", [2, "m", "MeterValues", {"evseId": 1, "meterValue": [value]}])[0] == 200
    assert [row["session"] for batch in parts.store.scan("meter") for row in batch.to_pylist()] == [None]


def test_after_a_restart_a_stop_of_a_start_whose_answer_was_never_heard_finds_its_connector(
    post: Any, parts: Parts, register: Register
) -> None:
    assert post("l-1", START)[0] == 200
    parts.intake = Intake(parts.store, lambda: NOW, register=lambda: register)
    assert post("l-1", STOP)[0] == 200
    assert transactions(parts) == [("start", "2", None), ("stop", "2", "9")]


def test_what_is_wrong_is_named_and_the_rest_is_stored(post: Any) -> None:
    status, said = post("l-1", [[2, "1", "Heartbeat", {}], [2, "2", "StatusNotification", {"connectorId": 1}]])
    assert (status, said["stored"], said["rejected"]) == (
        400,
        1,
        [{"line": 2, "message": "StatusNotification: status is missing"}],
    )


def test_a_station_that_is_not_registered_needs_its_site(post: Any, parts: Parts) -> None:
    status, said = post("new/1", [2, "1", "Heartbeat", {}])
    assert status == 400
    assert "is not in the register" in said["rejected"][0]["message"]
    assert post("new/1", [2, "1", "Heartbeat", {}], "?site=lund")[0] == 200
    (row,) = [row for batch in parts.store.scan("link") for row in batch.to_pylist()]
    assert (row["site"], row["station"]) == ("lund", "new/1")


def test_while_the_store_is_away_the_message_may_be_sent_again(post: Any, parts: Parts) -> None:
    parts.store.close()
    status, said = post("l-1", [2, "1", "Heartbeat", {}])
    assert (status, said["code"]) == (503, "unavailable")
