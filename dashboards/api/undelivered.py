"""Messages that were given up, and sending them again."""

from flask import abort
from flask.typing import ResponseReturnValue

from dashboards.api.asked import UndeliveredQuery
from dashboards.api.operation import operation
from dashboards.api.shapes.alerts import ResentShape, UndeliveredShape
from dashboards.api.shapes.common import Page
from dashboards.context import page_url
from dashboards.principals import principal
from dashboards.sources import service
from monitor.state.dead_letters import DeadLetters, dead_letter_row


@operation("/undelivered", answer=Page[UndeliveredShape], query=UndeliveredQuery)
def undelivered(query: UndeliveredQuery) -> ResponseReturnValue:
    """Messages that were given up"""
    found = DeadLetters(service().database).list(before=query.before, limit=query.limit + 1)
    shown = found[: query.limit]
    following = page_url(before=shown[-1].id) if len(found) > query.limit else None
    return {"items": [dead_letter_row(letter) for letter in shown], "next": following}


@operation("/undelivered/<int:number>/resend", method="POST", answer=ResentShape)
def resend(number: int) -> ResponseReturnValue:
    """Try a message that was given up for another day, with the Message-ID that it had"""
    store, now = DeadLetters(service().database), service().now()
    if number >= 2**63 or not store.resend(number, by=principal().name, at=now):
        abort(404)
    return {"resent": 1}


@operation("/undelivered/resend", method="POST", answer=ResentShape)
def resend_all() -> ResponseReturnValue:
    """The same for all that were given up"""
    return {"resent": DeadLetters(service().database).resend_all(by=principal().name, at=service().now())}
