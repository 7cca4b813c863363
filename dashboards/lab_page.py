"""What the lab shows: a text of rules, what is wrong with it, and what it would have done in the last 24 hours."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.parameters import BadParameter
from dashboards.sources import Service
from monitor.authoring import lab
from monitor.authoring.lab import Tried
from monitor.authoring.scaffold import scaffold
from monitor.documents import nearest
from monitor.errors import InputError, Problem

BEGINNING = "slow"
"""The template that an empty lab begins with."""


@dataclass(frozen=True)
class LabPage:
    """`refused`: why the text, which has no mistakes, could not be tried. `tried` None: it was not."""

    text: str
    errors: Sequence[Problem] = ()
    warnings: Sequence[Problem] = ()
    tried: Tried | None = None
    refused: str = ""


def lab_page(source: Service, rule: str) -> LabPage:
    """With the file of a rule in force, or a template."""
    in_force = source.rules.in_force.rules
    by_id = {each.id: each for each in in_force.rules}
    if rule and rule not in by_id:
        raise BadParameter("rule", f"there is no rule {rule!r}{nearest(rule, by_id)}")
    return LabPage(
        _entry(in_force.texts[by_id[rule].file], by_id[rule].line) if rule else scaffold(BEGINNING, "my-rule").rule
    )


def tried_page(source: Service, text: str, *, playing: bool) -> LabPage:
    """The text as it was sent, checked; `playing`: and tried, if nothing is wrong with it."""
    plain = text.replace("\r\n", "\n")
    found = lab.mistakes(plain, source.settings)
    errors = [problem for problem in found if problem.severity == "error"]
    warnings = [problem for problem in found if problem.severity != "error"]
    if errors or not playing:
        return LabPage(plain, errors, warnings)
    try:
        return LabPage(plain, errors, warnings, lab.try_rules(plain, source.settings, source.now()))
    except InputError as error:
        return LabPage(plain, errors, warnings, refused=str(error))


def _entry(text: str, line: int) -> str:
    """One rule out of a file as it is written: from the hyphen before its id to the next one of that indent."""
    lines = text.splitlines()
    begin = next(number for number in range(line - 1, -1, -1) if lines[number].lstrip().startswith("- "))
    indent = len(lines[begin]) - len(lines[begin].lstrip())
    end = begin + 1
    while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > indent):
        end += 1
    return "\n".join(["rules:", *lines[begin:end]]).rstrip() + "\n"
