"""`laddvakt rules backtest`: how often rules would have fired, and whom they would have woken."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.progress import Progress

from monitor.authoring.backtest import text
from monitor.authoring.backtest.difference import difference
from monitor.authoring.backtest.document import document
from monitor.authoring.backtest.episodes import Found
from monitor.authoring.backtest.page import page
from monitor.authoring.backtest.preparing import remembered
from monitor.authoring.backtest.running import Asked
from monitor.authoring.backtest.running import backtest as played
from monitor.authoring.backtest.summary import summed, too_many
from monitor.authoring.backtest.versions import Version, chosen, folder_at, version_of
from monitor.cli.settings import config_option, load
from monitor.cli.terminal import Span, inert, moment
from monitor.config import Settings
from monitor.readings import scanning
from monitor.service import RealClock

MONTH = timedelta(days=30)


@dataclass(frozen=True)
class _Between:
    """The time that is played."""

    start: datetime
    end: datetime
    as_received: bool


@click.command()
@click.argument("paths", nargs=-1, metavar="[FILES]", type=click.Path(path_type=Path, exists=True))
@click.option("--from", "first", metavar="TIME", help="begin [30 days before --to]; without an offset in sessions.zone")
@click.option("--to", "last", metavar="TIME", help="end [now]")
@click.option("--since", type=Span(), help="instead of --from: so long before --to")
@click.option("--rule", "rules", multiple=True, metavar="ID", help="only this rule; may be given again")
@click.option("--against", metavar="PATH|REV", help="compare with these files, or the rules folder at a git revision")
@click.option("--as-received", is_flag=True, help="know each reading from when it came in, not from its own time")
@click.option("--max-mails-per-day", "most", type=click.IntRange(0), help="exit 1 if a receiver gets more on any day")
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@click.option(
    "--html", "report", type=click.Path(path_type=Path, dir_okay=False), help="write a report with a timeline, too"
)
@config_option
@click.pass_context
def backtest(
    context: click.Context,
    *,
    paths: Sequence[Path],
    first: str | None,
    last: str | None,
    since: timedelta | None,
    rules: Sequence[str],
    against: str | None,
    as_received: bool,
    most: int | None,
    as_json: bool,
    report: Path | None,
    config_file: Path | None,
) -> None:
    """Play stored readings through the rules of FILES (files, or a folder laid out as `rules/`), by default those in
    force: every episode, and every mail that would have been sent. Nothing is saved and nobody is told.
    """
    settings = load(config_file)
    zone = ZoneInfo(settings.sessions.zone)
    between = _between(first, last, since, zone, as_received=as_received)
    version = chosen(version_of(paths, settings), rules)
    found = _played(version, between, settings, "backtest")
    changed = None
    if against is not None:
        with folder_at(against, settings) as folder:
            other = version_of([folder], settings)
        # With files or rules named it is about these alone, else also about rules that are gone.
        named = bool(paths or rules)
        changed = difference(
            found, _played(other.only(version.reported) if named else other, between, settings, "against")
        )
    summary = summed(found, zone)
    if as_json:
        click.echo(json.dumps(document(found, changed), indent=2, ensure_ascii=False))
    else:
        for line in text.lines(found, summary, changed):
            click.echo(inert(line))
    if report:
        report.write_text(page(found, summary, changed), encoding="utf-8")
    over = too_many(summary, most) if most is not None else []
    for name, day, count in over:
        click.echo(f"{name}: {count} mails on {day}, more than {most}", err=True)
    context.exit(1 if over else 0)


def _between(
    first: str | None, last: str | None, since: timedelta | None, zone: ZoneInfo, *, as_received: bool
) -> _Between:
    if first and since:
        raise click.UsageError("--from and --since say the same; give one of them")
    end = moment("--to", last, zone) if last else RealClock().now().replace(microsecond=0)
    start = moment("--from", first, zone) if first else end - (since or MONTH)
    if start >= end:
        raise click.UsageError("--from has to be before --to")
    return _Between(start, end, as_received)


def _played(version: Version, between: _Between, settings: Settings, what: str) -> Found:
    silences, finished = remembered(settings, between.start, between.end)
    asked = Asked(version, between.start, between.end, silences, finished, between.as_received)
    console = Console(stderr=True)
    with scanning.source(settings) as source, Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        return played(asked, source, settings, progress=lambda done, of: bar.update(task, completed=done, total=of))
