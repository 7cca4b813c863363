"""Alerts: the list, each one with its reasons, and what people say to it."""

from datetime import timedelta
from http import HTTPStatus
from typing import get_args

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboards import answering, silencing
from dashboards.alert_list import AlertFilters, alerts_page
from dashboards.alert_page import alert_page
from dashboards.freshness import polled
from dashboards.missing import no_alert
from dashboards.parameters import BadParameter, Parameters
from dashboards.principals import principal
from dashboards.sources import service
from monitor.alerts.model import Alert
from monitor.alerts.remarks import VERDICTS
from monitor.alerts.responses import Breadth

alerts = Blueprint("alerts", __name__, url_prefix="/alerts")
BREADTHS: tuple[Breadth, ...] = get_args(Breadth)


@alerts.get("")
@polled
def all_() -> ResponseReturnValue:
    """Active alerts, or those that the filters select."""
    filters = AlertFilters.read(Parameters(request.args))
    chosen = {name: value for name, value in request.args.items() if value and name != "after"}
    csv = url_for("api.alerts", **{**chosen, "state": filters.state, "format": "csv"})  # type: ignore[arg-type]
    return render_template("alerts.html", page=alerts_page(service(), filters, csv))


@alerts.get("/<int:alert_id>")
@polled
def one(alert_id: int) -> ResponseReturnValue:
    """One alert."""
    return render_template("alert.html", page=alert_page(service(), alert_id) or no_alert(alert_id))


@alerts.post("/<int:alert_id>/acknowledge")
def acknowledge(alert_id: int) -> ResponseReturnValue:
    """`comment`, `ticket`, `assignee`: whoever is logged in says that somebody sees to it; `back`: a page to go to."""
    given, source = Parameters(request.form), service()
    source.responses.acknowledge(
        _alert(alert_id).id, by=principal().name, at=source.now(), comment=given.line("comment"),
        ticket=given.line("ticket"), assignee=given.line("assignee"),
    )  # fmt: skip
    return redirect(given.path("back") or url_for("alerts.one", alert_id=alert_id), HTTPStatus.SEE_OTHER)


@alerts.post("/<int:alert_id>/withdraw")
def withdraw(alert_id: int) -> ResponseReturnValue:
    """Nobody sees to it any more."""
    service().responses.withdraw(_alert(alert_id).id, by=principal().name, at=service().now())
    return _back(alert_id)


@alerts.post("/<int:alert_id>/silence")
def silence(alert_id: int) -> ResponseReturnValue:
    """`hours`, `reason`, and `what`: no messages of this rule at this place, on its site, or of anything there."""
    given, alert, source = Parameters(request.form), _alert(alert_id), service()
    lasts = timedelta(hours=given.number("hours", most=answering.HOURS_MAX) or answering.HOURS)
    answering.silence(
        source, alert, lasts, author=principal().name, reason=given.line("reason"), breadth=_breadth(given)
    )  # fmt: skip
    return _back(alert_id)


@alerts.get("/<int:alert_id>/silence")
def preview(alert_id: int) -> ResponseReturnValue:
    """`what`: what such a silence would hide now."""
    found = silencing.preview(service(), _alert(alert_id), _breadth(Parameters(request.args)))
    return render_template("_preview.html", preview=found)


def _breadth(given: Parameters) -> Breadth:
    return given.choice("what", BREADTHS) or "place"


@alerts.post("/<int:alert_id>/comment")
def comment(alert_id: int) -> ResponseReturnValue:
    """`text`: noted on the alert, whether it is active or not."""
    text = Parameters(request.form).lines("text")
    service().remarks.comment(_alert(alert_id).id, text, by=principal().name, at=service().now())
    return _back(alert_id)


@alerts.post("/<int:alert_id>/verdict")
def judge(alert_id: int) -> ResponseReturnValue:
    """`verdict` and `comment`: whether the alert, which is over, was right."""
    given = Parameters(request.form)
    verdict = given.choice("verdict", VERDICTS)
    if verdict is None:
        raise BadParameter("verdict", f"is missing; it is one of {', '.join(VERDICTS)}")
    found, source = _alert(alert_id), service()
    source.remarks.judge(found.id, verdict, by=principal().name, at=source.now(), comment=given.line("comment"))
    return _back(alert_id)


def _alert(alert_id: int) -> Alert:
    return service().alerts.get(alert_id) or no_alert(alert_id)


def _back(alert_id: int) -> ResponseReturnValue:
    return redirect(url_for("alerts.one", alert_id=alert_id), HTTPStatus.SEE_OTHER)
