"""`laddvakt rules new`: a rule with its test, to begin from; both pass `check` and `rules test` as they are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor import documents
from monitor.errors import FileProblems, InputError
from monitor.rules import files

_FOLDER = Path(__file__).parent / "templates"
TEMPLATES: Mapping[str, str] = {
    "slow": "a car that charges slower than it should",
    "fault": "a connector that reports a fault",
    "offline": "a station without contact",
    "full": "a site whose chargers are all taken",
    "idle": "a full car that stays",
    "stuck": "a car that is plugged in and does not charge",
    "unused": "a connector that works and has no customers",
    "voltage": "a voltage that is too low",
    "hot": "a station that gets hot",
}
"""What can be watched: name, and in words."""


@dataclass(frozen=True)
class Scaffold:
    """The texts of two files."""

    rule: str
    test: str


def scaffold(what: str, rule_id: str) -> Scaffold:
    """The template `what` as a rule of this id. Raises InputError when the id is none."""
    rule, test = ((_FOLDER / f"{what}.{kind}.yaml").read_text(encoding="utf-8") for kind in ("rule", "test"))
    made = Scaffold(*(re.sub(r"\bID\b", rule_id, text) for text in (rule, test)))
    try:
        files.parse_rules(documents.parse(made.rule, f"{rule_id}.yaml"))
    except FileProblems as error:
        raise InputError(error.problems[0].message) from error
    return made
