"""`POST /api/v1/ocpp/STATION`: OCPP-J messages that a CSMS or a proxy passes on, one or many.

The body is one message (`[2, "19", "Heartbeat", {}]`), one a line, or a JSON array of them; each may stand in an
envelope with its own time (docs/import.md). Answers are needed too: the id of a 1.6 transaction is in them. `?site=`
names the site where the register does not have the station, or has it twice.
"""

from http import HTTPStatus

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from dashboards.sources import service
from dashboards.writes import Refused, answer, body, refusing
from monitor.ingest.ocpp.reader import Default
from monitor.ingest.taking import Reading, StoreTarget

ocpp = Blueprint("ocpp", __name__, url_prefix="/api/v1/ocpp")


@ocpp.post("/<path:station>")
def hear(station: str) -> ResponseReturnValue:
    """200 once what the messages say is on disk; 400 names what was wrong, and the rest is stored."""
    try:
        with refusing():
            default = Default(station, request.args.get("site") or None)
            taken = StoreTarget(service().intake).take(body(), Reading("ocpp", default=default))
    except Refused as refused:
        return answer(refused, {"code": refused.code, "message": refused.message})
    return jsonify(taken.as_json()), HTTPStatus.BAD_REQUEST if taken.rejected else HTTPStatus.OK
