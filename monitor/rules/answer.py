"""What an evaluation says about one rule and one subject. `alerts` reads nothing else of the rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import pyarrow as pa

Level = Literal["info", "warning", "critical"]
LEVELS: tuple[Level, ...] = ("info", "warning", "critical")
"""From the mildest to the worst."""

Value = float | int | str | bool | None


@dataclass(frozen=True)
class Texts:
    """What a rule says about one alert in one language, rendered when the alert last changed."""

    title: str
    summary: str
    cause: str = ""
    runbook: str = ""


@dataclass(frozen=True)
class Answer:
    """Truth of one rule for one subject at one moment; subjects neither active, matching nor unknown have none.

    `truth` None is unknown: neither fires nor resolves. `recovered` is the truth of `recover_when`; when the rule has
    none it is True exactly when `truth` is False. `selected` False: `where` no longer selects the subject, or it is
    retired. `values` holds every name of the subject that the rule's expressions and texts use, in base units.
    """

    rule: str
    subject: str
    at: datetime
    truth: bool | None
    level: Level | None
    recovered: bool | None
    selected: bool = True
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """All answers of one slot, the rules that failed with their error, and the picture of every connector."""

    at: datetime
    answers: tuple[Answer, ...]
    failures: Mapping[str, str]
    picture: pa.Table
