"""What the pages of rules show: each with its state, broken files first; and one with its text and its episodes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dashboards import formats
from dashboards.context import spoken
from dashboards.language import gettext, ngettext
from dashboards.runbooks import runbook_page
from dashboards.sources import Run, Service
from dashboards.words import word
from monitor.alerts.model import Alert
from monitor.alerts.remarks import Tally
from monitor.errors import Problem
from monitor.rules.answer import Level
from monitor.rules.model import Rule

EPISODES = 20
"""The newest ones on the page of a rule."""


@dataclass(frozen=True)
class RuleRow:
    """One rule and how it runs."""

    rule: Rule
    levels: tuple[Level, ...]
    run: Run | None
    symbol: str
    told: str
    error: str
    tally: Tally


@dataclass(frozen=True)
class RulesPage:
    """Everything on the page of all rules."""

    title: str
    problems: tuple[Problem, ...]
    rules: list[RuleRow]


@dataclass(frozen=True)
class RulePage:
    """One rule: `conditions` are its expressions by what they decide, `lines` its text with the numbers of the file."""

    row: RuleRow
    took: str
    conditions: Sequence[tuple[str, str]]
    facts: Sequence[tuple[str, str]]
    runbook: str
    alerts: Sequence[Alert]
    lines: Sequence[tuple[int, str]]


def rules_page(source: Service) -> RulesPage:
    """The page as of the newest tick."""
    in_force = source.rules.in_force
    runs, tallies = source.rules.runs, source.remarks.tallies()
    rows = [_row(rule, runs.get(rule.id), tallies.get(rule.id, Tally())) for rule in in_force.rules.rules]
    title = ngettext("%(num)s rule in force", "%(num)s rules in force", len(rows))
    return RulesPage(title, in_force.problems, rows)


def rule_page(source: Service, rule_id: str) -> RulePage | None:
    """The page of one rule; None where none of this id is in force."""
    rules = source.rules.in_force.rules
    rule = next((each for each in rules.rules if each.id == rule_id), None)
    if rule is None:
        return None
    row = _row(rule, source.rules.runs.get(rule.id), source.remarks.tallies().get(rule.id, Tally()))
    return RulePage(
        row=row,
        took=formats.DASH if row.run is None else f"{formats.number(row.run.duration_s, 3)}\u00a0s",
        conditions=list(_conditions(rule)),
        facts=list(_facts(rule)),
        runbook=runbook_page(spoken(rule.message.runbook)),
        alerts=source.alerts.list(rule=rule.id, sort="-id", limit=EPISODES),
        lines=_lines(rule, rules.rules, rules.texts.get(rule.file, "")),
    )


def _conditions(rule: Rule) -> Iterator[tuple[str, str]]:
    yield gettext("Fires when"), rule.when.text.strip()
    for level in reversed(tuple(rule.levels)):
        yield word("level", level), rule.levels[level].text.strip()
    if rule.recover_when is not None:
        yield gettext("Is over when"), rule.recover_when.text.strip()


def _facts(rule: Rule) -> Iterator[tuple[str, str]]:
    yield gettext("On"), word("subject", rule.on)
    for key, globs in rule.where.items():
        yield word("subject", key), ", ".join(globs)
    yield gettext("Has to last"), formats.span(rule.hold_for)
    yield gettext("Kept firing for"), formats.span(rule.keep_firing_for)
    yield (
        gettext("Without data"),
        gettext(
            "%(then)s after %(span)s", then=word("no_data", rule.no_data.then), span=formats.span(rule.no_data.after)
        ),
    )
    if rule.inhibited_by:
        yield gettext("Inhibited by"), ", ".join(rule.inhibited_by)
    if rule.labels:
        yield gettext("Labels"), ", ".join(f"{name}: {value}" for name, value in rule.labels.items())


def _lines(rule: Rule, every: Iterable[Rule], text: str) -> list[tuple[int, str]]:
    """From its first line to the one before the next rule of the file, without blank lines and comments at the end."""
    following = min((each.line for each in every if each.file == rule.file and each.line > rule.line), default=None)
    lines = text.splitlines()[rule.line - 1 : None if following is None else following - 1]
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return list(enumerate(lines, start=rule.line))


def _row(rule: Rule, run: Run | None, tally: Tally) -> RuleRow:
    symbol, told = "unknown", gettext("not evaluated yet")
    if run is not None and run.error:
        symbol, told = "warning", gettext("failed; its alerts stay as they were")
    elif run is not None:
        symbol, told = "resolved", gettext("runs")
    return RuleRow(
        rule=rule,
        levels=tuple(reversed(tuple(rule.levels))) or (rule.severity,),
        run=run,
        symbol=symbol,
        told=told,
        error=run.error if run else "",
        tally=tally,
    )
