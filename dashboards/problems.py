"""Errors as answers: a page for people, problem JSON (RFC 9457) under /api."""

from flask import Flask, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from dashboards.language import gettext
from dashboards.parameters import BadParameter
from monitor.errors import InputError, LaddvaktError, Unavailable
from monitor.sessions.billing_states import Conflict

API = "/api/"


def install(app: Flask) -> None:
    """Answer for every error of ours, and for those of HTTP."""
    app.register_error_handler(LaddvaktError, _ours)
    app.register_error_handler(HTTPException, _http)


def _ours(error: LaddvaktError) -> ResponseReturnValue:
    if isinstance(error, Unavailable):
        return _answer(503, gettext("Not available now"), str(error), **{"Retry-After": "5"})
    if isinstance(error, Conflict):
        return _answer(409, gettext("Somebody was quicker"), str(error))
    field = error.field if isinstance(error, BadParameter) else None
    status = 400 if isinstance(error, InputError) else 500
    return _answer(status, gettext("This cannot be answered"), str(error), field=field)


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or (error.code or 500) < 400:
        return error
    titles = {404: gettext("There is nothing here"), 405: gettext("Not in this way")}
    return _answer(error.code or 500, titles.get(error.code or 500, error.name), error.description or "")


def _answer(status: int, title: str, detail: str, field: str | None = None, **headers: str) -> Response:
    if request.path.startswith(API):
        named = {"field": field} if field else {}
        response = jsonify({"type": "about:blank", "title": title, "status": status, "detail": detail, **named})
        response.mimetype = "application/problem+json"
    else:
        response = Response(render_template("problem.html", title=title, detail=detail), mimetype="text/html")
    response.status_code = status
    response.headers.update(headers)
    return response
