"""Guessing passwords, planting and copying cookies, sending people elsewhere."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from monitor.state import audit
from tests.dashboards.sample import NOW
from tests.security.cases import PASSWORD, Guarded, csrf_of, log_in


def wrong(client: FlaskClient, user: str = "viewer", address: str = "203.0.113.9") -> int:
    form = {"username": user, "password": "wrong password"}
    return client.post("/login", data=form, environ_base={"REMOTE_ADDR": address}).status_code


def test_guessing_is_answered_by_429_and_the_rightful_gets_in(app: Flask, guard: Guarded) -> None:
    service, _ = guard
    known = app.test_client()
    log_in(known, "viewer")
    stranger = app.test_client()
    answers = [wrong(stranger) for _ in range(12)]
    assert set(answers[:5]) == {401}
    assert answers[-1] == 429
    log_in(app.test_client(), "operator")  # another user
    log_in(app.test_client(), "viewer")  # the same, from another address
    form = {"username": "viewer", "password": PASSWORD}
    here = {"REMOTE_ADDR": "203.0.113.9"}
    assert known.post("/login", data=form, environ_base=here).status_code == 303  # a browser that is known
    late = stranger.post("/login", data=form, environ_base=here)
    assert late.status_code == 429
    service.at = NOW + timedelta(seconds=int(late.headers["Retry-After"]))
    try:
        assert stranger.post("/login", data=form, environ_base=here).status_code == 303
    finally:
        service.at = NOW


def test_wrong_passwords_are_in_the_audit_log_without_what_was_typed(app: Flask, guard: Guarded) -> None:
    service, _ = guard
    wrong(app.test_client())
    wrong(app.test_client(), user="my secret password")
    with service.database.read() as connection:
        found = audit.list(connection, action="login.failure", limit=2)
    assert [entry.subject for entry in found] == ["unknown user", "viewer"]
    assert found[0].details == {"address": "203.0.113.9"}


def test_a_session_that_was_planted_before_the_login_is_worth_nothing_after_it(app: Flask) -> None:
    victim = app.test_client()
    log_in(victim, "viewer")
    planted = victim.get_cookie("laddvakt")
    assert planted is not None
    token = csrf_of(victim, "/account")
    log_in(victim, "admin")
    attacker = app.test_client()
    attacker.set_cookie("laddvakt", planted.value)
    assert attacker.get("/sessions").status_code == 401
    assert victim.post("/account/leave", data={"csrf_token": token}).status_code == 403


def test_a_cookie_ends_with_its_logout_wherever_it_was_copied_to(app: Flask) -> None:
    client = app.test_client()
    log_in(client, "viewer")
    copied = client.get_cookie("laddvakt")
    assert copied is not None
    assert client.post("/logout", data={"csrf_token": csrf_of(client, "/account")}).status_code == 303
    thief = app.test_client()
    thief.set_cookie("laddvakt", copied.value)
    assert thief.get("/", headers={"Accept": "text/html"}).headers["Location"] == "/login"


def test_cookies_carry_their_flags(app: Flask) -> None:
    plain = app.test_client().post("/login", data={"username": "viewer", "password": PASSWORD})
    for cookie in plain.headers.getlist("Set-Cookie"):
        assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    over_tls = app.test_client().post(
        "/login", data={"username": "viewer", "password": PASSWORD}, base_url="https://laddvakt.example"
    )
    for cookie in over_tls.headers.getlist("Set-Cookie"):
        assert "Secure" in cookie.split("; ")
    assert any(cookie.startswith("__Host-laddvakt=") for cookie in over_tls.headers.getlist("Set-Cookie"))
    assert over_tls.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in plain.headers


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
     "javascript:alert(1)", "/%0d%0aSet-Cookie:x", "http:evil.example", "///evil.example", "evil.example"],
)  # fmt: skip
def test_nobody_is_sent_elsewhere_after_the_login(app: Flask, target: str) -> None:
    form = {"username": "viewer", "password": PASSWORD, "next": target}
    answer = app.test_client().post("/login", data=form)
    assert answer.status_code == 303
    location = answer.headers["Location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert "evil" not in location or target.startswith("/%0d")


def test_after_the_login_the_page_that_was_asked_for_comes(app: Flask) -> None:
    client = app.test_client()
    asked = client.get("/sessions?site=lund-nova", headers={"Accept": "text/html"})
    form = re.search(r'name="next" value="([^"]*)"', client.get(asked.headers["Location"]).text)
    assert form is not None
    assert form[1] == "/sessions?site=lund-nova"


def test_a_program_that_takes_anything_is_not_sent_to_the_login_page(app: Flask) -> None:
    for path in ("/metrics", "/api/v1/alerts"):
        assert app.test_client().get(path, headers={"Accept": "text/plain, */*;q=0.1"}).status_code == 401
