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
    """Truth of one rule for one subject at one moment, where it concerns the subject's alert.

    Subjects that are neither active nor match have none, but unknown ones of a rule that fires when there is no data.

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
class Flow:
    """What came in: the newest row of any station (None before the first), and how many rows the last minute has.

    `silent`: all stations have stopped at once, so it is their way to us that is broken, not they.
    """

    newest: datetime | None
    rows_1m: int
    silent: bool


@dataclass(frozen=True)
class Evaluation:
    """All answers of one slot, the rules that failed or wait with the reason, and the picture of every connector.

    `picture` and `flow` are None while the readings store is away. `durations`: seconds that each rule's statement
    took, which it shares with the other rules on its kind of subject; 0 where nobody measured. `unknown`: of how many
    subjects each rule does not know whether they match; most of them have no answer.
    """

    at: datetime
    answers: tuple[Answer, ...]
    failures: Mapping[str, str]
    picture: pa.Table | None
    flow: Flow | None = None
    durations: Mapping[str, float] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)
