"""Who is on call, and whether messages arrive."""

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from dashboards.freshness import polled
from dashboards.oncall_page import oncall_page
from dashboards.principals import principal
from dashboards.sources import service
from dashboards.trying import receiver_of, try_now

oncall = Blueprint("oncall", __name__, url_prefix="/oncall")


@oncall.get("")
@polled
def page() -> ResponseReturnValue:
    """Every rota now and in the next four weeks, and every receiver."""
    return render_template("oncall.html", page=oncall_page(service()))


@oncall.post("/<name>/test")
def try_(name: str) -> ResponseReturnValue:
    """Send a test message, and show what the other end answers."""
    source = service()
    receiver = receiver_of(source, name) or abort(404)
    return render_template("oncall.html", page=oncall_page(source, name, try_now(source, receiver, principal().name)))
