"""The review queue: the page, and decisions of its forms."""

from http import HTTPStatus

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboards import deciding
from dashboards.changes import actor
from dashboards.freshness import polled
from dashboards.parameters import Parameters
from dashboards.review_page import review_page
from dashboards.sources import service
from monitor.state.review_queue import KINDS

review = Blueprint("review", __name__, url_prefix="/review")


@review.get("")
@polled
def all_() -> ResponseReturnValue:
    """What waits for a person, the oldest first."""
    parameters = Parameters(request.args)
    kind, after = parameters.choice("kind", KINDS), parameters.text("after")
    return render_template("review.html", page=review_page(service(), kind, after))


@review.post("/<session_id>/<action>")
def decide(session_id: str, action: str) -> ResponseReturnValue:
    """Take a decision of a form, and show the session after it."""
    source, known = service(), deciding.action_of(action) or abort(404)
    case = source.reviews.case(session_id) or abort(404)
    zone = source.register.zone(case.session.place.site)
    decision = deciding.from_form(known, request.form, case, zone, (actor(), source.now()))
    deciding.decide(source, session_id, decision)
    back = "review.all_" if request.form.get("back") == "queue" else "sessions.one"
    target = url_for(back) if back == "review.all_" else url_for(back, session_id=session_id, _anchor="billing")
    return redirect(target, HTTPStatus.SEE_OTHER)
