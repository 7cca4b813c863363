"""Silences: what is not told at the moment, by whose word and until when."""

from http import HTTPStatus

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboards.freshness import polled
from dashboards.principals import principal
from dashboards.silences_page import silences_page
from dashboards.sources import service

silences = Blueprint("silences", __name__, url_prefix="/silences")


@silences.get("")
@polled
def all_() -> ResponseReturnValue:
    """Those in force and to come, the oldest first, then the last ones that are over."""
    return render_template("silences.html", page=silences_page(service()))


@silences.post("/<int:number>/end")
def end(number: int) -> ResponseReturnValue:
    """Messages go out again from now on."""
    if service().responses.end_silence(number, by=principal().name, at=service().now()) is None:
        abort(HTTPStatus.NOT_FOUND)
    return redirect(url_for("silences.all_"), HTTPStatus.SEE_OTHER)
