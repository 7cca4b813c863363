"""Names of hosts and files, and what is typed into filters and texts."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask, request

from dashboards import create_app
from dashboards.api.operation import OPERATIONS
from monitor.access.links import LASTS, Links
from monitor.config import Web
from monitor.ids import Place
from tests.dashboards import sample
from tests.dashboards.sample import NOW, SampleService
from tests.security.cases import PASSWORD, Guarded, client_of, log_in


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example"])
def test_without_a_login_a_strangers_name_for_this_machine_opens_nothing(fresh: SampleService, host: str) -> None:
    assert create_app(fresh).test_client().get("/", headers={"Host": host}).status_code == 400


def test_no_address_of_a_page_is_made_of_the_host_header(app: Flask) -> None:
    client = app.test_client()
    log_in(client, "admin")
    for path in ("/", "/alerts", "/alerts/2", "/access", "/api/v1/alerts?limit=1", "/login"):
        answer = client.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        assert "evil.example" not in answer.text + str(answer.headers)


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/%2e%2e/pyproject.toml", "/static//etc/passwd",
     "/sites/..%2f..%2fetc%2fpasswd", "/sessions/..%2f..%2fetc%2fpasswd", "/sessions/..", "/connectors/../../x",
     "/api/v1/sessions/..%2f..%2fetc%2fpasswd/cdr", "/api/v1/rules/..%2f..%2fladdvakt.toml", "/mailbox/..%2f1"],
)  # fmt: skip
def test_names_lead_to_no_file(app: Flask, path: str) -> None:
    answer = client_of(app, "token admin").get(path)
    assert answer.status_code in {301, 308, 403, 404}
    assert "root:" not in answer.text


def test_only_trusted_proxies_are_believed(guard: Guarded) -> None:
    service, _ = guard
    before = service.settings
    service.settings = before.model_copy(update={"web": Web(trusted_proxies=["10.0.0.0/8", "::1"])})
    try:
        app = create_app(service)
    finally:
        service.settings = before
    seen: list[tuple[str | None, bool, str]] = []

    @app.before_request
    def note() -> None:
        seen.append((request.remote_addr, request.is_secure, request.host))

    told = {
        "X-Forwarded-For": "198.51.100.7, 203.0.113.5, 10.1.1.1",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "laddvakt.example",
    }
    for peer in ("10.0.0.1", "192.0.2.66"):
        app.test_client().get("/healthz", headers=told, environ_base={"REMOTE_ADDR": peer})
    assert seen == [("203.0.113.5", True, "laddvakt.example"), ("192.0.2.66", False, "localhost")]


NASTY = [
    "' OR 1=1 --",
    "'; DROP TABLE alerts; --",
    '" UNION SELECT password FROM users --',
    "%' AND 1=0",
    "\\",
    "a\x00b",
    "😈" * 40,
    "x" * 3000,
]
FILTERS = [
    *(("/", name) for name in ("site", "state", "level", "q", "after")),
    *(("/alerts", name) for name in ("state", "level", "site", "rule", "before")),
    *(("/sessions", name) for name in ("from", "to", "site", "station", "connector", "state", "before")),
    *(("/review", name) for name in ("kind", "after")),
    *(("/audit", name) for name in ("actor", "action", "subject", "before")),
    *(
        (f"/api/v1{each.path}", field.alias or name)
        for each in OPERATIONS.values()
        if each.method == "GET" and "<" not in each.path
        for name, field in each.query.model_fields.items()
    ),
]  # fmt: skip


@pytest.mark.parametrize(("path", "name"), FILTERS, ids=str)
def test_sql_in_a_filter_selects_nothing_and_breaks_nothing(app: Flask, path: str, name: str) -> None:
    client = client_of(app, "token admin")
    for text in NASTY:
        answer = client.get(path, query_string={name: text})
        assert answer.status_code in {200, 400}, (text, answer.text[:300])
        if answer.status_code == 200 and path.startswith("/api/") and name not in {"q"}:
            assert answer.json is not None
            # What people do there is no list: it says how many came.
            assert (answer.json["items"] == []) if "items" in answer.json else (answer.json["arrivals"] == 0)


HTML = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{7*7}}"


def test_html_in_every_stored_text_stays_text(tmp_path: Path) -> None:
    with sample.busy_service(tmp_path) as service:
        service.users.add("admin", "admin", PASSWORD, actor="test", at=NOW)
        service.users.add(HTML[:60], "viewer", PASSWORD, actor=HTML, at=NOW)
        service.tokens.add(HTML[:60], "read", actor=HTML, at=NOW)
        service.responses.acknowledge(2, by=HTML, at=NOW, ticket=HTML, comment=HTML, assignee=HTML)
        service.responses.silence(
            {"site": [HTML, "*"]}, author=HTML, reason=HTML, starts_at=NOW, ends_at=NOW + LASTS, at=NOW
        )
        app = create_app(service)
        client = app.test_client()
        log_in(client, "admin")
        link = Links(service.key).sign("acknowledge", 2, HTML, NOW)
        for path in (
            "/",
            "/alerts?state=all",
            "/alerts/2",
            "/silences",
            "/access",
            "/audit",
            f"/m/{link}",
            "/login",
            f"/sites/{quote(Place(HTML).subject)}",
            f"/alerts?site={quote(HTML)}",
            "/account",
        ):
            page = client.get(path).text
            assert "<script>alert" not in page
            assert "<img src=x" not in page
            assert "49" not in re.findall(r"&#34;&#39;(\S\S)", page)
        assert HTML[:60].replace("<", "&lt;").split("&lt;")[0] in client.get("/access").text


def test_what_people_write_is_no_formula_in_csv(tmp_path: Path) -> None:
    with sample.busy_service(tmp_path) as service:
        service.responses.acknowledge(2, by="=cmd|' /C calc'!A0", at=NOW)
        text = create_app(service).test_client().get("/api/v1/alerts?state=all&format=csv").text
        assert "'=cmd|' /C calc'!A0" in text
        assert ",=cmd" not in text
