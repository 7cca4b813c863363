"""A service with users and tokens of every kind, and a client for each of them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from dashboards import LOCAL_TOKEN, create_app
from monitor.access.model import ROLES, SCOPES
from tests.dashboards import sample
from tests.dashboards.sample import NOW, SampleService

PASSWORD = "correct horse battery"
KINDS = ("nobody", *(f"role {role}" for role in ROLES), *(f"token {scope}" for scope in SCOPES), "wall", "local")
EVIL = "https://evil.example"
Guarded = tuple[SampleService, Flask]
SECRETS: dict[str, str] = {"local": "the token beside the store"}


def add_everybody(service: SampleService) -> None:
    """A user of each role, named like it, and a token of each scope."""
    for role in ROLES:
        service.users.add(role, role, PASSWORD, actor="test", at=NOW)
    for scope in SCOPES:
        _, SECRETS[scope] = service.tokens.add(scope, scope, actor="test", at=NOW)


@contextmanager
def guarded(folder: Path) -> Iterator[tuple[SampleService, Flask]]:
    """A busy service with everybody in it, and its application with the demo's mailbox."""
    with sample.busy_service(folder) as service:
        add_everybody(service)
        app = create_app(service, sample.mailbox_of(sample.mail(1, "Slow charging", "<h1>Slow</h1>")))
        app.extensions[LOCAL_TOKEN] = SECRETS["local"]
        yield service, app


def client_of(app: Flask, kind: str) -> FlaskClient:
    """A client that is logged in as that kind, or shows its token with every request."""
    client = app.test_client()
    what, _, name = kind.partition(" ")
    if what == "role":
        log_in(client, name)
    elif kind == "wall":
        assert client.post("/wall", data={"token": SECRETS["wall"]}).status_code == 303
    elif what in {"token", "local"}:
        client.environ_base["HTTP_AUTHORIZATION"] = f"Token {SECRETS[name or what]}"
    return client


def log_in(client: FlaskClient, name: str, password: str = PASSWORD) -> None:
    """As the form does it."""
    answer = client.post("/login", data={"username": name, "password": password})
    assert answer.status_code == 303, answer.text


def csrf_of(client: FlaskClient, page: str = "/alerts/2") -> str:
    """The token that the forms of a page carry, "" where the page has no form for this reader."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    return found[1] if found else ""
