"""Changes that a page of another site makes a browser send."""

import re
from pathlib import Path

import pytest
from flask import Flask

from dashboards import create_app
from tests.security.cases import EVIL, client_of, csrf_of, log_in


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "http://localhost"}, 403),
        ({"Origin": EVIL}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"X-CSRF-Token": "mine"}, 200),
        ({"X-CSRF-Token": "mine", "Origin": "http://localhost"}, 200),
        ({"X-CSRF-Token": "mine", "Origin": EVIL}, 403),
        ({"X-CSRF-Token": "forged", "Origin": "http://localhost"}, 403),
    ],
    ids=str,
)
def test_changes_by_a_cookie_need_our_token_and_our_origin(app: Flask, headers: dict[str, str], status: int) -> None:
    client = app.test_client()
    log_in(client, "operator")
    sent = {name: csrf_of(client) if value == "mine" else value for name, value in headers.items()}
    assert client.post("/api/v1/alerts/2/acknowledge", json={}, headers=sent).status_code == status
    form = client.post("/alerts/2/acknowledge", data={}, headers=sent)
    assert form.status_code == (303 if status == 200 else 403)


def test_a_form_of_another_login_is_refused(app: Flask) -> None:
    operator, admin = app.test_client(), app.test_client()
    log_in(operator, "operator")
    log_in(admin, "admin")
    assert admin.post("/alerts/2/acknowledge", data={"csrf_token": csrf_of(operator)}).status_code == 403


def test_every_form_of_a_page_that_changes_something_carries_the_token() -> None:
    for path in Path(create_app.__code__.co_filename).parent.joinpath("templates").glob("*.html"):
        if path.name in {"login.html", "wall.html", "link.html"}:
            continue  # before there is a login
        for form in re.findall(r'<form[^>]*method="post".*?</form>', path.read_text(), re.DOTALL):
            assert "csrf" in form, f"{path.name}: {form[:120]}"


def test_writes_from_pages_of_other_sites_are_refused(app: Flask) -> None:
    client = client_of(app, "token write")
    line = "meter,site=s,station=x,connector=1 soc=1"
    assert client.post("/api/v2/write", data=line, headers={"Origin": EVIL}).status_code == 403
    heartbeat = '[2, "1", "Heartbeat", {}]'
    assert client.post("/api/v1/ocpp/l-1?site=lund", data=heartbeat, headers={"Origin": EVIL}).status_code == 403
    assert client.post("/login", data={}, headers={"Origin": EVIL}).status_code == 403
