"""Signed links of mails. Opening one changes nothing, because scanners of mail follow links: the page has a button."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from dashboards import answering
from dashboards.context import texts
from dashboards.formats import moment
from dashboards.language import gettext
from dashboards.language import lazy_gettext as _l
from dashboards.parameters import Parameters
from dashboards.sources import service
from monitor.access.links import Action, Link, Links
from monitor.alerts.model import Alert

links = Blueprint("links", __name__, url_prefix="/m")
_NAME = 60
_ACTIONS: Mapping[Action, tuple[str, str]] = {
    "acknowledge": (_l("Acknowledge"), _l("No more reminders of this alert until it is over.")),
    "silence": (
        _l("Silence"),
        _l("No messages of this rule at this place for as long as you choose, neither to you nor to others."),
    ),
    "alert": ("", ""),
}
"""What the button says, and what it does."""


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
    given, source = Parameters(request.form), service()
    name = given.line("name", longest=_NAME)
    by = f"{name} ({link.address})" if name else link.address
    details = {"link": link.address}
    if link.action == "acknowledge":
        source.responses.acknowledge(alert.id, by=by, at=source.now(), details=details)
        return _page(link, alert, gettext("Acknowledged."))
    hours = given.number("hours", most=answering.CHOICES[-1]) or answering.HOURS
    reason = given.line("reason") or gettext("Silence")
    made = answering.silence(source, alert, timedelta(hours=hours), author=by, reason=reason, details=details)
    return _page(link, alert, gettext("Silenced until %(until)s.", until=_local(made.ends_at, alert)))


def _opened(text: str) -> tuple[Link, Alert] | Response:
    """The link and its alert, or the page that says what is wrong."""
    link = Links(service().key).read(text)
    alert = service().alerts.get(link.alert) if link else None
    if link is None or alert is None:
        title = gettext("This link does not work")
        why = gettext("It was changed on its way, is not of this service, or is for something else.")
        return _answer("link_refused.html", HTTPStatus.NOT_FOUND, title=title, why=why, link=None)
    if service().now() >= link.until:
        title = gettext("This link has expired")
        why = gettext("Links of mails work for a week. Log in to see the alert.")
        return _answer("link_refused.html", HTTPStatus.GONE, title=title, why=why, link=link)
    return link, alert


def _page(link: Link, alert: Alert, done: str = "") -> Response:
    source = service()
    found = source.responses.acknowledged([alert.id], source.now()).get(alert.id)
    already = ""
    if found and not done:
        already = gettext("Acknowledged by %(by)s, %(at)s.", by=found.by, at=_local(found.at, alert))
    state = gettext("Since %(at)s", at=_local(alert.firing_at or alert.pending_at, alert))
    if alert.resolved_at:
        state = gettext("Over since %(at)s", at=_local(alert.resolved_at, alert))
    does, what = _ACTIONS[link.action]
    return _answer(
        "link.html", HTTPStatus.OK, link=link, alert=alert, texts=texts(alert), done=done,
        already=already, state=state, does=does, what=what, choices=answering.CHOICES, chosen=answering.HOURS,
        site=source.register.site(alert.place.site),
    )  # fmt: skip


def _local(at: datetime, alert: Alert) -> str:
    zone = service().register.zone(alert.place.site)
    return f"{moment(at, zone)} ({zone.key})"


def _answer(template: str, status: HTTPStatus, **values: Any) -> Response:
    response = make_response(render_template(template, **values), status)
    # The address is the key: it must neither be kept nor told. (`no-referrer` would make browsers hide the origin of
    # the form too.)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "strict-origin"
    return response
