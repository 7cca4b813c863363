"""Every route and method against nobody, each role, each scope of a token, a wall and the local token, one by one."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule as Route

from dashboards import access, forgery
from dashboards.access import RULES
from monitor.access.model import ROLES, SCOPES, Permission
from tests.security.cases import KINDS, client_of, csrf_of, guarded

EXAMPLES = {
    "subject": {"noc.site": "malmo-central", "noc.station": "malmo-central/mc-1", "": "malmo-central/mc-1/1"},
    "alert_id": {"": "2"}, "session_id": {"": "s-0001"}, "filename": {"": "laddvakt.css"}, "mail_id": {"": "1"},
    "action": {"": "approve"}, "site": {"": "malmo-central"}, "connector": {"": "1"}, "rule_id": {"": "slow-charging"},
    "tariff_id": {"": "none-of-this-id"},
    "number": {"": "999"}, "name": {"": "nobody-of-this-name"}, "station": {"": "mc-1"}, "text": {"": "no-link"},
}  # fmt: skip
"""What stands in the variable parts of addresses; numbers and names of nothing where a change would be made."""

PERMISSIONS: dict[str, frozenset[Permission]] = {
    "nobody": frozenset(),
    **{f"role {role}": held for role, held in ROLES.items()},
    **{f"token {scope}": held for scope, held in SCOPES.items()},
    "token wall": frozenset(),  # opens nothing by itself: it is exchanged for a cookie
    "wall": frozenset({"wall"}),
    "local": frozenset({"read", "write", "local"}),
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with guarded(tmp_path_factory.mktemp("guarded")) as (_, made):
        yield made


@pytest.fixture(scope="module")
def clients(app: Flask) -> dict[str, FlaskClient]:
    return {kind: client_of(app, kind) for kind in KINDS}


def routes(app: Flask) -> list[tuple[Route, str]]:
    return [
        (route, method)
        for route in app.url_map.iter_rules()
        for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def address(route: Route) -> str:
    values = {name: EXAMPLES[name].get(route.endpoint, EXAMPLES[name].get("", "")) for name in route.arguments}
    built = route.build(values, append_unknown=False)
    assert built is not None
    return str(built[1])


def admitted(endpoint: str, kind: str) -> bool:
    rule = RULES[endpoint]
    if rule.person:
        return kind.startswith("role ")
    return rule.public or bool(rule.permissions & PERMISSIONS[kind])


def test_every_route_has_a_rule_and_every_rule_a_route(app: Flask) -> None:
    endpoints = {route.endpoint for route in app.url_map.iter_rules()}
    assert sorted(endpoints - RULES.keys()) == []
    assert sorted(RULES.keys() - endpoints) == []


def test_no_change_is_open_to_who_may_only_read(app: Flask) -> None:
    own = {"entrance.leave"}
    for route, method in routes(app):
        rule = RULES[route.endpoint]
        if method not in forgery.SAFE and route.endpoint not in own:
            assert not rule.permissions & {"read", "wall"}, route


@pytest.mark.parametrize("kind", KINDS)
def test_who_may_do_what(app: Flask, clients: dict[str, FlaskClient], kind: str) -> None:
    wrong = []
    for route, method in routes(app):
        if route.endpoint in {"entrance.leave", "account.leave_everywhere", "account.password"}:
            continue  # they end the login that the others are tried with; below
        client, path = clients[kind], address(route)
        headers = {"X-CSRF-Token": csrf_of(client, "/account")} if method not in forgery.SAFE else {}
        with client.open(path, method=method, headers=headers) as answer:
            refused = answer.status_code in {401, 403} or "/login" in answer.headers.get("Location", "")
        allowed = admitted(route.endpoint, kind)
        # A form that is wrong in itself may be refused too, but not as an access that is not allowed.
        if path in {"/login", "/wall"}:
            continue
        if refused == allowed or answer.status_code >= 500:
            wrong.append(f"{method} {path}: {answer.status_code}, {'allowed' if allowed else 'refused'} expected")
    assert wrong == []


@pytest.mark.parametrize("path", ["/account/leave", "/account/password", "/logout"])
@pytest.mark.parametrize("kind", ["nobody", "token admin", "token read", "local"])
def test_what_is_for_logged_in_people(app: Flask, path: str, kind: str) -> None:
    if path != "/logout":
        assert client_of(app, kind).post(path).status_code in {401, 403}


def test_an_address_without_a_rule_is_refused(app: Flask) -> None:
    other = Flask("other")
    access.install(other)
    other.add_url_rule("/new", "new", lambda: "secret")
    assert other.test_client().get("/new").status_code == 403


def test_methods_that_flask_adds_are_guarded_too(app: Flask, clients: dict[str, FlaskClient]) -> None:
    assert clients["nobody"].options("/sessions").status_code == 401
    assert clients["nobody"].head("/sessions", headers={"Accept": "text/html"}).status_code == 302
