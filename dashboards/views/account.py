"""The own account: another password, logout everywhere."""

from http import HTTPStatus

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboards import logins
from dashboards.language import gettext, said
from dashboards.principals import principal
from dashboards.sources import service
from monitor.errors import InputError

account = Blueprint("account", __name__, url_prefix="/account")


@account.get("")
def page() -> ResponseReturnValue:
    """What one can do with it."""
    return _page()


@account.post("/password")
def password() -> ResponseReturnValue:
    """`old` and `new`: another password; everybody logged in as this user, this browser too, logs in again."""
    source, name = service(), principal().name
    if source.users.check(name, request.form.get("old", "")) is None:
        return _page(gettext("The old password is wrong."), HTTPStatus.FORBIDDEN)
    try:
        source.users.set_password(name, request.form.get("new", ""), actor=name, at=source.now())
    except InputError as error:
        return _page(said(error), HTTPStatus.BAD_REQUEST)
    logins.end()
    return redirect(url_for("entrance.login"), HTTPStatus.SEE_OTHER)


@account.post("/leave")
def leave_everywhere() -> ResponseReturnValue:
    """End every login of this user."""
    source, name = service(), principal().name
    source.users.log_out_everywhere(name, actor=name, at=source.now())
    logins.end()
    return redirect(url_for("entrance.login"), HTTPStatus.SEE_OTHER)


def _page(wrong: str = "", status: HTTPStatus = HTTPStatus.OK) -> ResponseReturnValue:
    found = service().users.find(principal().name)
    return make_response(render_template("account.html", user=found, wrong=wrong), status)
