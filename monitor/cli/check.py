"""`laddvakt check`: every mistake in the configuration and the operator's files; and what a sample alert would send."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from monitor.authoring import foretold_text, in_force, sample_alert
from monitor.authoring.check import check_paths
from monitor.authoring.foretelling import Course, Forecast, foretell
from monitor.cells import jsonable
from monitor.cli.settings import chosen, config_option, load
from monitor.cli.terminal import Span, moment
from monitor.config import Settings, doubts
from monitor.config_tree import Origins
from monitor.errors import FileProblems, Problem
from monitor.readings.influx.mapping import mistakes
from monitor.service import RealClock


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@config_option
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@click.option(
    "--sample", metavar="KEY=VALUE,...", help="also tell what this alert would send: rule=slow-charging,level=critical"
)
@click.option("--at", "when", metavar="TIME", help="when the sample becomes true [now]; in its site's zone")
@click.option("--hours", type=click.IntRange(1, 14 * 24), default=24, show_default=True, help="how far to look ahead")
@click.option("--lasts", type=Span(), help="how long the sample holds [to the end]")
@click.option("--acknowledged-after", type=Span(), help="when somebody sees to the sample [never]")
@click.pass_context
def check(
    context: click.Context, /, paths: tuple[Path, ...], config_file: Path | None, as_json: bool, sample: str | None,
    **played: Any,
) -> None:  # fmt: skip
    """Validate PATHS (files, or folders laid out as `rules/`), or the configuration in force and all its files.

    With --sample it also tells to whom an alert would be told, when and why: escalation, mute windows, turns of rotas
    and repeats, by the planner that the service runs with.
    """
    problems: tuple[Problem, ...] = ()
    try:
        settings = load(config_file)
        if not paths:
            problems = (*doubts(chosen(config_file), settings), *_mapping(chosen(config_file), settings))
    except FileProblems as error:
        problems, settings = error.problems, Settings()
    files = (settings.paths.rules,) if settings.paths.rules.is_dir() else ()
    problems += check_paths(paths or files, settings)
    errors = [problem for problem in problems if problem.severity == "error"]
    warnings = [problem for problem in problems if problem.severity == "warning"]
    forecast = _foretold(sample, paths, settings, **played) if sample and not errors else None
    if as_json:
        told = {"errors": [_plain(p) for p in errors], "warnings": [_plain(p) for p in warnings]}
        if forecast:
            told["sample"] = jsonable(foretold_text.document(*forecast))
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        for problem in problems:
            click.echo(f"{problem}" if problem.severity == "error" else f"{problem} (warning)")
        click.echo(f"{len(errors)} errors, {len(warnings)} warnings" if problems else "all good")
        for line in foretold_text.lines(*forecast) if forecast else ():
            click.echo(line)
    context.exit(1 if errors else 0)


def _mapping(file: Path | None, settings: Settings) -> Iterator[Problem]:
    for path, message in mistakes(settings.mapping):
        yield Problem(*Origins(file).place(path), "unknown-key", f"{'.'.join(path[:-1])}: {message}")


def _foretold(
    sample: str, paths: tuple[Path, ...], settings: Settings, *, when: str | None, hours: int,
    lasts: timedelta | None, acknowledged_after: timedelta | None,
) -> tuple[Forecast, ZoneInfo]:  # fmt: skip
    """By the files of the one folder that is named, else by those in force; with the zone of the sample's site."""
    if paths and not (len(paths) == 1 and paths[0].is_dir()):
        raise click.UsageError("--sample goes by one folder laid out as rules/, or by the configuration in force")
    folder = paths[0] if paths else settings.paths.rules
    files = in_force.load(settings.model_copy(update={"paths": settings.paths.model_copy(update={"rules": folder})}))
    alert = sample_alert.parse(sample, files)
    zone = files.register.zone(alert.place.site)
    start = moment("--at", when, zone) if when else RealClock().now().replace(microsecond=0)
    course = Course(start, timedelta(hours=hours), settings.evaluate.interval, lasts, acknowledged_after)
    return foretell(alert, files, course), zone


def _plain(problem: Problem) -> dict[str, object]:
    plain = asdict(problem)
    del plain["severity"]
    return plain
