"""Who is on call, test messages, and messages that were given up, with a real mail server."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboards import create_app
from monitor.alerts.model import Message, MessageRow
from monitor.config import Mail
from monitor.demo.mailbox import Mailbox
from monitor.rules.answer import Texts
from tests.dashboards import sample
from tests.dashboards.sample import SampleService
from tests.security.cases import add_everybody, client_of, csrf_of

NOTIFY = """
receivers:
  noc: {mail: [noc@example.org], language: sv}
  hook: {webhook: {url: "http://127.0.0.1:9/"}}
rotas:
  on-call:
    zone: Europe/Stockholm
    handover: "Mon 09:00"
    people: [first@example.org, second@example.org]
    start: 2026-01-05
    overrides: [{from: 2026-03-28T20:00, to: 2026-03-29T08:00, who: third@example.org}]
default: {to: noc}
"""
BEFORE_SUMMER_TIME = datetime(2026, 3, 25, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleService]:
    rules = tmp_path_factory.mktemp("rules")
    (rules / "notify.yaml").write_text(NOTIFY, encoding="utf-8")
    box = Mailbox(now=lambda: BEFORE_SUMMER_TIME)
    box.start()
    with sample.empty_service(tmp_path_factory.mktemp("var"), rules) as made:
        host, port = box.address
        made.settings = made.settings.model_copy(update={"mail": Mail(host=host, port=port)})
        made.at = BEFORE_SUMMER_TIME
        add_everybody(made)
        made.box = box  # type: ignore[attr-defined]
        yield made
    box.stop()


@pytest.fixture(scope="module")
def app(service: SampleService) -> Flask:
    return create_app(service)


@pytest.fixture
def operator(app: Flask) -> FlaskClient:
    return client_of(app, "role operator")


def test_the_rota_is_told_by_its_own_wall_clock_across_the_change_of_it(operator: FlaskClient) -> None:
    page = " ".join(unescape(operator.get("/oncall").text).split())
    assert "Now: <b>second@example.org</b>" in page
    assert "Times of this rota in Europe/Stockholm." in page
    assert page.index("third@example.org") < page.index("stands in")
    for moment, zone in (
        ("Sat <time", "CET"), ("2026-03-28 20:00", "CET"), ("2026-03-29 08:00", "CEST"), ("2026-03-30 09:00", "CEST"),
    ):  # fmt: skip
        assert moment in page
        assert f"{zone}</small>" in page[page.index(moment) :][:200]


def test_the_api_says_the_same_in_utc(operator: FlaskClient) -> None:
    items: Any = operator.get("/api/v1/oncall").json["items"]  # type: ignore[index]
    (rota,) = items
    assert (rota["rota"], rota["zone"], rota["now"]) == ("on-call", "Europe/Stockholm", "second@example.org")
    turns = [(shift["who"].partition("@")[0], shift["from"], shift["override"]) for shift in rota["shifts"]]
    assert turns == [
        ("second", "2026-03-25T12:00:00Z", False),
        ("third", "2026-03-28T19:00:00Z", True),
        ("second", "2026-03-29T06:00:00Z", False),
        ("first", "2026-03-30T07:00:00Z", False),
        ("second", "2026-04-06T07:00:00Z", False),
        ("first", "2026-04-13T07:00:00Z", False),
        ("second", "2026-04-20T07:00:00Z", False),
    ]
    assert rota["shifts"][-1]["to"] == "2026-04-22T12:00:00Z"


def test_the_button_sends_a_test_and_shows_what_the_server_answers(
    operator: FlaskClient, service: SampleService
) -> None:
    token = csrf_of(operator, "/oncall")
    answer = operator.post("/oncall/on-call/test", data={"csrf_token": token})
    assert "second@example.org: arrived. The server says: <code>250 " in answer.text
    assert 'data-poll="0"' in answer.text
    (mail,) = service.box.mails  # type: ignore[attr-defined]
    assert mail.recipients == ("second@example.org",)
    barred = operator.post("/oncall/hook/test", data={"csrf_token": token})
    assert "did not arrive" in barred.text
    assert "which is not a public" in barred.text
    assert operator.post("/oncall/nobody/test", data={"csrf_token": token}).status_code == 404


def test_the_api_sends_a_test_too(app: Flask, service: SampleService) -> None:
    program = client_of(app, "token act")
    receivers: Any = program.get("/api/v1/receivers").json
    assert [(each["name"], each["reached"]) for each in receivers["items"]] == [
        ("hook", ["webhook:hook"]),
        ("noc", ["noc@example.org"]),
        ("on-call", ["second@example.org"]),
    ]
    answer: Any = program.post("/api/v1/receivers/noc/test").json
    assert answer["items"][0]["answer"].startswith("250 ")
    assert answer["items"][0]["error"] == ""


def test_who_may_only_read_has_no_button(app: Flask) -> None:
    viewer = client_of(app, "role viewer")
    assert "Send a test" not in viewer.get("/oncall").text
    token = csrf_of(viewer, "/account")
    assert viewer.post("/oncall/noc/test", data={"csrf_token": token}).status_code == 403


def refused(service: SampleService, key: str) -> None:
    """A message that the server will not take."""
    row = MessageRow(1, "slow", "malmo/m-1/1", "firing", "warning", service.at, None, "", Texts("<b>Slow", "slow"))
    message = Message(
        key=key, thread=key, receiver="noc", address=f"{key}@example.org", language="en", group={"site": "malmo"},
        kind="firing", at=service.at, firing=1, resolved=0, rows=(row,), zone="Europe/Stockholm",
    )  # fmt: skip
    with service.database.begin() as tx:
        service.outbox.add(tx, [message], {key: []})
    (claimed,) = service.outbox.claim("mail", service.at, timedelta(minutes=1))
    service.outbox.failed(claimed.id, service.at, "550 no such user", final=True)


def test_what_was_given_up_is_shown_and_sent_again_by_a_button_and_by_the_api(
    app: Flask, service: SampleService
) -> None:
    operator, program = client_of(app, "role operator"), client_of(app, "token act")
    assert "Every message has arrived" in operator.get("/undelivered").text
    refused(service, "gone")
    refused(service, "moved")
    page = operator.get("/undelivered").text
    assert "550 no such user" in page
    assert "&lt;b&gt;Slow" in page
    assert "/undelivered" in operator.get("/health", headers={"Accept": "text/html"}).text
    listed: Any = program.get("/api/v1/undelivered?limit=1").json
    (letter,) = listed["items"]
    assert (letter["address"], letter["attempts"], letter["alerts"]) == ("moved@example.org", 1, [1])
    (other,) = program.get(listed["next"]).json["items"]
    token = csrf_of(operator, "/undelivered")
    assert operator.post(f"/undelivered/{letter['id']}/resend", data={"csrf_token": token}).status_code == 303
    assert program.post(f"/api/v1/undelivered/{letter['id']}/resend").status_code == 400
    assert program.post("/api/v1/undelivered/999999/resend").status_code == 404
    assert program.post("/api/v1/undelivered/resend").json == {"resent": 1}
    claimed = service.outbox.claim("mail", service.at, timedelta(minutes=1), limit=9)
    assert sorted(each.message.key for each in claimed) == ["gone", "moved"]
    assert {each.id for each in claimed} == {letter["id"], other["id"]}


def test_who_may_only_read_cannot_send_anything_again(app: Flask, service: SampleService, tmp_path: Path) -> None:
    refused(service, "lost")
    viewer = client_of(app, "role viewer")
    page = viewer.get("/undelivered").text
    assert "lost@example.org" in page
    assert "/resend" not in page
