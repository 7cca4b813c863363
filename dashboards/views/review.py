"""The review queue: the page, the decisions, and both as JSON."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboards import deciding
from dashboards.changes import actor, changes
from dashboards.context import page_url
from dashboards.freshness import polled
from dashboards.parameters import Parameters
from dashboards.review_page import review_page
from dashboards.sources import service
from monitor.cells import plain
from monitor.sessions.flat import session_row
from monitor.state.review_queue import KINDS
from monitor.state.waiting_rows import waiting_row

review = Blueprint("review", __name__, url_prefix="/review")
review_api = Blueprint("review_api", __name__, url_prefix="/api/v1")


@review.get("")
@polled
def all_() -> ResponseReturnValue:
    """What waits for a person, the oldest first."""
    parameters = Parameters(request.args)
    kind, after = parameters.choice("kind", KINDS), parameters.text("after")
    return render_template("review.html", page=review_page(service(), kind, after))


@review.post("/<session_id>/<action>")
@changes
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


@review_api.get("/review")
def queue() -> ResponseReturnValue:
    """What waits, the oldest first: `{"items", "counts", "next"}`."""
    parameters = Parameters(request.args)
    parameters.known("kind", "after", "limit")
    kind, limit, store = parameters.choice("kind", KINDS), parameters.limit(), service().reviews
    found = store.queue(kind, after=parameters.text("after"), limit=limit + 1)
    following = page_url(after=found[limit - 1].case.session.id) if len(found) > limit else None
    rows = [_plain(waiting_row(each)) for each in found[:limit]]
    return jsonify({"items": rows, "counts": store.counts(), "next": following})


@review_api.post("/sessions/<session_id>/<action>")
@changes
def decide_json(session_id: str, action: str) -> ResponseReturnValue:
    """Take a decision: 200 with the session after it; 409 where somebody else was quicker."""
    source, known = service(), deciding.action_of(action) or abort(404)
    if source.reviews.case(session_id) is None:
        abort(404)
    decision = deciding.from_json(known, request.get_json(silent=True), actor(), source.now())
    return jsonify(_plain(session_row(deciding.decide(source, session_id, decision))))


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in row.items()}
