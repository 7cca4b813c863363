"""Who may do what: one table over all endpoints, asked before every request. What is not in it is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, Forbidden, Unauthorized

from dashboards import forgery
from dashboards.language import gettext
from dashboards.principals import principal
from dashboards.sources import service
from monitor.access.model import Permission, Principal


@dataclass(frozen=True)
class Rule:
    """What a request to an endpoint needs: any one of `permissions`."""

    permissions: frozenset[Permission]
    public: bool = False
    """Nobody is asked who he is, and no token of our pages: healthz, the login form, a signed link."""
    json_public: bool = False
    """The same for who asks for JSON: InfluxDB's answer on /health."""
    person: bool = False
    """Only for somebody who is logged in as a user: the own account."""

    def admits(self, who: Principal) -> bool:
        """Whether this one may."""
        if self.person:
            return who.kind == "user"
        return self.public or any(who.may(permission) for permission in self.permissions)


def _needs(*permissions: Permission) -> Rule:
    return Rule(frozenset(permissions))


PUBLIC: Final = Rule(frozenset(), public=True)
READ: Final = _needs("read")
SCREEN: Final = _needs("read", "wall")
ACT: Final = _needs("act")
WRITE: Final = _needs("write")
ADMIN: Final = _needs("admin")
LOCAL: Final = _needs("local")
PERSON: Final = Rule(frozenset(), person=True)

RULES: Final[Mapping[str, Rule]] = {
    "static": PUBLIC,
    "health.alive": PUBLIC,
    "outward.page": PUBLIC,
    "outward.badge": PUBLIC,
    "health.ready": PUBLIC,
    "health.page": Rule(frozenset({"read"}), json_public=True),
    "health.unregistered": READ,
    "health.names": READ,
    "health.settings": ADMIN,
    "health.metrics": READ,
    "writes.ping": PUBLIC,
    "writes.write_1x": WRITE,
    "writes.write_2x": WRITE,
    "ocpp.hear": WRITE,
    "importing.take": LOCAL,
    "importing.erase_user": LOCAL,
    "backing_up.readings": LOCAL,
    "entrance.login": PUBLIC,
    "entrance.enter": PUBLIC,
    "entrance.wall": PUBLIC,
    "entrance.enter_wall": PUBLIC,
    "entrance.leave": _needs("read", "wall"),
    "account.page": PERSON,
    "account.password": PERSON,
    "account.leave_everywhere": PERSON,
    "links.page": PUBLIC,
    "links.act": PUBLIC,
    "noc.status": SCREEN,
    "noc.mosaic": SCREEN,
    "noc.mosaic_tile": SCREEN,
    "noc.site": SCREEN,
    "noc.station": SCREEN,
    "noc.connector": SCREEN,
    "alerts.all_": READ,
    "alerts.one": READ,
    "alerts.acknowledge": ACT,
    "alerts.withdraw": ACT,
    "alerts.silence": ACT,
    "alerts.preview": ACT,
    "alerts.comment": ACT,
    "alerts.judge": ACT,
    "silences.all_": READ,
    "silences.end": ACT,
    "oncall.page": READ,
    "oncall.try_": ACT,
    "undelivered.all_": READ,
    "undelivered.resend": ACT,
    "undelivered.resend_all": ACT,
    "sessions.all_": READ,
    "sessions.one": READ,
    "sessions.cdr": READ,
    "review.all_": READ,
    "review.decide": ACT,
    "rules.all_": READ,
    "rules.one": READ,
    "rules.what_to_do": READ,
    "rules.lab": ACT,
    "rules.try_": ACT,
    "tariffs.all_": READ,
    "tariffs.compare": READ,
    "insight.performance": READ,
    "insight.revenue": READ,
    "insight.report": READ,
    "insight.behaviour": READ,
    "insight.congestion": READ,
    "mailbox.all_": READ,
    "mailbox.one": READ,
    "mailbox.html": READ,
    **{
        f"api.{name}": READ
        for name in (
            "openapi",
            "reference",
            "shapes",
            "status",
            "sites",
            "site",
            "station",
            "connectors",
            "connector",
            "alerts",
            "alert",
            "comments",
            "oncall",
            "receivers",
            "undelivered",
            "silences",
            "silence",
            "sessions",
            "session",
            "cdr",
            "review",
            "readings",
            "rules",
            "rule",
            "explain",
            "tariffs",
            "tariff",
            "compare",
            "performance",
            "figures",
            "exclusions",
            "revenue",
            "anomalies",
            "behaviour",
            "congestion",
            "health",
        )
    },
    "api.acknowledge": ACT,
    "api.unacknowledge": ACT,
    "api.add_comment": ACT,
    "api.judge": ACT,
    "api.try_receiver": ACT,
    "api.resend": ACT,
    "api.resend_all": ACT,
    "api.add_silence": ACT,
    "api.end_silence": ACT,
    "api.decide": ACT,
    "api.add_exclusion": ACT,
    "api.remove_exclusion": ACT,
    "api.audit": ADMIN,
    "api.users": ADMIN,
    "api.add_user": ADMIN,
    "api.set_password": ADMIN,
    "api.remove_user": ADMIN,
    "api.tokens": ADMIN,
    "api.add_token": ADMIN,
    "api.revoke_token": ADMIN,
    "administration.page": ADMIN,
    "administration.add_token": ADMIN,
    "administration.revoke_token": ADMIN,
    "administration.add_user": ADMIN,
    "administration.set_password": ADMIN,
    "administration.remove_user": ADMIN,
    "administration.audit_log": ADMIN,
}
"""By endpoint; each stands for one permission, so that a page and its changes are endpoints of their own."""


