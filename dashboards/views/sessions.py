"""Sessions: the list and each one with its price line by line."""

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from dashboards.freshness import polled
from dashboards.missing import no_session
from dashboards.parameters import Parameters
from dashboards.session_cdr import shown_cdr
from dashboards.session_list import read_filters, sessions_page
from dashboards.session_page import session_page
from dashboards.sources import service
from monitor.tariffs.versions import Version

VERSIONS: tuple[Version, ...] = ("2.2.1", "2.3.0")
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
    return render_template("session.html", page=session_page(service(), session_id) or no_session(session_id))


@sessions.get("/<session_id>/cdr.json")
def cdr(session_id: str) -> ResponseReturnValue:
    """The OCPI CDR: word for word as it was exported, else as it would be now; asking seals nothing.

    `?ocpi=2.3.0`: in that version; `?id=`: one of several, credit CDRs too. 404 where there is no price yet. The header
    `Laddvakt-CDR` says `sealed` or `preview`.
    """
    parameters = Parameters(request.args)
    version: Version | None = parameters.choice("ocpi", VERSIONS)
    shown = shown_cdr(service(), session_id, version, parameters.text("id")) or abort(404)
    headers = {"Laddvakt-CDR": "sealed" if shown.sealed else "preview"}
    return Response(shown.text, mimetype="application/json", headers=headers)
