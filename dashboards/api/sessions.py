"""Sessions with their prices, and decisions about those that cannot be billed as they are."""

from typing import Any

from flask import Response, abort
from flask.typing import ResponseReturnValue

from dashboards import deciding, exports, session_list
from dashboards.api.asked import CdrQuery, DecisionBody, ReviewQuery, SessionsQuery
from dashboards.api.operation import operation
from dashboards.api.shapes.common import Page
from dashboards.api.shapes.sessions import SessionDetail, SessionShape, WaitingPage
from dashboards.changes import actor
from dashboards.context import page_url
from dashboards.parameters import BadParameter
from dashboards.session_cdr import shown_cdr
from dashboards.sources import service
from monitor.sessions.correction import Correction
from monitor.sessions.flat import SESSION_COLUMNS, session_row
from monitor.state.reviewing import Decision
from monitor.state.session_filters import Chosen
from monitor.state.waiting_rows import waiting_row
from monitor.tariffs import codec

ACTION = "<any(approve, correct, 'write-off', keep):action>"


@operation("/sessions", answer=Page[SessionShape], query=SessionsQuery, media=["text/csv"])
def sessions(query: SessionsQuery) -> ResponseReturnValue:
    """Sessions"""
    if query.start and query.end and query.end <= query.start:
        raise BadParameter("to", "is not after 'from'")
    chosen = Chosen(
        start=query.start, end=query.end, site=query.site, station=query.station, connector=query.connector,
        group=query.group, flag=query.flag, state=query.state, tariff=query.tariff, text=query.q,
    )  # fmt: skip
    filters = session_list.SessionFilters(chosen, query.before, query.sort)
    source = service()
    if exports.wants_csv():
        found = session_list.find_all(source, filters)
        return exports.stream("sessions", SESSION_COLUMNS, lambda: map(session_row, found))
    page = session_list.find(source, filters, query.limit + 1)
    following = page_url(before=page[query.limit - 1].id) if len(page) > query.limit else None
    return {"items": [session_row(session) for session in page[: query.limit]], "next": following}


@operation("/sessions/<session_id>", answer=SessionDetail)
def session(session_id: str) -> ResponseReturnValue:
    """One session with its bill"""
    found = service().session(session_id) or abort(404)
    return {
        **session_row(found),
        "diagnosis_text": found.diagnosis.text if found.diagnosis else {},
        "diagnosis_evidence": found.diagnosis.evidence if found.diagnosis else {},
        "bill": codec.bill_to_json(found.bill) if found.bill else None,
    }


@operation("/sessions/<session_id>/cdr", answer=dict[str, Any], query=CdrQuery)
def cdr(session_id: str, query: CdrQuery) -> ResponseReturnValue:
    """The OCPI CDR of a session; asking seals nothing"""
    shown = shown_cdr(service(), session_id, query.ocpi, query.id) or abort(404)
    headers = {"Laddvakt-CDR": "sealed" if shown.sealed else "preview"}
    return Response(shown.text, mimetype="application/json", headers=headers)


@operation("/review", answer=WaitingPage, query=ReviewQuery)
def review(query: ReviewQuery) -> ResponseReturnValue:
    """Sessions that wait for a decision"""
    store = service().reviews
    found = store.queue(query.kind, after=query.after, limit=query.limit + 1, sort=query.sort)
    following = page_url(after=found[query.limit - 1].case.session.id) if len(found) > query.limit else None
    return {"items": [waiting_row(each) for each in found[: query.limit]], "counts": store.counts(), "next": following}


@operation(f"/sessions/<session_id>/{ACTION}", method="POST", answer=SessionShape, body=DecisionBody)
def decide(session_id: str, action: str, body: DecisionBody) -> ResponseReturnValue:
    """Decide about a session: approve, correct, write off, or keep the sealed bill"""
    source, known = service(), deciding.action_of(action) or abort(404)
    if source.reviews.case(session_id) is None:
        abort(404)
    correction = Correction(body.energy_wh, started=body.started, stopped=body.stopped, plug_out=body.plug_out)
    if known != "correct" and correction != Correction():
        raise BadParameter("energy_wh", "and the times are of the action 'correct' alone")
    decision = Decision(known, body.reason, actor(), source.now(), correction, body.seen)
    return session_row(deciding.decide(source, session_id, decision))
