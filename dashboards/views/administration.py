"""For admins: users, tokens, and the audit log."""

from http import HTTPStatus
from typing import cast

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboards import context
from dashboards.language import gettext, said
from dashboards.parameters import Parameters
from dashboards.principals import principal
from dashboards.sources import service
from monitor.access.model import ROLES, SCOPES, Role, Scope, Token
from monitor.errors import InputError
from monitor.state import audit

administration = Blueprint("administration", __name__)
PAGE = 100


@administration.get("/access")
def page() -> ResponseReturnValue:
    """Users and tokens."""
    return _page()


@administration.post("/access/tokens")
def add_token() -> ResponseReturnValue:
    """`name` and `scope`: a new token, whose secret this answer shows and no other."""
    try:
        made, secret = service().tokens.add(
            request.form.get("name", ""), cast("Scope", request.form.get("scope", "")), actor=principal().name,
            at=service().now(),
        )  # fmt: skip
    except InputError as error:
        return _page(wrong=said(error))
    return _page(made=made, secret=secret)


@administration.post("/access/tokens/<int:number>/revoke")
def revoke_token(number: int) -> ResponseReturnValue:
    """It opens nothing any more."""
    if service().tokens.revoke(number, actor=principal().name, at=service().now()) is None:
        abort(HTTPStatus.NOT_FOUND)
    return _back()


@administration.post("/access/users")
def add_user() -> ResponseReturnValue:
    """`username`, `role` and `password`: a new user."""
    given, source = request.form, service()
    try:
        source.users.add(
            given.get("username", ""), cast("Role", given.get("role", "")), given.get("password", ""),
            actor=principal().name, at=source.now(),
        )  # fmt: skip
    except InputError as error:
        return _page(wrong=said(error))
    return _back()


@administration.post("/access/users/<name>/password")
def set_password(name: str) -> ResponseReturnValue:
    """`password`: another one for a user who has forgotten his; every login of his ends."""
    try:
        service().users.set_password(
            name, request.form.get("password", ""), actor=principal().name, at=service().now()
        )  # fmt: skip
    except InputError as error:
        return _page(wrong=said(error))
    return _back()


@administration.post("/access/users/<name>/remove")
def remove_user(name: str) -> ResponseReturnValue:
    """Out, with every login of his."""
    try:
        service().users.remove(name, actor=principal().name, at=service().now())
    except InputError as error:
        return _page(wrong=said(error))
    return _back()


@administration.get("/audit")
def audit_log() -> ResponseReturnValue:
    """Who did what, newest first: `actor`, `action`, `subject`, `before`."""
    parameters = Parameters(request.args)
    actor, action, subject = (parameters.text(name) for name in ("actor", "action", "subject"))
    with service().database.read() as connection:
        found = audit.list(
            connection, actor=actor, action=action, subject=subject, before=parameters.number("before"),
            limit=PAGE + 1,
        )  # fmt: skip
    older = context.page_url(before=found[PAGE - 1].id) if len(found) > PAGE else None
    return render_template(
        "audit.html", entries=found[:PAGE], actor=actor, action=action, subject=subject, older=older,
        first=parameters.text("before") is None,
    )  # fmt: skip


def _back() -> ResponseReturnValue:
    return redirect(url_for("administration.page"), HTTPStatus.SEE_OTHER)


def _page(*, wrong: str = "", made: Token | None = None, secret: str = "") -> ResponseReturnValue:
    source = service()
    meanings = {
        "write": gettext("readings in, nothing else"),
        "read": gettext("pages and API, nothing to change"),
        "act": gettext("read, acknowledge, silence, review"),
        "admin": gettext("everything"),
        "wall": gettext("a screen on the wall: /wall#TOKEN"),
    }
    body = render_template(
        "access.html", users=source.users.list(), tokens=source.tokens.list(), roles=tuple(ROLES),
        scopes=[(scope, meanings[scope]) for scope in SCOPES], wrong=wrong, made=made, secret=secret,
    )  # fmt: skip
    response = make_response(body, HTTPStatus.BAD_REQUEST if wrong else HTTPStatus.OK)
    response.headers["Cache-Control"] = "no-store"
    return response
