"""The review queue on its page and as JSON: what people read, decide, and are told when somebody was quicker."""

from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboards import create_app
from monitor.sessions.billing import bill
from monitor.sessions.model import Session
from monitor.state import audit
from monitor.state.sealing import Sealing, Selection, making, seal
from monitor.state.tariffs import TariffStore
from monitor.tariffs.rounding import PER_TOTAL
from tests.dashboards.sample import NOW, SLOW, SampleService
from tests.state.visits import visit

Save = Callable[..., None]


@pytest.fixture
def save(fresh: SampleService) -> Save:
    def saved(*sessions: Session) -> None:
        until = fresh.settings.sessions.bill_until
        fresh.sessions.save(
            [bill(replace(each, place=SLOW), fresh.tariffs, fresh.register, until) for each in sessions], now=NOW
        )

    return saved


@pytest.fixture
def client(fresh: SampleService, save: Save) -> FlaskClient:
    """s1 is priced, s2 doubtful, s3 sealed and measured otherwise since."""
    history = TariffStore(fresh.database).note(fresh.tariffs.tariffs.values(), NOW)
    save(visit("s1"), visit("s2", flags=frozenset({"register_jump"})), visit("s3"))
    made = making(history, fresh.register, fresh.settings.sessions.bill_until, PER_TOTAL, "2.2.1")
    list(seal(fresh.database, Selection(session="s3"), Sealing(made, "2.2.1", "finance", NOW)))
    save(visit("s3", kwh=12.0))
    return create_app(fresh).test_client()


def text_of(client: FlaskClient, path: str) -> str:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200, path
    return unescape(answer.text).replace("\u00a0", " ")


def seen(client: FlaskClient, session: str) -> str:
    items: list[Any] = client.get("/api/v1/review").json["items"]
    return next(str(item["seen"]) for item in items if item["id"] == session)


def test_the_queue_says_what_waits_and_why(client: FlaskClient) -> None:
    page = text_of(client, "/review")
    assert "1 doubtful, 0 without a price, 1 changed after sealing" in page
    assert "the energy register jumped further than the power can explain" in page
    assert "energy 10 kWh, now 12 kWh" in page
    assert "s1" not in [item["id"] for item in client.get("/api/v1/review").json["items"]]
    assert "<b>doubtful</b>" not in text_of(client, "/review?kind=correction")


def test_a_form_approves_and_says_who_did(client: FlaskClient, fresh: SampleService) -> None:
    form = {"reason": "meter read on site", "by": "Anna", "seen": seen(client, "s2"), "back": "session"}
    answer = client.post("/review/s2/approve", data=form)
    assert (answer.status_code, answer.location) == (303, "/sessions/s2#billing")
    page = text_of(client, "/sessions/s2")
    assert "<b>approved</b> by Anna: meter read on site" in page
    with fresh.database.read() as connection:
        assert [entry.actor for entry in audit.list(connection, subject="s2")] == ["Anna"]


def test_the_second_of_two_is_told_what_the_first_did(client: FlaskClient) -> None:
    token = seen(client, "s2")
    client.post("/review/s2/approve", data={"reason": "fine", "by": "Anna", "seen": token})
    late = client.post("/review/s2/write-off", data={"reason": "no", "by": "Bo", "seen": token})
    assert late.status_code == 409
    assert "Anna: approve at" in late.text
    as_json = client.post("/api/v1/sessions/s2/write-off", json={"reason": "no", "seen": token})
    assert (as_json.status_code, as_json.mimetype) == (409, "application/problem+json")


