"""Rules in force: what they ask, how they run, and why they say what they say."""

from typing import Any

from flask import abort
from flask.typing import ResponseReturnValue

from dashboards.api.asked import ExplainQuery
from dashboards.api.operation import operation
from dashboards.api.shapes import Listed, RuleShape
from dashboards.sources import service
from monitor.authoring.listing import rule_rows


@operation("/rules", answer=Listed[RuleShape])
def rules() -> ResponseReturnValue:
    """Rules in force, with their last runs and episodes"""
    return {"items": _rows()}


@operation("/rules/<rule_id>", answer=RuleShape)
def rule(rule_id: str) -> ResponseReturnValue:
    """One rule"""
    return next((row for row in _rows() if row["id"] == rule_id), None) or abort(404)


@operation("/rules/<rule_id>/explain", answer=dict[str, Any], query=ExplainQuery)
def explain(rule_id: str, query: ExplainQuery) -> ResponseReturnValue:
    """Every part of the expressions of a rule with its value, and what became of the alert"""
    return service().why(rule_id, query.subject, query.at)


def _rows() -> list[dict[str, Any]]:
    source = service()
    return rule_rows(source.rules.in_force, source.rules.runs, source.alerts)
