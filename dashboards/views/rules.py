"""Rules: what operators have written, as the service understands it."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from dashboards.freshness import polled
from dashboards.lab_page import lab_page, tried_page
from dashboards.rules_page import rule_page, rules_page
from dashboards.runbooks import runbooks
from dashboards.sources import service

rules = Blueprint("rules", __name__)


@rules.get("/rules")
@polled
def all_() -> ResponseReturnValue:
    """Every rule, and what is wrong with the files."""
    return render_template("rules.html", page=rules_page(service()))


@rules.get("/rules/<rule_id>")
@polled
def one(rule_id: str) -> ResponseReturnValue:
    """One rule: how it runs, what it says, and its last episodes."""
    page = rule_page(service(), rule_id)
    if page is None:
        abort(404)
    return render_template("rule.html", page=page)


@rules.get("/runbooks")
def what_to_do() -> ResponseReturnValue:
    """What the alerts of the shipped rules mean, and what to do."""
    return render_template("runbooks.html", runbooks=runbooks())


@rules.get("/rules/lab")
def lab() -> ResponseReturnValue:
    """A rule to write or change; `rule`: the id of one in force to begin from."""
    return render_template("lab.html", page=lab_page(service(), request.args.get("rule", "")), poll=0)


@rules.post("/rules/lab")
def try_() -> ResponseReturnValue:
    """What is wrong with a text, and with `try` also what it would have done; nothing is saved."""
    page = tried_page(service(), request.form.get("text", ""), playing="try" in request.form)
    part = request.headers.get("HX-Request") == "true"
    return render_template("_lab_found.html" if part else "lab.html", page=page, poll=0)
