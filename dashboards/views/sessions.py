"""Sessions: the list and each one with its price line by line."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from dashboards.freshness import polled
from dashboards.parameters import Parameters
from dashboards.session_list import read_filters, sessions_page
from dashboards.session_page import session_page
from dashboards.sources import service

sessions = Blueprint("sessions", __name__, url_prefix="/sessions")


@sessions.get("")
@polled
def all_() -> ResponseReturnValue:
    """Sessions by their filters, newest first."""
    filters = read_filters(Parameters(request.args), days=True)
    return render_template("sessions.html", page=sessions_page(service(), filters))


@sessions.get("/<session_id>")
@polled
def one(session_id: str) -> ResponseReturnValue:
    """One session."""
    return render_template("session.html", page=session_page(service(), session_id) or abort(404))
