"""What a shipped rule says of a subject, in a word."""

from collections.abc import Mapping
from typing import Any

from monitor.rules.model import Rule

Rules = Mapping[str, Rule]


def told(network: Any, minute: float, rule: Rule, subject: str = "malmo/dc-1/1") -> str | None:
    """`quiet`, `unknown`, or the level at which the rule matches."""
    answer = network.answers(minute, rule).get(subject)
    if answer is None:
        return "quiet"
    return answer.level if answer.truth else "unknown"
