"""Tariffs: what is in force in words, and what other prices would have meant."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from dashboards.compare_page import compare_page
from dashboards.freshness import polled
from dashboards.parameters import Parameters
from dashboards.sources import service
from dashboards.tariff_page import tariffs_page

tariffs = Blueprint("tariffs", __name__, url_prefix="/tariffs")


@tariffs.get("")
@polled
def all_() -> ResponseReturnValue:
    """Every tariff in words."""
    return render_template("tariffs.html", page=tariffs_page(service(), Parameters(request.args)))


@tariffs.get("/compare")
@polled
def compare() -> ResponseReturnValue:
    """Past sessions under another tariff."""
    return render_template("compare.html", page=compare_page(service(), Parameters(request.args)))
