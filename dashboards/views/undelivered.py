"""Messages that were given up: why, and sending them again."""

from http import HTTPStatus

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboards import context
from dashboards.freshness import polled
from dashboards.parameters import Parameters
from dashboards.principals import principal
from dashboards.sources import service
from monitor.state.dead_letters import DeadLetters

undelivered = Blueprint("undelivered", __name__, url_prefix="/undelivered")
PAGE = 100


@undelivered.get("")
@polled
def all_() -> ResponseReturnValue:
    """Newest first."""
    before = Parameters(request.args).number("before")
    found = DeadLetters(service().database).list(before=before, limit=PAGE + 1)
    older = context.page_url(before=found[PAGE - 1].id) if len(found) > PAGE else None
    return render_template("undelivered.html", letters=found[:PAGE], older=older, first=before is None)


@undelivered.post("/<int:number>/resend")
def resend(number: int) -> ResponseReturnValue:
    """Try this one for another day."""
    if not DeadLetters(service().database).resend(number, by=principal().name, at=service().now()):
        abort(HTTPStatus.NOT_FOUND)
    return _back()


@undelivered.post("/resend")
def resend_all() -> ResponseReturnValue:
    """Try all of them for another day."""
    DeadLetters(service().database).resend_all(by=principal().name, at=service().now())
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for("undelivered.all_"), HTTPStatus.SEE_OTHER)
