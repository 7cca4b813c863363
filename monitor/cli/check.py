"""`laddvakt check`: every mistake in the configuration and the operator's files, all at once."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from monitor.authoring.check import check_paths
from monitor.cli.settings import chosen, config_option, load
from monitor.config import Settings, doubts
from monitor.errors import FileProblems, Problem


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@config_option
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@click.pass_context
def check(context: click.Context, paths: tuple[Path, ...], config_file: Path | None, as_json: bool) -> None:
    """Validate PATHS (files, or folders laid out as `rules/`), or the configuration in force and all its files."""
    problems: tuple[Problem, ...] = ()
    try:
        settings = load(config_file)
        if not paths:
            problems = tuple(doubts(chosen(config_file), settings))
    except FileProblems as error:
        problems, settings = error.problems, Settings()
    in_force = (settings.paths.rules,) if settings.paths.rules.is_dir() else ()
    problems += check_paths(paths or in_force, settings)
    errors = [problem for problem in problems if problem.severity == "error"]
    warnings = [problem for problem in problems if problem.severity == "warning"]
    if as_json:
        click.echo(
            json.dumps({"errors": [_plain(p) for p in errors], "warnings": [_plain(p) for p in warnings]}, indent=2)
        )
    else:
        for problem in problems:
            click.echo(f"{problem}" if problem.severity == "error" else f"{problem} (warning)")
        click.echo(f"{len(errors)} errors, {len(warnings)} warnings" if problems else "all good")
    context.exit(1 if errors else 0)


def _plain(problem: Problem) -> dict[str, object]:
    plain = asdict(problem)
    del plain["severity"]
    return plain
