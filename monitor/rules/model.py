"""What an author writes about a rule, and the frozen `Rule` that the other parts read."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from monitor.documents import Strict, WrittenDuration
from monitor.rules.answer import LEVELS, Level
from monitor.rules.names import Subject
from monitor.rules.syntax import NameRef, Node, walk
from monitor.units import parse_duration

LANGUAGES = ("en", "sv")
"""Languages in which the service speaks; the first stands in where a text lacks one."""

_RULE_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
NoDataThen = Literal["keep", "resolve", "fire"]


def _span(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


def _texts(value: object) -> object:
    return dict.fromkeys(LANGUAGES, value) if isinstance(value, str) else value


def _rule_id(value: str) -> str:
    if not _RULE_ID.fullmatch(value):
        raise ValueError(
            f"{value!r} is no rule id; write lower-case words joined by hyphens, for example slow-charging"
        )
    return value


_Languages = Annotated[dict[Literal["en", "sv"], str], Field(min_length=1)]
Span = Annotated[timedelta, BeforeValidator(_span, json_schema_input_type=WrittenDuration)]
Languages = Annotated[_Languages, BeforeValidator(_texts, json_schema_input_type=str | _Languages)]
RuleId = Annotated[str, AfterValidator(_rule_id), Field(json_schema_extra={"pattern": f"^{_RULE_ID.pattern}$"})]


class NoDataShape(Strict):
    """What happens to an alert whose subject cannot be judged any more."""

    after: Span = timedelta(minutes=10)
    then: NoDataThen = "keep"


class MessageShape(Strict):
    """Templates of what is told."""

    summary: Languages
    cause: Languages = Field(default_factory=dict)
    runbook: Languages = Field(default_factory=dict)


class RuleShape(Strict):
    """One entry under `rules:`."""

    id: RuleId
    title: Languages
    on: Subject
    where: dict[Literal["site", "station", "connector", "current"], str | list[str]] = Field(default_factory=dict)
    when: str
    levels: dict[Level, str] = Field(default_factory=dict)
    severity: Level = "warning"
    recover_when: str | None = None
    hold_for: Span = Field(default=timedelta(0), alias="for")
    keep_firing_for: Span = timedelta(0)
    no_data: NoDataShape = NoDataShape()
    inhibited_by: list[str] = Field(default_factory=list)
    labels: dict[str, str] = Field(default_factory=dict)
    message: MessageShape


class RulesFile(Strict):
    """One file under rules/alerts/."""

    rules: list[RuleShape]


@dataclass(frozen=True)
class Expression:
    """A checked expression: its text as written and its tree."""

    text: str
    root: Node

    def source(self, node: Node) -> str:
        """A part of it as written, on one line with single spaces."""
        return " ".join(self.text[node.start : node.end].split())


@dataclass(frozen=True)
class NoData:
    """When unknown has lasted for `after`, `then` happens."""

    after: timedelta
    then: NoDataThen


@dataclass(frozen=True)
class MessageTexts:
    """Templates per language; cause and runbook may be empty."""

    summary: Mapping[str, str]
    cause: Mapping[str, str] = field(default_factory=dict)
    runbook: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """One rule, checked. `file` and `line` say where it is written; `title` is per language, as are the messages.

    `where`: key -> globs of which one has to match. `levels`: mildest first; empty: matches are of `severity`.
    """

    id: str
    file: str
    line: int
    on: Subject
    title: Mapping[str, str]
    where: Mapping[str, tuple[str, ...]]
    when: Expression
    levels: Mapping[Level, Expression]
    severity: Level
    recover_when: Expression | None
    hold_for: timedelta
    keep_firing_for: timedelta
    no_data: NoData
    inhibited_by: tuple[str, ...]
    labels: Mapping[str, str]
    message: MessageTexts

    @property
    def condition(self) -> str:
        """Fingerprint of `on`, `when` and `recover_when`: when it changes, firing alerts are judged anew."""
        texts = (self.on, self.when.text, self.recover_when.text if self.recover_when else "")
        return hashlib.sha256("\n".join(" ".join(text.split()) for text in texts).encode()).hexdigest()[:16]

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """Everything that is evaluated for it."""
        return (self.when, *self.levels.values(), *((self.recover_when,) if self.recover_when else ()))


def build(shape: RuleShape, expressions: Mapping[str, Expression], file: str, line: int) -> Rule:
    """The rule of a shape; `expressions` by key: `when`, `recover_when`, and each level."""
    levels = {level: expressions[level] for level in LEVELS if level in shape.levels}
    return Rule(
        id=shape.id,
        file=file,
        line=line,
        on=shape.on,
        title=_frozen(shape.title),
        where=MappingProxyType({k: (v,) if isinstance(v, str) else tuple(v) for k, v in shape.where.items()}),
        when=expressions["when"],
        levels=MappingProxyType(levels),
        severity=shape.severity,
        recover_when=expressions.get("recover_when"),
        hold_for=shape.hold_for,
        keep_firing_for=shape.keep_firing_for,
        no_data=NoData(shape.no_data.after, shape.no_data.then),
        inhibited_by=tuple(shape.inhibited_by),
        labels=MappingProxyType(shape.labels),
        message=MessageTexts(
            _frozen(shape.message.summary), _frozen(shape.message.cause), _frozen(shape.message.runbook)
        ),
    )


def _frozen(texts: Mapping[Literal["en", "sv"], str]) -> Mapping[str, str]:
    return MappingProxyType({str(language): text for language, text in texts.items()})


_OF_USUAL_POWER = frozenset({"usual_power_w", "slow_share_10", "expected_w", "expected_by"})


def resting_on_usual_power(rules: Iterable[Rule]) -> frozenset[str]:
    """The rules about which what is usual at a connector decides, by its own name or by one that is made of it."""
    return frozenset(rule.id for rule in rules if _OF_USUAL_POWER & _names(rule))


def _names(rule: Rule) -> set[str]:
    nodes = (node for expression in rule.expressions for node in walk(expression.root))
    return {node.name for node in nodes if isinstance(node, NameRef)}
