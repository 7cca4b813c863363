"""Rules: what operators have written, as the service understands it."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from dashboards.freshness import polled
from dashboards.rules_page import rules_page
from dashboards.runbooks import runbooks
from dashboards.sources import service

rules = Blueprint("rules", __name__)


@rules.get("/rules")
@polled
def all_() -> ResponseReturnValue:
    """Every rule, and what is wrong with the files."""
    return render_template("rules.html", page=rules_page(service()))


@rules.get("/runbooks")
def what_to_do() -> ResponseReturnValue:
    """What the alerts of the shipped rules mean, and what to do."""
    return render_template("runbooks.html", runbooks=runbooks())
