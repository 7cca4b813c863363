"""What the rules page shows: each rule with its state, broken files first, and the files as written."""

from dataclasses import dataclass

from dashboards.language import gettext, ngettext
from dashboards.sources import Run, Service
from monitor.alerts.remarks import Tally
from monitor.errors import Problem
from monitor.rules.answer import Level
from monitor.rules.model import Rule


@dataclass(frozen=True)
class RuleRow:
    """One rule and how it runs."""

    rule: Rule
    levels: tuple[Level, ...]
    run: Run | None
    symbol: str
    told: str
    error: str
    anchor: str
    tally: Tally


@dataclass(frozen=True)
class Text:
    """One file in force."""

    file: str
    anchor: str
    lines: list[str]


@dataclass(frozen=True)
class RulesPage:
    """Everything on the page."""

    title: str
    problems: tuple[Problem, ...]
    rules: list[RuleRow]
    texts: list[Text]


def rules_page(source: Service) -> RulesPage:
    """The page as of the newest tick."""
    in_force = source.rules.in_force
    texts = [
        Text(file, f"file-{number}", text.splitlines())
        for number, (file, text) in enumerate(in_force.rules.texts.items())
    ]
    anchors = {text.file: text.anchor for text in texts}
    runs, tallies = source.rules.runs, source.remarks.tallies()
    rows = [_row(rule, runs.get(rule.id), tallies.get(rule.id, Tally()), anchors) for rule in in_force.rules.rules]
    title = ngettext("%(num)s rule in force", "%(num)s rules in force", len(rows))
    return RulesPage(title, in_force.problems, rows, texts)


def _row(rule: Rule, run: Run | None, tally: Tally, anchors: dict[str, str]) -> RuleRow:
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
        anchor=f"{anchors[rule.file]}-{rule.line}" if rule.file in anchors else "",
        tally=tally,
    )
