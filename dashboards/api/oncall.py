"""Who is on call, who can be told, and whether messages arrive."""

from flask import abort
from flask.typing import ResponseReturnValue

from dashboards.api.operation import operation
from dashboards.api.shapes.common import Listed
from dashboards.api.shapes.oncall import ReceiverShape, RosterShape, TrialShape
from dashboards.oncall_page import oncall_page
from dashboards.principals import principal
from dashboards.sources import service
from dashboards.trying import receiver_of, try_now
from monitor.alerts.oncall import roster_row, rosters


@operation("/oncall", answer=Listed[RosterShape])
def oncall() -> ResponseReturnValue:
    """Who is on call now and in the next four weeks, by rota"""
    return {"items": [roster_row(roster) for roster in rosters(service().rules.in_force.routes, service().now())]}


@operation("/receivers", answer=Listed[ReceiverShape])
def receivers() -> ResponseReturnValue:
    """Who can be told"""
    return {
        "items": [
            {
                "name": each.receiver.name,
                "language": each.receiver.language,
                "rota": each.receiver.rota is not None,
                "addresses": each.receiver.addresses,
                "reached": each.reached,
            }
            for each in oncall_page(service()).receivers
        ]
    }


@operation("/receivers/<name>/test", method="POST", answer=Listed[TrialShape])
def try_receiver(name: str) -> ResponseReturnValue:
    """Send a test message, of a rota to who is on call; what the other end answers"""
    source = service()
    receiver = receiver_of(source, name) or abort(404)
    return {"items": [dict(vars(outcome)) for outcome in try_now(source, receiver, principal().name)]}