def test_a_correction_by_form_is_in_kwh_and_in_the_sites_time(client: FlaskClient, fresh: SampleService) -> None:
    page = text_of(client, "/sessions/s2")
    assert 'name="energy_kwh" inputmode="decimal" value="10.000"' in page
    assert 'name="plug_out" value="2026-06-01T15:30:00"' in page  # 13:30 UTC
    form = {"reason": "r", "energy_kwh": "8,5", "stopped": "2026-06-01T15:00:00", "plug_out": "2026-06-01T15:15:00"}
    assert client.post("/review/s2/correct", data=form).status_code == 303
    session = fresh.sessions.get("s2")
    assert session is not None
    assert (session.energy_wh, session.plug_out and session.plug_out.isoformat()) == (
        8_500.0, "2026-06-01T13:15:00+00:00",
    )  # fmt: skip
    assert "energy_wh: measured 10000.0, decided 8500.0" in text_of(client, "/sessions/s2")
    form = {"reason": "r", "energy_kwh": "8.500", "stopped": "2026-06-01T15:00:00", "plug_out": "2026-06-01T15:20:00"}
    client.post("/review/s2/correct", data=form)
    again = fresh.sessions.get("s2")
    assert again is not None
    assert (again.energy_wh, again.plug_out and again.plug_out.minute) == (8_500.0, 20)


def test_a_proposed_correction_is_approved_over_the_api(client: FlaskClient) -> None:
    assert "sealed:</b> energy 10 kWh, now 12 kWh" in text_of(client, "/sessions/s3")
    done = client.post("/api/v1/sessions/s3/approve", json={"reason": "a day late", "by": "Anna"})
    assert (done.status_code, done.json["state"], done.json["energy_wh"]) == (200, "priced", 12_000.0)
    page = text_of(client, "/sessions/s3")
    assert "<small>takes back s3</small>" in page
    assert "waits for the next export" in page
    assert client.get("/sessions/s3/cdr.json?id=s3-C").json["credit"] is True


def test_a_cdr_that_is_only_shown_says_so_and_seals_nothing(client: FlaskClient) -> None:
    assert client.get("/sessions/s1/cdr.json").headers["Laddvakt-CDR"] == "preview"
    assert client.get("/api/v1/sessions").json["items"][-1]["state"] == "priced"
    sealed = client.get("/sessions/s3/cdr.json")
    assert (sealed.headers["Laddvakt-CDR"], sealed.json["total_energy"]) == ("sealed", 10)
    assert client.get("/sessions/s3/cdr.json?ocpi=2.3.0").headers["Laddvakt-CDR"] == "preview"
    assert client.get("/sessions/s2/cdr.json").status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        ("s2/approve", {}, 400, "reason: field required"),
        (
            "s2/approve",
            {"reason": "x", "energy_wh": 5},
            400,
            "energy_wh: and the times are of the action 'correct' alone",
        ),
        ("s2/correct", {"reason": "x"}, 400, "nothing is corrected"),
        ("s2/correct", {"reason": "x", "energy_wh": "5"}, 400, "energy_wh: input should be a valid number"),
        ("s2/correct", {"reason": "x", "stopped": "2026-06-01"}, 400, "stopped: '2026-06-01' has no offset"),
        ("s2/keep", {"reason": "x"}, 400, "cannot be decided by 'keep'"),
        ("s1/approve", {"reason": "x"}, 400, "cannot be decided by 'approve'; possible: correct, write_off"),
        ("s9/approve", {"reason": "x"}, 404, ""),
        ("s2/burn", {"reason": "x"}, 404, ""),
    ],
    ids=["no reason", "unknown field", "nothing", "text", "no offset", "keep", "priced", "session", "action"],
)
def test_what_cannot_be_decided(client: FlaskClient, path: str, body: Any, status: int, told: str) -> None:
    answer = client.post(f"/api/v1/sessions/{path}", json=body)
    assert (answer.status_code, told in answer.json["detail"]) == (status, True)


def test_a_page_of_another_site_decides_nothing(client: FlaskClient) -> None:
    headers = {"Origin": "https://evil.example"}
    assert client.post("/review/s2/approve", data={"reason": "x"}, headers=headers).status_code == 403
    assert client.post("/api/v1/sessions/s2/approve", json={"reason": "x"}, headers=headers).status_code == 403
    assert client.get("/review/s2/approve").status_code == 405


def test_pages_of_the_queue_go_on_where_the_last_ended(client: FlaskClient) -> None:
    first = client.get("/api/v1/review?limit=1").json
    assert [item["id"] for item in first["items"]] == ["s2"]
    assert [item["id"] for item in client.get(first["next"]).json["items"]] == ["s3"]
