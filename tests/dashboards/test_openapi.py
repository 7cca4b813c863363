"""The document is valid, every answer is as it says, and a client that knows nothing else gets its work done."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dashboards.access import RULES
from dashboards.api.openapi import document
from dashboards.api.operation import OPERATIONS
from tests.security.cases import SECRETS, client_of, guarded

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
]  # fmt: skip
SEALED = {"add_user", "set_password", "remove_user"}
"""Operations that a random client must not do: a password is argon2, and one example takes a second."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with guarded(tmp_path_factory.mktemp("openapi")) as (_, made):
        yield made


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return client_of(app, "token admin")


def test_the_document_is_valid_openapi_and_needs_a_login(app: Flask, admin: FlaskClient) -> None:
    answer = admin.get("/api/v1/openapi.json")
    assert answer.json is not None
    OpenAPIV31SpecValidator(answer.json).validate()
    assert answer.json == document()
    assert client_of(app, "nobody").get("/api/v1/openapi.json").status_code == 401


def test_every_route_of_the_api_is_described(app: Flask) -> None:
    ours_alone = {"importing.take", "importing.erase_user", "backing_up.readings"}  # what our commands ask, by a file
    others = {"api.reference", "api.shapes", "ocpp.hear", "writes.write_2x"} | ours_alone
    routes = {
        rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/") and rule.endpoint in RULES
    }
    assert routes - others == OPERATIONS.keys()


def test_the_pages_show_it_without_any_outside_address(admin: FlaskClient) -> None:
    page, shapes = admin.get("/api/v1/reference").text, admin.get("/api/v1/reference/shapes").text
    for operation in document()["paths"].values():
        for each in operation.values():
            assert each["summary"] in page
    referred = set(re.findall(r'href="/api/v1/reference/shapes#(\w+)"', page))
    referred |= set(re.findall(r'href="#(\w+)"', shapes)) - {"main"}
    assert referred
    for name in referred:
        assert f'id="{name}"' in shapes
    for each in (page, shapes):
        assert "http://" not in each.replace("http://www.w3.org", "")
        assert "https://" not in each


class Client:
    """Knows the document and nothing else: names of operations, their parameters, bodies and answers."""

    def __init__(self, http: FlaskClient) -> None:
        self._http = http
        told: Any = http.get("/api/v1/openapi.json").json
        self._base = told["servers"][0]["url"]
        self._operations = {
            each["operationId"]: (method, path, each)
            for path, methods in told["paths"].items()
            for method, each in methods.items()
        }

    def call(self, name: str, body: Any = None, **values: Any) -> Any:
        method, path, told = self._operations[name]
        where = {each["name"]: each["in"] for each in told["parameters"]}
        assert values.keys() <= where.keys()
        inside = {key: value for key, value in values.items() if where[key] == "path"}
        query = {key: value for key, value in values.items() if where[key] == "query"}
        address = self._base + path.format(**inside)
        answer = self._http.open(address, method=method.upper(), query_string=query, json=body)
        assert str(answer.status_code) in told["responses"]
        assert answer.status_code < 400, answer.text
        return answer.json

    def all(self, name: str, **values: Any) -> list[Any]:
        answer = self.call(name, **values)
        items = list(answer["items"])
        while answer["next"]:
            answer = self._http.get(answer["next"]).json
            items += answer["items"]
        return items


