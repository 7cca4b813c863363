"""What the life of a rule's alerts depends on, taken out of the rule."""

from monitor.alerts.model import Policy
from monitor.rules.model import Rule


def policy_of(rule: Rule) -> Policy:
    """The part of a rule that `advance` and the planner read."""
    return Policy(
        rule=rule.id,
        severity=rule.severity,
        hold_for=rule.hold_for,
        keep_firing_for=rule.keep_firing_for,
        no_data_after=rule.no_data.after,
        no_data_then=rule.no_data.then,
        labels=dict(rule.labels),
        condition=rule.condition,
        inhibited_by=rule.inhibited_by,
    )
