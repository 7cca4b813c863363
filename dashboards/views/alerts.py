"""Alerts: the list and each one with its reasons."""

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboards.alert_page import AlertFilters, alert_page, alerts_page
from dashboards.freshness import polled
from dashboards.parameters import Parameters
from dashboards.sources import service

alerts = Blueprint("alerts", __name__, url_prefix="/alerts")


@alerts.get("")
@polled
def all_() -> ResponseReturnValue:
    """Active alerts, or those that the filters select."""
    filters = AlertFilters.read(Parameters(request.args))
    chosen = {name: value for name, value in request.args.items() if value and name != "before"}
    csv = url_for("api.alerts", **{**chosen, "state": filters.state, "format": "csv"})  # type: ignore[arg-type]
    return render_template("alerts.html", page=alerts_page(service(), filters, csv))


@alerts.get("/<int:alert_id>")
@polled
def one(alert_id: int) -> ResponseReturnValue:
    """One alert."""
    return render_template("alert.html", page=alert_page(service(), alert_id) or abort(404))