def test_a_client_lists_filters_acknowledges_silences_and_reviews(app: Flask) -> None:
    client = Client(client_of(app, "token act"))
    alerts = client.all("alerts", state="firing", sort="id", limit=1)
    assert [alert["id"] for alert in alerts] == sorted(alert["id"] for alert in alerts)
    chosen = next(alert for alert in alerts if alert["level"] == "critical")
    assert chosen in client.all("alerts", level="critical", site=chosen["site"])

    done = client.call("acknowledge", alert_id=chosen["id"], body={"comment": "on my way", "ticket": "T-7"})
    assert done["acknowledged_by"] == "token act"
    assert done["acknowledgement"]["ticket"] == "T-7"
    assert client.call("unacknowledge", alert_id=chosen["id"])["acknowledged_at"] is None

    client.call("add_comment", alert_id=chosen["id"], body={"text": "cable is hot"})
    assert [each["text"] for each in client.call("comments", alert_id=chosen["id"])["items"]] == ["cable is hot"]
    over = client.call("alerts", state="resolved")["items"][0]
    assert client.call("judge", alert_id=over["id"], body={"verdict": "false"})["verdict"]["verdict"] == "false"

    matchers = {"site": [chosen["site"]], "rule": [chosen["rule"]]}
    silence = client.call(
        "add_silence", body={"matchers": matchers, "reason": "works", "ends_at": "2026-03-05T00:00:00Z"}
    )
    assert silence in client.all("silences")
    assert client.call("alert", alert_id=chosen["id"])["silenced_until"] == "2026-03-05T00:00:00Z"
    client.call("end_silence", number=silence["id"])
    assert client.all("silences") == []

    waiting = client.all("review", limit=1)
    assert len(waiting) == client.call("review")["counts"]["review"]
    decided = waiting[0]
    after = client.call(
        "decide", session_id=decided["id"], action="write-off", body={"reason": "goodwill", "seen": decided["seen"]}
    )
    assert after["id"] == decided["id"]
    assert decided["id"] not in [each["id"] for each in client.all("review")]


def test_an_answer_that_is_known_already_is_304(admin: FlaskClient) -> None:
    for path in ("/api/v1/alerts", "/api/v1/sites", "/api/v1/rules", "/api/v1/openapi.json"):
        tag = admin.get(path).headers["ETag"]
        again = admin.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/api/v1/alerts?state=x&limit=0&colour=red", ["colour", "limit", "state"]),
        ("/api/v1/sites?limit=1&limit=2", ["limit"]),
        ("/api/v1/connectors?after=-1", ["after"]),
        ("/api/v1/audit?before=x", ["before"]),
    ],
    ids=["three", "twice", "negative", "no number"],
)
def test_everything_that_is_wrong_is_named(admin: FlaskClient, path: str, fields: list[str]) -> None:
    answer = admin.get(path)
    assert answer.status_code == 400
    assert answer.json is not None
    assert sorted(each["field"] for each in answer.json["errors"]) == fields


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"matchers": {}, "reason": "x", "ends_at": "2027-01-01T00:00:00Z"}, "matchers"),
        ({"matchers": {"site": ["a"]}, "reason": "", "ends_at": "2027-01-01T00:00:00Z"}, "reason"),
        ({"matchers": {"site": ["a"]}, "reason": "x", "ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
        ({"matchers": {"site": "a"}, "reason": "x", "ends_at": "2027-01-01T00:00:00Z"}, "matchers.site"),
        ([], "body"),
    ],
    ids=["everything", "no reason", "over", "no list", "no object"],
)
def test_a_body_that_is_wrong_names_its_field(admin: FlaskClient, body: Any, field: str) -> None:
    answer = admin.post("/api/v1/silences", json=body)
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["field"] == field


def test_a_body_that_is_no_json_is_415(admin: FlaskClient) -> None:
    assert admin.post("/api/v1/silences", data="a=b").status_code == 415


@pytest.fixture(scope="module")
def described(app: Flask) -> Any:
    headers = {"Authorization": f"Token {SECRETS['admin']}"}
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, headers=headers)


TRIED = [each for name, each in OPERATIONS.items() if name.removeprefix("api.") not in SEALED]


@pytest.mark.parametrize("operation", TRIED, ids=lambda each: each.endpoint)
def test_no_request_finds_an_error_of_ours_or_an_answer_that_is_not_described(described: Any, operation: Any) -> None:
    told = document()["paths"]
    path = next(
        path
        for path, methods in told.items()
        for each in methods.values()
        if f"api.{each['operationId']}" == operation.endpoint
    )
    headers = {"Authorization": f"Token {SECRETS['admin']}"}

    @given(case=described[path][operation.method].as_strategy())
    @settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def holds(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    holds()
