"""Errors as answers: a page for people, problem JSON (RFC 9457) under /api."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from dashboards.language import gettext, said
from dashboards.missing import Missing
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
        return _answer(503, gettext("Not available now"), str(error), headers={"Retry-After": "5"})
    if isinstance(error, Conflict):
        return _answer(409, gettext("Somebody was quicker"), _detail(error))
    status = 400 if isinstance(error, InputError) else 500
    wrong = error.wrong if isinstance(error, BadParameter) else ()
    return _answer(status, gettext("This cannot be answered"), _detail(error), wrong)


def _detail(error: LaddvaktError) -> str:
    """A page speaks its reader's language; a program gets words that are always the same."""
    return said(error) if isinstance(error, InputError) and not _of_a_program() else str(error)


def _of_a_program() -> bool:
    return request.blueprint == "writes" or request.path.startswith(API)


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or (error.code or 500) < 400:
        return error
    titles = {
        401: gettext("Log in first"), 403: gettext("Not allowed"), 404: gettext("There is nothing here"),
        405: gettext("Not in this way"),
    }  # fmt: skip
    code = error.code or 500
    own = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    if code == HTTPStatus.UNAUTHORIZED:
        own["WWW-Authenticate"] = 'Bearer realm="laddvakt"'
    further = error.further if isinstance(error, Missing) else None
    return _answer(code, titles.get(code, error.name), _described(error), headers=own, further=further)


def _described(error: HTTPException) -> str:
    """Its own words, or for a page ours in place of the library's."""
    if error.description != type(error).description or request.path.startswith(API):
        return error.description or ""
    match error.code:
        case HTTPStatus.NOT_FOUND:
            return gettext("No page has this address; it may be mistyped or of an older version.")
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return gettext("This address takes no such request; it is not a page to look at.")
    return error.description or ""


def _answer(
    status: int,
    title: str,
    detail: str,
    wrong: Sequence[tuple[str, str]] = (),
    *,
    headers: Mapping[str, str] | None = None,
    further: tuple[str, str] | None = None,
) -> Response:
    said: dict[str, Any]
    if request.blueprint == "writes":
        # In the words of InfluxDB, whose clients ask: 2.x under /api/v2, else 1.x.
        code = {401: "unauthorized", 403: "forbidden"}.get(status, "invalid")
        said = {"code": code, "message": detail} if request.path.startswith(API) else {"error": detail}
        response = jsonify(said)
    elif request.path.startswith(API):
        said = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        if wrong:
            errors = [{"field": field, "message": message} for field, message in wrong]
            said |= {"field": wrong[0][0], "errors": errors}
        response = jsonify(said)
        response.mimetype = "application/problem+json"
    else:
        page = render_template("problem.html", status=status, title=title, detail=detail, further=further)
        response = Response(page, mimetype="text/html")
    response.status_code = status
    response.headers.update(headers or {})
    return response
