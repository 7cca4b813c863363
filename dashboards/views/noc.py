"""Status, sites, stations, connectors: what the control room looks at."""

from flask import Blueprint, Response, abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from dashboards.freshness import polled
from dashboards.mosaic import mosaic_of, tile
from dashboards.parameters import Parameters
from dashboards.places import connector_page, place_page
from dashboards.sources import service
from dashboards.status import Filters, status_page
from monitor.ids import Place

noc = Blueprint("noc", __name__)


@noc.get("/")
@polled
def status() -> ResponseReturnValue:
    """The network in one sentence, and its reasons."""
    return render_template("status.html", page=status_page(service(), Filters.read(Parameters(request.args))))


@noc.get("/mosaic")
@polled
def mosaic() -> ResponseReturnValue:
    """Every connector that the filters select as one byte (`monitor.insight.mosaic`)."""
    found = mosaic_of(service(), Filters.read(Parameters(request.args)))
    answer = Response(found.codes.tobytes() if found else b"", mimetype="application/octet-stream")
    answer.headers["Laddvakt-Picture"] = found.picture.at.isoformat() if found else ""
    return answer


@noc.get("/mosaic/<int:number>")
def mosaic_tile(number: int) -> ResponseReturnValue:
    """What one of them is; 404 where the picture has changed since."""
    found = mosaic_of(service(), Filters.read(Parameters(request.args)))
    known = request.headers.get("Laddvakt-Picture")
    if found is None or (known is not None and known != found.picture.at.isoformat()):
        abort(404)
    return jsonify(tile(found, number) or abort(404))


@noc.get("/sites/<path:subject>")
@polled
def site(subject: str) -> ResponseReturnValue:
    """One site."""
    return render_template("site.html", page=place_page(service(), _place(subject, 1)) or abort(404))


@noc.get("/stations/<path:subject>")
@polled
def station(subject: str) -> ResponseReturnValue:
    """One station."""
    return render_template("site.html", page=place_page(service(), _place(subject, 2)) or abort(404))


@noc.get("/connectors/<path:subject>")
@polled
def connector(subject: str) -> ResponseReturnValue:
    """One connector."""
    return render_template("connector.html", page=connector_page(service(), _place(subject, 3)) or abort(404))


def _place(subject: str, parts: int) -> Place:
    """A place of exactly this depth; anything else does not exist."""
    try:
        place = Place.parse(subject)
    except ValueError:
        abort(404)
    if sum(name is not None for name in place) != parts:
        abort(404)
    return place
