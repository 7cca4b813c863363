"""The error tree. Foreign exceptions become one of these once, at the edge that touches the foreign code.

    LaddvaktError
    ├── InputError              what a person or a charger wrote is wrong           exit 1, HTTP 400
    │   └── FileProblems        mistakes in an operator's files, all of them at once
    ├── DeliveryRefused         who should get this message will never take it        exit 1
    ├── UsageError              the command was called in a way it does not know     exit 2
    └── Unavailable             a dependency is down; the same call may work later   exit 3, HTTP 503
        ├── StoreUnavailable    the readings store
        │   ├── StoreFull       it takes nothing more for a while: its spool is at its limit
        │   └── DiskFull        the disk has no room                               HTTP 507
        ├── StateUnavailable    the SQL database
        └── DeliveryUnavailable the mail server, or where a webhook leads

Every message says what is wrong and what to do about it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


class LaddvaktError(Exception):
    """The root: catch this at a border (command, request, tick), nowhere else."""

    exit_code = 1


class InputError(LaddvaktError):
    """What came in is wrong; the sender has to change it.

    `text % values` is the message. A page says it in its reader's language, where its catalogue has `text`.
    """

    exit_code = 1

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text % values if values else text)
        self.text, self.values = text, values


class DeliveryRefused(LaddvaktError):
    """The mail server, or where a webhook leads, refused this message for good; sending it again cannot help."""

    exit_code = 1


class UsageError(LaddvaktError):
    """A command or option that does not exist in this form."""

    exit_code = 2


class Unavailable(LaddvaktError):
    """A dependency does not answer; nothing is wrong with the request."""

    exit_code = 3


class StoreUnavailable(Unavailable):
    """The readings store cannot be reached or cannot write."""


class StoreFull(StoreUnavailable):
    """The spool is at its limit; the same batch is taken once the server of record is back and it has drained."""


class DiskFull(StoreUnavailable):
    """The disk has no room for a batch; somebody has to free some."""


class StateUnavailable(Unavailable):
    """The state database cannot be reached or is locked."""


class DeliveryUnavailable(Unavailable):
    """The mail server, or where a webhook leads, did not take the message this time.

    `doubtful`: it may have taken it, and the answer was lost.
    """

    def __init__(self, message: str, *, doubtful: bool = False) -> None:
        self.doubtful = doubtful
        super().__init__(message)


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in an operator's file.

    `line` and `column` count from 1 and point at the token. `code` is a stable kebab-case name.
    """

    file: str
    line: int
    column: int
    code: str
    message: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class FileProblems(InputError):
    """All mistakes found in a set of files, never only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))
