"""Rules: what operators have written, as the service understands it."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from dashboards.freshness import polled
from dashboards.rules_page import rules_page
from dashboards.sources import service

rules = Blueprint("rules", __name__, url_prefix="/rules")


@rules.get("")
@polled
def all_() -> ResponseReturnValue:
    """Every rule, and what is wrong with the files."""
    return render_template("rules.html", page=rules_page(service()))
