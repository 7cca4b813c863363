"""Rules in force, as the service understands them."""

from typing import Any

from flask import abort
from flask.typing import ResponseReturnValue

from dashboards.api.asked import Moment, RulesQuery, Text
from dashboards.api.operation import Asked, operation
from dashboards.api.ordering import by, in_order
from dashboards.api.shapes.common import Listed
from dashboards.api.shapes.rules import Explanation, RuleDetail, RuleShape
from dashboards.sources import service
from monitor.alerts.remarks import Tally
from monitor.authoring.listing import episodes, precision_row, state_of
from monitor.rules.model import Rule


@operation("/rules", answer=Listed[RuleShape], query=RulesQuery)
def rules(query: RulesQuery) -> ResponseReturnValue:
    """Rules in force"""
    tallies = service().remarks.tallies()
    found = [_rule(rule, tallies.get(rule.id)) for rule in service().rules.in_force.rules.rules]
    return {"items": in_order(found, query.sort, by("id", "severity", "matches", "duration_s"))}


@operation("/rules/<rule_id>", answer=RuleDetail)
def rule(rule_id: str) -> ResponseReturnValue:
    """One rule, with its last episodes"""
    found = next((each for each in service().rules.in_force.rules.rules if each.id == rule_id), None) or abort(404)
    tally = service().remarks.tallies().get(found.id)
    return {**_rule(found, tally), "episodes": episodes(service().alerts, found.id)}


class ExplainQuery(Asked):
    """Of what, and when; without `at` now."""

    subject: Text
    at: Moment | None = None


@operation("/rules/<rule_id>/explain", answer=Explanation, query=ExplainQuery)
def explain(rule_id: str, query: ExplainQuery) -> ResponseReturnValue:
    """Why a rule says of a subject what it says, and what became of its alert"""
    return service().why(rule_id, query.subject, query.at)


def _rule(rule: Rule, tally: Tally | None) -> dict[str, Any]:
    run = service().rules.runs.get(rule.id)
    return {
        "id": rule.id,
        "on": rule.on,
        "title": rule.title,
        "when": " ".join(rule.when.text.split()),
        "levels": {level: " ".join(when.text.split()) for level, when in rule.levels.items()},
        "severity": rule.severity,
        "hold_for_s": rule.hold_for,
        "keep_firing_for_s": rule.keep_firing_for,
        "inhibited_by": rule.inhibited_by,
        "labels": rule.labels,
        "file": rule.file,
        "line": rule.line,
        "evaluated_at": run.at if run else None,
        "matches": run.matches if run else None,
        "unknown": run.unknown if run else None,
        "error": run.error if run else None,
        "state": state_of(run),
        "duration_s": run.duration_s if run else None,
        **precision_row(tally),
    }
