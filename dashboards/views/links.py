"""Signed links of mails. Opening one changes nothing, because scanners of mail follow links: the page has a button."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from dashboards import answering
from dashboards.entrance_words import words
from dashboards.formats import moment
from dashboards.parameters import Parameters
from dashboards.sources import service
from monitor.access.links import Link, Links
from monitor.alerts.flat import texts_of
from monitor.alerts.model import Alert

links = Blueprint("links", __name__, url_prefix="/m")
_NAME = 60


@links.get("/<text>")
def page(text: str) -> ResponseReturnValue:
    """What the link is about, and its button."""
    found = _opened(text)
    return found if isinstance(found, Response) else _page(*found)


@links.post("/<text>")
def act(text: str) -> ResponseReturnValue:
    """Do what the link is for: `name` says who does it, `hours` and `reason` belong to a silence."""
    found = _opened(text)
    if isinstance(found, Response):
        return found
    link, alert = found
    if not alert.active or link.action == "alert":
        return _page(link, alert)
    given, source, said = Parameters(request.form), service(), words()
    name = given.line("name", longest=_NAME)
    by = f"{name} ({link.address})" if name else link.address
    details = {"link": link.address}
    if link.action == "acknowledge":
        source.responses.acknowledge(alert.id, by=by, at=source.now(), details=details)
        return _page(link, alert, said["acknowledged"])
    hours = given.number("hours", most=answering.CHOICES[-1]) or answering.HOURS
    reason = given.line("reason") or said["silence"]
    made = answering.silence(source, alert, timedelta(hours=hours), author=by, reason=reason, details=details)
    return _page(link, alert, said["silenced"].format(until=_local(made.ends_at, alert)))


def _opened(text: str) -> tuple[Link, Alert] | Response:
    """The link and its alert, or the page that says what is wrong."""
    link = Links(service().key).read(text)
    alert = service().alerts.get(link.alert) if link else None
    if link is None or alert is None:
        return _answer("link_refused.html", HTTPStatus.NOT_FOUND, why="bad link", link=None)
    if service().now() >= link.until:
        return _answer("link_refused.html", HTTPStatus.GONE, why="old link", link=link)
    return link, alert


def _page(link: Link, alert: Alert, done: str = "") -> Response:
    source, said = service(), words()
    found = source.responses.acknowledged([alert.id], source.now()).get(alert.id)
    already = said["already"].format(by=found.by, at=_local(found.at, alert)) if found and not done else ""
    state = said["since"].format(at=_local(alert.firing_at or alert.pending_at, alert))
    if alert.resolved_at:
        state = said["resolved"].format(at=_local(alert.resolved_at, alert))
    return _answer(
        "link.html", HTTPStatus.OK, link=link, alert=alert, texts=texts_of(alert, said["language"]), done=done,
        already=already, state=state, choices=answering.CHOICES, chosen=answering.HOURS,
        site=source.register.site(alert.place.site),
    )  # fmt: skip


def _local(at: datetime, alert: Alert) -> str:
    zone = service().register.zone(alert.place.site)
    return f"{moment(at, zone)} ({zone.key})"


def _answer(template: str, status: HTTPStatus, **values: Any) -> Response:
    response = make_response(render_template(template, words=words(), **values), status)
    # The address is the key: it must neither be kept nor told. (`no-referrer` would make browsers hide the origin of
    # the form too.)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "strict-origin"
    return response
