"""Tokens as InfluxDB's clients send them, and those of screens on the wall."""

from urllib.parse import quote

import pytest
from flask import Flask

from dashboards import create_app
from monitor.config import Web
from tests.dashboards.sample import NOW, SampleService
from tests.security.cases import PASSWORD, SECRETS, Guarded, client_of


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/v2/write", {"Authorization": "Token {}"}),
        ("/api/v2/write", {"Authorization": "Bearer {}"}),
        ("/api/v2/write", {"Authorization": "Token anybody:{}"}),
        ("/write", {"Authorization": "basic"}),
        ("/write?u=anybody&p={}", {}),
    ],
    ids=["token", "bearer", "user and password as token", "basic", "parameters"],
)
def test_every_way_to_show_a_token(app: Flask, path: str, headers: dict[str, str]) -> None:
    line = f"meter,site=s,station=x,connector=1 soc=1 {NOW.timestamp():.0f}000000000"
    for secret, status in (
        (SECRETS["write"], 204),
        ("not " + SECRETS["write"], 401),
        (SECRETS["read"], 403),
        ("", 401),
    ):
        auth = ("anybody", secret) if headers.get("Authorization") == "basic" else None
        sent = {name: value.format(secret) for name, value in headers.items() if value != "basic"}
        answer = app.test_client().post(path.format(quote(secret)), data=line, headers=sent, auth=auth)
        assert answer.status_code == status, answer.text
        if status == 401:
            words = {"code", "message"} if path.startswith("/api") else {"error"}
            assert set(answer.json or ()) == words


def test_a_token_in_the_address_opens_no_page(app: Flask) -> None:
    assert app.test_client().get(f"/api/v1/alerts?p={SECRETS['read']}").status_code == 401


def test_while_there_is_neither_user_nor_token_anybody_writes_with_any_token(fresh: SampleService) -> None:
    client = create_app(fresh).test_client()
    line = f"meter,site=s,station=x,connector=1 soc=1 {NOW.timestamp():.0f}000000000"
    assert client.post("/api/v2/write", data=line).status_code == 204
    assert client.post("/api/v2/write", data=line, headers={"Authorization": "Token any"}).status_code == 204
    fresh.tokens.add("telegraf", "write", actor="test", at=NOW)
    assert client.post("/api/v2/write", data=line).status_code == 401
    assert client.post("/api/v2/write", data=line, headers={"Authorization": "Token any"}).status_code == 401
    assert client.get("/").status_code == 200
    fresh.users.add("anna", "admin", PASSWORD, actor="test", at=NOW)
    assert client.get("/", headers={"Accept": "text/html"}).status_code == 302


def test_without_users_an_address_that_others_reach_opens_nothing(fresh: SampleService) -> None:
    fresh.settings = fresh.settings.model_copy(update={"web": Web(listen="0.0.0.0:8080")})
    assert create_app(fresh).test_client().get("/sessions").status_code == 401


def test_a_walls_token_becomes_a_cookie_that_opens_the_wall_alone(app: Flask, guard: Guarded) -> None:
    service, _ = guard
    client = client_of(app, "wall")
    assert client.get("/?tv=1").status_code == 200
    assert client.get("/sessions").status_code == 403
    assert client.get("/api/v1/alerts").status_code == 403
    assert app.test_client().post("/wall", data={"token": SECRETS["read"]}).status_code == 401
    number = next(token.id for token in service.tokens.list() if token.scope == "wall")
    other, secret = service.tokens.add("another wall", "wall", actor="test", at=NOW)
    assert other.id != number
    screen = app.test_client()
    assert screen.post("/wall", data={"token": secret}).status_code == 303
    service.tokens.revoke(other.id, actor="test", at=NOW)
    assert screen.get("/?tv=1").status_code == 401
