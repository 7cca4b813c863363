"""Every list of the API comes in any order it names, page after page, and says which those are."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboards.api.openapi import document
from dashboards.api.operation import OPERATIONS
from tests.dashboards.sample import NOW, SampleService, finished_sessions
from tests.security.cases import client_of, guarded

FIXED = {
    "/oncall",
    "/receivers",
    "/undelivered",
    "/insight/figures",
    "/insight/exclusions",
    "/insight/anomalies",
    "/insight/revenue",
}
"""Lists of one order: figures as the table has them, turns by time, receivers as the file has them, what was
given up with the oldest first, exclusions and what changed with the newest."""
LISTS = [
    each
    for each in OPERATIONS.values()
    if "items" in getattr(each.answer, "model_fields", {})
    and "<" not in each.path  # what belongs to one alert has its order
    and each.path not in FIXED
]
OWN = {"file", "worst", "place"}
"""Orders that no single value of an item tells."""


def orders(path: str) -> list[str]:
    """As the document has them."""
    named = [each for each in document()["paths"][path]["get"]["parameters"] if each["name"] == "sort"]
    return named[0]["schema"]["enum"] if named else []


ASKED = [(each.path, sort) for each in LISTS for sort in orders(each.path) if f"-{sort}" in orders(each.path)]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with guarded(tmp_path_factory.mktemp("sorting")) as (service, made):
        _silence(service)
        _let_wait(service)
        yield made


def _silence(service: SampleService) -> None:
    for hours in (3, 1, 2, 2, 4):
        service.responses.silence(
            {"site": ["malmo-*"]}, author="anna", reason="works", at=NOW, starts_at=NOW,
            ends_at=NOW + timedelta(hours=hours),
        )  # fmt: skip


def _let_wait(service: SampleService) -> None:
    waiting = finished_sessions(service)[10:15]
    service.sessions.save([replace(each, id=f"w-{each.id}", state="review", bill=None) for each in waiting])


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return client_of(app, "token admin")


def through(client: FlaskClient, path: str, **asked: Any) -> list[dict[str, Any]]:
    """All items, by pages of three where the list has pages."""
    paged = "limit" in {each["name"] for each in document()["paths"][path]["get"]["parameters"]}
    answer = client.get(f"/api/v1{path}", query_string=asked | ({"limit": 3} if paged else {})).json
    assert answer is not None
    items = list(answer["items"])
    while answer.get("next") and len(items) < 200:
        answer = client.get(answer["next"]).json
        assert answer is not None, items
        items += answer["items"]
    return items


def of_path(path: str) -> dict[str, str]:
    """Readings are many: one connector's are enough."""
    narrow = {"/readings": {"site": "malmo-central", "station": "mc-1", "connector": "1"}, "/alerts": {"state": "all"}}
    return narrow.get(path, {})


@pytest.mark.parametrize("path", [each.path for each in LISTS])
def test_a_list_names_its_orders_both_ways(path: str) -> None:
    named = orders(path)
    assert named
    assert {name.removeprefix("-") for name in named} == {name for name in named if not name.startswith("-")}
    assert {f"-{name}" for name in named if not name.startswith("-")} - {"-worst"} <= set(named)


@pytest.mark.parametrize(("path", "sort"), ASKED, ids=[f"{path} by {sort}" for path, sort in ASKED])
def test_pages_lead_through_everything_once_in_the_order_asked_for(client: FlaskClient, path: str, sort: str) -> None:
    up, down = (through(client, path, sort=each, **of_path(path)) for each in (sort, f"-{sort}"))
    assert len(up) > 1
    assert sorted(map(str, up)) == sorted(map(str, down))
    assert len({str(each) for each in up}) == len(up)
    if sort in {"file", "worst"}:
        assert down == up[::-1]
    for items, backwards in ((up, False), (down, True)):
        told = [value for each in items if (value := _value(each, sort)) is not None]
        assert told == sorted(told, reverse=backwards)
        assert [_value(each, sort) is None for each in items] == sorted(_value(each, sort) is None for each in items)


def _value(item: dict[str, Any], sort: str) -> Any:
    if sort == "place":
        return [item[name] for name in ("site", "station", "connector")]
    return None if sort in OWN else item[sort]


@pytest.mark.parametrize("path", [each.path for each in LISTS])
def test_an_order_that_is_not_known_is_refused_with_those_that_are(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/api/v1{path}?sort=colour")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert answer.json is not None
    assert answer.json["field"] == "sort"
    assert all(f"'{name}'" in answer.json["detail"] for name in orders(path))
