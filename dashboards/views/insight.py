"""Insight: how places perform, where it is full, and how people use them."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from dashboards.behaviour_page import behaviour_page
from dashboards.congestion_page import congestion_page
from dashboards.freshness import polled
from dashboards.insight_page import in_templates, performance_page
from dashboards.parameters import Parameters
from dashboards.report_page import report_page
from dashboards.revenue_page import revenue_page
from dashboards.sources import service

insight = Blueprint("insight", __name__, url_prefix="/insight")
insight.context_processor(in_templates)


@insight.get("")
@polled
def performance() -> ResponseReturnValue:
    """How connectors, stations or sites perform, worst first."""
    return render_template("performance.html", page=performance_page(service(), Parameters(request.args)))


@insight.get("/congestion")
@polled
def congestion() -> ResponseReturnValue:
    """Which pools are full and when, in most need first."""
    return render_template("congestion.html", page=congestion_page(service(), Parameters(request.args)))


@insight.get("/behaviour")
@polled
def behaviour() -> ResponseReturnValue:
    """When people come, how long they stay, what they meet."""
    return render_template("behaviour.html", page=behaviour_page(service(), Parameters(request.args)))


@insight.get("/report")
@polled
def report() -> ResponseReturnValue:
    """A month of a site, to print."""
    return render_template("report.html", page=report_page(service(), Parameters(request.args)))


@insight.get("/revenue")
@polled
def revenue() -> ResponseReturnValue:
    """What sessions earned, and what other price structures would have."""
    return render_template("revenue.html", page=revenue_page(service(), Parameters(request.args)))
