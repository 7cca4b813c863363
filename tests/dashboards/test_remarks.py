"""Comments, verdicts and the timeline, on the page of an alert and in the API."""

from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboards.alert_page import ENTRIES
from monitor.state import audit
from tests.dashboards.sample import NOW, SampleService
from tests.security.cases import client_of, csrf_of, guarded


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SampleService, Flask]]:
    with guarded(tmp_path_factory.mktemp("remarks")) as both:
        yield both


@pytest.fixture
def service(guard: tuple[SampleService, Flask]) -> SampleService:
    return guard[0]


@pytest.fixture
def operator(guard: tuple[SampleService, Flask]) -> FlaskClient:
    return client_of(guard[1], "role operator")


@pytest.fixture
def program(guard: tuple[SampleService, Flask]) -> FlaskClient:
    return client_of(guard[1], "token act")


def post(client: FlaskClient, path: str, **fields: str) -> int:
    return client.post(path, data={"csrf_token": csrf_of(client), **fields}).status_code


def over(service: SampleService) -> int:
    """The number of an alert that fired and has resolved."""
    return service.alerts.list(state="resolved")[0].id


def test_a_comment_of_a_form_stands_in_the_timeline_as_it_was_typed(
    operator: FlaskClient, service: SampleService
) -> None:
    number = service.alerts.list(rule="slow-charging")[0].id
    assert post(operator, f"/alerts/{number}/comment", text="cable is hot <b>\r\nsent Bo") == 303
    page = operator.get(f"/alerts/{number}").text
    assert "cable is hot &lt;b&gt;\nsent Bo" in page
    assert page.index("fires") < page.index("field@example.org") < page.index("cable is hot")
    assert post(operator, f"/alerts/{number}/comment", text=" \n ") == 400
    assert post(operator, f"/alerts/{number}/comment", text="x" * 2001) == 400
    assert post(operator, "/alerts/999999/comment", text="x") == 404


def test_what_is_refused_is_said_in_the_reader_s_language_and_to_a_program_always_in_english(
    guard: tuple[SampleService, Flask], operator: FlaskClient, program: FlaskClient
) -> None:
    firing = guard[0].alerts.list(state="firing")[0].id
    fields = {"csrf_token": csrf_of(operator), "verdict": "real"}
    swedish = operator.post(f"/alerts/{firing}/verdict", data=fields, headers={"Accept-Language": "sv"})
    assert (swedish.status_code, f"larm {firing} är inte över än: bedöm det" in swedish.text) == (400, True)
    english = operator.post(f"/alerts/{firing}/verdict", data=fields, headers={"Accept-Language": "en"})
    assert f"alert {firing} is not over yet: judge it" in english.text
    told = program.post(f"/api/v1/alerts/{firing}/verdict", json={"verdict": "real"}, headers={"Accept-Language": "sv"})
    assert told.json is not None
    assert told.json["detail"] == f"alert {firing} is not over yet: judge it when it has resolved"


def test_a_verdict_of_a_form_counts_towards_the_precision_of_its_rule(
    operator: FlaskClient, service: SampleService
) -> None:
    number = over(service)
    rule = service.alerts.list(state="resolved")[0].rule
    assert "Nobody has judged this alert yet." in operator.get(f"/alerts/{number}").text
    assert "real, " not in operator.get("/rules").text
    assert post(operator, f"/alerts/{number}/verdict", verdict="false", comment="meter was off") == 303
    page = unescape(operator.get(f"/alerts/{number}").text)
    assert "false alarm</b>, operator" in page
    assert "meter was off" in page
    rules = unescape(operator.get("/rules").text).replace("\u00a0", " ")
    assert "0 real, 1 false, 0 known" in rules[rules.index(f'id="rule-{rule}"') :]
    assert post(operator, f"/alerts/{number}/verdict", verdict="maybe") == 400
    assert post(operator, f"/alerts/{number}/verdict") == 400


def test_an_active_alert_has_no_verdict(operator: FlaskClient, service: SampleService) -> None:
    number = service.alerts.list(state="firing")[0].id
    assert "/verdict" not in operator.get(f"/alerts/{number}").text
    assert post(operator, f"/alerts/{number}/verdict", verdict="real") == 400


def test_who_may_only_read_sees_remarks_and_no_forms(guard: tuple[SampleService, Flask]) -> None:
    viewer = client_of(guard[1], "role viewer")
    page = viewer.get(f"/alerts/{over(guard[0])}").text
    assert "/comment" not in page
    assert "/verdict" not in page


def test_the_api_comments_judges_and_tells_the_whole_story(program: FlaskClient, service: SampleService) -> None:
    number = over(service)
    made = program.post(f"/api/v1/alerts/{number}/comments", json={"text": "was the fuse\n"})
    assert (made.status_code, made.json["text"], made.json["by"]) == (201, "was the fuse", "token act")
    assert made.json in program.get(f"/api/v1/alerts/{number}/comments").json["items"]
    done: Any = program.post(f"/api/v1/alerts/{number}/verdict", json={"verdict": "real"}).json
    assert done["verdict"] == {"at": "2026-03-04T12:42:07Z", "by": "token act", "verdict": "real", "comment": ""}
    kinds = [entry["kind"] for entry in done["timeline"]]
    assert kinds[0] == "event"
    assert kinds[-1] == "verdict"
    assert {"comment", "message"} <= set(kinds)
    assert [entry["at"] for entry in done["timeline"]] == sorted(entry["at"] for entry in done["timeline"])
    with service.database.read() as connection:
        actions = {entry.action for entry in audit.list(connection, subject=str(number))}
    assert actions >= {"alert.comment", "alert.verdict"}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("comments", {"text": " "}, "text"),
        ("comments", {"text": "a\x07b"}, "text"),
        ("comments", {}, "text"),
        ("verdict", {"verdict": "maybe"}, "verdict"),
    ],
    ids=["empty comment", "bell", "no comment", "no such verdict"],
)
def test_bodies_that_are_refused_name_the_field(
    program: FlaskClient, service: SampleService, path: str, body: dict[str, str], field: str
) -> None:
    answer: Any = program.post(f"/api/v1/alerts/{over(service)}/{path}", json=body)
    assert (answer.status_code, answer.json["field"]) == (400, field)


def test_precision_is_null_while_nobody_has_judged(program: FlaskClient, service: SampleService) -> None:
    judged = service.alerts.list(state="resolved")[0].rule
    rules: Any = {rule["id"]: rule for rule in program.get("/api/v1/rules").json["items"]}
    assert rules[judged]["precision"] == 1
    assert rules[judged]["verdicts"] == {"real": 1, "false": 0, "known": 0}
    assert rules["slow-charging"]["precision"] is None
    assert program.get(f"/api/v1/rules/{judged}").json["precision"] == 1


def test_a_long_story_is_cut_on_the_page_and_whole_in_the_api(operator: FlaskClient, service: SampleService) -> None:
    number = service.alerts.list(rule="station-offline")[0].id
    for minute in range(ENTRIES):
        service.remarks.comment(number, f"look {minute}", by="anna", at=NOW + timedelta(minutes=minute))
    page = operator.get(f"/alerts/{number}").text
    assert "earlier entries are not shown" in page
    assert f"look {ENTRIES - 1}" in page
    assert len(page) < 150_000
    found: Any = operator.get(f"/api/v1/alerts/{number}").json
    assert len(found["timeline"]) > ENTRIES
