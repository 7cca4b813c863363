"""What people say of alerts for one another: comments, and of those that are over whether they were right."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

Verdict = Literal["real", "false", "known"]
"""`real`: somebody had to do something. `false`: nothing was wrong. `known`: right, but nothing new."""
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)


@dataclass(frozen=True)
class Comment:
    """What somebody noted about an alert."""

    id: int
    alert: int
    by: str
    at: datetime
    text: str


@dataclass(frozen=True)
class Judgement:
    """Whether an alert that is over was right; a later one takes the place of an earlier."""

    alert: int
    verdict: Verdict
    by: str
    at: datetime
    comment: str = ""


@dataclass(frozen=True)
class Tally:
    """How often each verdict was given on the alerts of a rule."""

    real: int = 0
    false: int = 0
    known: int = 0

    @property
    def precision(self) -> float | None:
        """The part of the alerts judged real or false that was real; None while there are none."""
        decided = self.real + self.false
        return self.real / decided if decided else None
