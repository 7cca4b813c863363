"""`GET /api/v1/rules` and `/api/v1/rules/RULE/explain`: how rules run, and why they say what they say."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from dashboards import exports
from dashboards.parameters import BadParameter, Parameters
from dashboards.sources import service
from monitor.authoring.listing import rule_rows

rules_api = Blueprint("rules_api", __name__, url_prefix="/api/v1/rules")


@rules_api.get("")
def all_() -> ResponseReturnValue:
    """Every rule in force with its last run and its last episodes."""
    Parameters(request.args).known()
    source = service()
    return exports.items(rule_rows(source.rules.in_force, source.rules.runs, source.alerts), None)


@rules_api.get("/<rule>/explain")
def explain(rule: str) -> ResponseReturnValue:
    """`?subject=&at=`: every part of the rule's expressions with its value, and what became of the alert."""
    parameters = Parameters(request.args)
    parameters.known("subject", "at")
    subject = parameters.text("subject")
    if subject is None:
        raise BadParameter("subject", "is missing; write for example malmo/m-1/1")
    return jsonify(service().why(rule, subject, parameters.moment("at")))
