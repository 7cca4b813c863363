"""`POST /api/v1/import`: how `laddvakt import` hands lines to the service that has the store open.

`?format=line-protocol&precision=s` or `?format=ocpp&station=&site=`; the token is in the file beside the store
(`monitor.readings.running`), which only the service's user can read. The answer says what was stored and names the
lines that were rejected. `POST /api/v1/users/erase` is for the same owner.
"""

from http import HTTPStatus
from typing import cast, get_args

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from dashboards.sources import service
from dashboards.writes import Refused, answer, body, refusing
from monitor.errors import InputError
from monitor.ingest.clock import Precision
from monitor.ingest.ocpp.reader import Default
from monitor.ingest.taking import Reading, StoreTarget

importing = Blueprint("importing", __name__, url_prefix="/api/v1")


@importing.post("/import")
def take() -> ResponseReturnValue:
    """200 with what became of the lines."""
    try:
        with refusing():
            taken = StoreTarget(service().intake).take(body(), _reading())
    except Refused as refused:
        return answer(refused, {"code": refused.code, "message": refused.message})
    return jsonify(taken.as_json())


@importing.post("/users/erase")
def erase_user() -> ResponseReturnValue:
    """What `laddvakt sessions user erase` asks of the service that has the store open: `{"tokens": [...]}`."""
    try:
        rows = service().store.erase_user(_tokens())
    except Refused as refused:
        return answer(refused, {"code": refused.code, "message": refused.message})
    return jsonify(rows=rows)


def _tokens() -> list[str]:
    given = request.get_json(silent=True)
    tokens = given.get("tokens") if isinstance(given, dict) else None
    if not isinstance(tokens, list) or not tokens or not all(isinstance(each, str) and each for each in tokens):
        raise Refused(HTTPStatus.BAD_REQUEST, "invalid", 'send {"tokens": ["..."]}')
    return tokens


def _reading() -> Reading:
    asked = request.args
    precision = asked.get("precision", "ns")
    if precision not in get_args(Precision):
        raise InputError(f"precision {precision!r} is none of {', '.join(get_args(Precision))}")
    default = Default(asked.get("station") or None, asked.get("site") or None)
    match asked.get("format"):
        case "line-protocol":
            return Reading("line-protocol", cast("Precision", precision))
        case "ocpp":
            return Reading("ocpp", default=default)
    raise InputError("format is line-protocol or ocpp")
