"""Sessions: the list and each one with its price line by line."""

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from dashboards.freshness import polled
from dashboards.parameters import Parameters
from dashboards.session_cdr import session_cdr
from dashboards.session_list import read_filters, sessions_page
from dashboards.session_page import session_page
from dashboards.sources import service
from monitor.tariffs import exact_json
from monitor.tariffs.versions import Version

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


@sessions.get("/<session_id>/cdr.json")
def cdr(session_id: str) -> ResponseReturnValue:
    """The OCPI CDR of a session: 2.2.1, or 2.3.0 with `?ocpi=2.3.0`; 404 where it has no price yet."""
    session = service().session(session_id) or abort(404)
    version: Version = "2.3.0" if request.args.get("ocpi") == "2.3.0" else "2.2.1"
    exported = session_cdr(service(), session, version) or abort(404)
    return Response(exact_json.dumps(exported.cdr), mimetype="application/json")
