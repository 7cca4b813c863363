"""The way in: login, logout, and screens on the wall."""

import hashlib
import secrets
import threading
from datetime import timedelta
from http import HTTPStatus
from math import ceil
from typing import cast

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeSerializer

from dashboards import logins
from dashboards.language import gettext
from dashboards.parameters import Parameters
from dashboards.principals import open_to_all, principal
from dashboards.sources import service
from monitor.access.limits import Limits
from monitor.access.model import of_token, of_user

entrance = Blueprint("entrance", __name__)

_KNOWN = "laddvakt-known"
_KNOWN_LASTS = timedelta(days=400)
_LIMITS = "laddvakt-limits"


@entrance.record
def _with_limits(state: BlueprintSetupState) -> None:
    state.app.extensions[_LIMITS] = (Limits(), threading.Lock())


@entrance.get("/login")
def login() -> ResponseReturnValue:
    """The form."""
    if open_to_all() or logins.current():
        return redirect(_next())
    return _form(HTTPStatus.OK)


@entrance.post("/login")
def enter() -> ResponseReturnValue:
    """`username` and `password`: 303 and a cookie, or 401; 429 while one has to wait after wrong ones."""
    source, name, password = service(), request.form.get("username", ""), request.form.get("password", "")
    address, known, now = request.remote_addr or "", _known(name), service().now()
    limits, one_at_a_time = cast("tuple[Limits, threading.Lock]", current_app.extensions[_LIMITS])
    with one_at_a_time:
        wait = limits.wait(name, address, now, known=known)
    if wait:
        seconds = ceil(wait.total_seconds())
        told = gettext("Too many wrong passwords. Try again in %(seconds)s s.", seconds=seconds)
        return _form(HTTPStatus.TOO_MANY_REQUESTS, told, **{"Retry-After": str(seconds)})
    user = source.users.check(name, password)
    with one_at_a_time:
        if user is None:
            limits.failed(name, address, now, known=known)
        else:
            limits.succeeded(name, address, known=known)
    if user is None:
        # People type passwords into the wrong field: a name that is nobody's is not kept.
        said = name if source.users.find(name) else "unknown user"
        source.users.note("", "login.failure", said, now, {"address": address})
        return _form(HTTPStatus.UNAUTHORIZED, gettext("User name or password is wrong."))
    if earlier := logins.end():
        source.users.log_out(earlier, actor=user.name, at=now)
    secret = source.users.log_in(user, now, source.settings.web.login_lasts, {"address": address})
    logins.begin(secret, of_user(user))
    return _remember(make_response(redirect(_next(), HTTPStatus.SEE_OTHER)), name)


@entrance.post("/logout")
def leave() -> ResponseReturnValue:
    """End this browser's login."""
    who = principal()
    if secret := logins.end():
        service().users.log_out(secret, actor=who.name, at=service().now())
    return redirect(url_for("entrance.login"), HTTPStatus.SEE_OTHER)


@entrance.get("/wall")
def wall() -> ResponseReturnValue:
    """`/wall#TOKEN`: what stands behind # is sent to no server, so it is in no log; a script posts it once."""
    return _bare("wall.html", HTTPStatus.OK, wrong="")


@entrance.post("/wall")
def enter_wall() -> ResponseReturnValue:
    """The token of a screen becomes a cookie, which lasts until the token is revoked."""
    source, now = service(), service().now()
    token = source.tokens.use(request.form.get("token", "").strip(), now)
    if token is None or token.scope != "wall":
        return _bare(
            "wall.html", HTTPStatus.UNAUTHORIZED, wrong=gettext("This token is not known or has been revoked.")
        )
    if earlier := logins.end():
        source.users.log_out(earlier, actor=f"token {token.name}", at=now)
    logins.begin(source.users.log_in_wall(token.id, token.name, now), of_token(token))
    return redirect(url_for("noc.status", tv=1), HTTPStatus.SEE_OTHER)


def _form(status: HTTPStatus, wrong: str = "", **headers: str) -> Response:
    response = _bare("login.html", status, wrong=wrong, username=request.form.get("username", ""), after=_next())
    response.headers.update(headers)
    return response


def _bare(template: str, status: HTTPStatus, **values: object) -> Response:
    response = make_response(render_template(template, **values), status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _next() -> str:
    """Where to go after the login: a path of ours, whatever the address says."""
    return Parameters(request.values).path("next") or url_for("noc.status")


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(service().key, salt="browser", signer_kwargs={"digest_method": hashlib.sha256})


def _known(name: str) -> str:
    """What names this browser if this user has logged in with it before: strangers' failures do not make it wait."""
    try:
        user, nonce = _serializer().loads(request.cookies.get(_KNOWN, ""))
    except (BadData, ValueError, TypeError):
        return ""
    return str(nonce) if user == name else ""


def _remember(response: Response, name: str) -> Response:
    signed = _serializer().dumps([name, secrets.token_hex(8)])
    response.set_cookie(
        _KNOWN, str(signed), max_age=_KNOWN_LASTS, secure=request.is_secure, httponly=True, samesite="Lax",
        path=f"{current_app.config['APPLICATION_ROOT'].rstrip('/')}/login",
    )  # fmt: skip
    return response
