"""What every answer carries."""

import pytest
from flask import Flask

from tests.security.cases import log_in


def test_every_answer_carries_the_policy(app: Flask) -> None:
    client = app.test_client()
    log_in(client, "admin")
    for path in (
        "/",
        "/login",
        "/wall",
        "/m/x",
        "/api/v1/alerts",
        "/healthz",
        "/nothing",
        "/static/laddvakt.css",
        "/access",
        "/audit",
    ):
        with client.get(path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] in {"same-origin", "strict-origin"}


def test_a_page_of_one_login_is_not_shown_again_to_another(app: Flask) -> None:
    client = app.test_client()
    log_in(client, "admin")
    tag = client.get("/").headers["ETag"]
    assert client.get("/", headers={"If-None-Match": tag}).status_code == 304
    log_in(client, "viewer")
    assert client.get("/", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(("languages", "word"), [("sv", "Logga in"), ("en-GB,sv;q=0.5", "Log in"), ("de", "Log in")])
def test_the_login_speaks_the_browsers_language(app: Flask, languages: str, word: str) -> None:
    page = app.test_client().get("/login", headers={"Accept-Language": languages}).text
    assert f"<h1>{word}</h1>" in page
    assert f'<html lang="{"sv" if word == "Logga in" else "en"}">' in page
