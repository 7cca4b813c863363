"""Rules and tariffs: what operators have written, as the service understands it."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from dashboards.context import language
from dashboards.freshness import polled
from dashboards.rules_page import rules_page
from dashboards.sources import service
from monitor.tariffs.describe import describe

rules = Blueprint("rules", __name__, url_prefix="/rules")
tariffs = Blueprint("tariffs", __name__, url_prefix="/tariffs")


@rules.get("")
@polled
def all_() -> ResponseReturnValue:
    """Every rule, and what is wrong with the files."""
    return render_template("rules.html", page=rules_page(service()))


@tariffs.get("", endpoint="all_")
@polled
def all_tariffs() -> ResponseReturnValue:
    """Every tariff in words."""
    told = [(tariff, describe(tariff, language())) for tariff in service().tariffs.tariffs.values()]
    return render_template("tariffs.html", tariffs=told)
