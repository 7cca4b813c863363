"""A badge for each site and a page of availability, for everybody, where the settings allow it."""

from flask import Blueprint, Response, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue

from dashboards.freshness import version
from dashboards.outward import badge as badge_of
from dashboards.outward import public_page, public_site
from dashboards.sources import service

outward = Blueprint("outward", __name__)
LASTS_S = 30


@outward.get("/public")
def page() -> ResponseReturnValue:
    """How many connectors of each site are free, in use and out of service."""
    if not service().settings.web.public_page:
        abort(404)
    return render_template("public.html", page=public_page(service()))


@outward.get("/badge/<site>.svg")
def badge(site: str) -> ResponseReturnValue:
    """The same of one site as a picture, for other people's pages."""
    source = service()
    found = public_site(source, site) if source.settings.web.public_badges else None
    if found is None:
        abort(404)
    tag = version(source)
    if request.if_none_match.contains_weak(tag):
        response = Response(status=304)
    else:
        response = make_response(render_template("badge.svg", badge=badge_of(found)))
        response.mimetype = "image/svg+xml"
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = f"public, max-age={LASTS_S}"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response
