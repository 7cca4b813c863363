"""`POST /api/v1/ocpp/STATION`: OCPP-J messages that a CSMS or a proxy passes on, one or many.

The body is one message (`[2, "19", "Heartbeat", {}]`), one a line, or a JSON array of them; each may stand in an
envelope with its own time (docs/ingest.md). Answers are needed too: the id of a 1.6 transaction is in them. `?site=`
names the site where the register does not have the station, or has it twice.
"""

from http import HTTPStatus

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from dashboards.sources import service
from dashboards.writes import Refused, answer, body
from monitor.errors import DiskFull, InputError, StoreUnavailable
from monitor.ingest.ocpp.reader import Default
from monitor.ingest.taking import Reading, StoreTarget

ocpp = Blueprint("ocpp", __name__, url_prefix="/api/v1/ocpp")


@ocpp.post("/<path:station>")
def hear(station: str) -> ResponseReturnValue:
    """200 once what the messages say is on disk; 400 names what was wrong, and the rest is stored."""
    try:
        try:
            default = Default(station, request.args.get("site") or None)
            taken = StoreTarget(service().intake).take(body(), Reading("ocpp", default=default))
        except DiskFull as error:
            raise Refused(HTTPStatus.INSUFFICIENT_STORAGE, "insufficient storage", str(error)) from error
        except StoreUnavailable as error:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", str(error)) from error
        except InputError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, "invalid", str(error)) from error
    except Refused as refused:
        return answer(refused, {"code": refused.code, "message": refused.message})
    return jsonify(taken.as_json()), HTTPStatus.BAD_REQUEST if taken.rejected else HTTPStatus.OK
