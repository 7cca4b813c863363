"""The one door to Flask-Login and to the CSRF tokens of Flask-WTF, which have no types.

A browser's cookie is signed and holds the secret of its login, which stands in the database and ends there: at
logout, with another password, or when its time is up.
"""

import hashlib
import hmac
from datetime import timedelta
from typing import Any, cast

import flask_login
from flask import Flask, request, session
from flask.sessions import SecureCookieSessionInterface
from flask_wtf import csrf
from wtforms import ValidationError

from dashboards.sources import service
from monitor.access.model import Principal

COOKIE_LASTS = timedelta(days=400)
"""As long as browsers keep any; how long a login lasts is the database's to say. A wall's has no end."""


class Login(flask_login.UserMixin):  # type: ignore[misc]  # no types
    """A login of a browser: its secret, and who it is."""

    def __init__(self, secret: str, principal: Principal) -> None:
        self.secret = secret
        self.principal = principal

    def get_id(self) -> str:
        """What the cookie holds."""
        return self.secret


class Cookies(SecureCookieSessionInterface):
    """Session cookies, over TLS bound to it and to this host; behind a proxy as it says."""

    def get_cookie_name(self, app: Flask) -> str:  # noqa: ARG002
        return "__Host-laddvakt" if request.is_secure else "laddvakt"

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002
        return request.is_secure


def install(app: Flask, key: bytes) -> None:
    """Give the application its cookies."""
    app.secret_key = hmac.new(key, b"cookies", hashlib.sha256).hexdigest()
    app.session_interface = Cookies()
    app.config.update(
        SESSION_COOKIE_SAMESITE="Lax", SESSION_REFRESH_EACH_REQUEST=False, PERMANENT_SESSION_LIFETIME=COOKIE_LASTS,
        WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False,
    )  # fmt: skip
    manager = flask_login.LoginManager(app)
    manager.session_protection = None  # a phone changes its address; a stolen cookie is ended in the database
    manager.user_loader(_load)
    app.jinja_env.globals["csrf_token"] = csrf_token


def _load(secret: str) -> Login | None:
    source = service()
    principal = source.users.logged_in(secret, source.now())
    return Login(secret, principal) if principal else None


def current() -> Principal | None:
    """Who is logged in with the cookie of this request."""
    login = _current()
    return login.principal if login else None


def begin(secret: str, principal: Principal) -> None:
    """Begin a login; nothing of what the browser had before is kept, lest somebody else put it there."""
    session.clear()
    session.permanent = True
    flask_login.login_user(Login(secret, principal))


def end() -> str | None:
    """End the login of this browser; its secret."""
    login = _current()
    flask_login.logout_user()
    session.clear()
    return login.secret if login else None


def csrf_token() -> str:
    """What forms of this browser carry in `csrf_token`, other changes in the header X-CSRF-Token."""
    return str(csrf.generate_csrf())


def csrf_fits(given: str | None) -> bool:
    """Whether it is this browser's."""
    try:
        csrf.validate_csrf(given)
    except ValidationError:
        return False
    return True


def stamp() -> str:
    """Changes when the browser logs in or out: pages of one login must not be shown again to another."""
    csrf.generate_csrf()  # a page's first form would change it
    return f"{session.get('_user_id', '')} {session['csrf_token']}"


def _current() -> Login | None:
    user = cast("Any", flask_login.current_user)
    return cast("Login", user._get_current_object()) if user.is_authenticated else None  # noqa: SLF001 - behind the proxy