def install(app: Flask) -> None:
    """Ask before every request."""
    app.before_request(guard)


def may(endpoint: str) -> bool:
    """Whether whoever makes this request may go there: for links and buttons."""
    rule = RULES.get(endpoint)
    return rule is not None and rule.admits(principal())


def guard() -> ResponseReturnValue | None:
    """Let the request through, or answer it: 401 or the login page, 403, 400 for a name that is not ours."""
    if request.endpoint is None:
        return None  # there is nothing at this address, or not in this way: the answer says so
    changes = request.method not in forgery.SAFE
    if changes:
        forgery.refuse_other_sites()
    rule = RULES.get(request.endpoint)
    if rule is None:
        raise Forbidden("this address has no rule of access")
    if rule.public or (rule.json_public and wants_json()):
        return None
    who = principal()
    if who.kind == "open":
        _refuse_other_names()
    if not rule.admits(who):
        return _refuse(who)
    if changes:
        forgery.refuse_without_token(who)
    return None


def wants_json() -> bool:
    """Whether the client would rather have JSON than a page."""
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _refuse(who: Principal) -> ResponseReturnValue:
    if who.kind not in {"nobody", "open"}:
        raise Forbidden(gettext("%(name)s may not do this", name=who.name))
    page = request.method in {"GET", "HEAD"} and request.accept_mimetypes.accept_html and not _for_programs()
    asks_again = request.headers.get("HX-Request") == "true"
    if who.kind == "nobody" and page and not asks_again:
        here = request.full_path.rstrip("?")
        return redirect(url_for("entrance.login", next=here if here != "/" else None))
    raise Unauthorized("this needs a login, or a token in the header Authorization")


def _for_programs() -> bool:
    """Where a login page would be taken for the answer: Prometheus accepts anything."""
    return request.endpoint == "health.metrics" or request.path.startswith("/api/")


def _refuse_other_names() -> None:
    """While nobody has to log in, a name that a stranger points at 127.0.0.1 (DNS rebinding) must open nothing.

    A name without a dot is of the own network: nobody can register one.
    """
    name = urlsplit(f"//{request.host}").hostname or ""
    if "." in name and name != urlsplit(service().settings.web.public_url).hostname and not _is_address(name):
        raise BadRequest(f"{name!r} is no name of this service; set web.public_url to the address that people use")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
