"""Silences: what is not told at the moment, by whose word and until when."""

from http import HTTPStatus

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboards.freshness import polled
from dashboards.principals import principal
from dashboards.sources import service

silences = Blueprint("silences", __name__, url_prefix="/silences")


@silences.get("")
@polled
def all_() -> ResponseReturnValue:
    """Those in force and to come, then the last ones that are over."""
    source = service()
    current = source.responses.silences(now=source.now(), limit=500)
    here = {silence.id for silence in current}
    past = [silence for silence in source.responses.silences(limit=100) if silence.id not in here]
    return render_template("silences.html", current=current, past=past)


@silences.post("/<int:number>/end")
def end(number: int) -> ResponseReturnValue:
    """Messages go out again from now on."""
    if service().responses.end_silence(number, by=principal().name, at=service().now()) is None:
        abort(HTTPStatus.NOT_FOUND)
    return redirect(url_for("silences.all_"), HTTPStatus.SEE_OTHER)
