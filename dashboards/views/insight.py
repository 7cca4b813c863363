"""Insight: how places perform."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from dashboards.freshness import polled
from dashboards.insight_page import in_templates, performance_page
from dashboards.parameters import Parameters
from dashboards.sources import service

insight = Blueprint("insight", __name__, url_prefix="/insight")
insight.context_processor(in_templates)


@insight.get("")
@polled
def performance() -> ResponseReturnValue:
    """How connectors, stations or sites perform, worst first."""
    return render_template("performance.html", page=performance_page(service(), Parameters(request.args)))
