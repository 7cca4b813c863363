"""Answers about rules."""

from typing import Any, Literal

from pydantic import Field

from dashboards.api.shapes.common import Shape, Time


class VerdictCounts(Shape):
    """How often each verdict was given on alerts of a rule."""

    real: int
    false: int
    known: int


class RuleShape(Shape):
    """A rule in force, with its last run; `problems` of the files stand in health."""

    id: str
    on: str
    title: dict[str, str]
    when: str
    levels: dict[str, str]
    severity: str
    hold_for_s: float
    keep_firing_for_s: float
    inhibited_by: list[str]
    labels: dict[str, str]
    file: str
    line: int
    evaluated_at: Time | None
    matches: int | None
    unknown: int | None
    error: str | None
    state: Literal["runs", "fails", "not evaluated"]
    duration_s: float | None
    verdicts: VerdictCounts
    precision: float | None = Field(description="real / (real + false); null while nobody has judged")


class Episode(Shape):
    """One alert of a rule."""

    subject: str
    state: str
    level: str
    pending_at: Time
    firing_at: Time | None
    resolved_at: Time | None


class RuleDetail(RuleShape):
    """A rule with its last episodes, newest first."""

    episodes: list[Episode]


class Explanation(Shape):
    """A rule's answer for a subject; `expressions` by key, each part as {text, value, dimension, parts, connectors}."""

    rule: str
    subject: str
    at: Time
    selected: bool
    truth: bool | None
    level: str | None
    recovered: bool | None
    expressions: dict[str, Any]
    expected: dict[str, float | None]
    expected_by: str | None
    alert: dict[str, Any]
