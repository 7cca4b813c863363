"""`laddvakt rules test`: what rules say of readings that an author writes down."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from monitor import documents
from monitor.authoring import in_force
from monitor.authoring.replay import Files
from monitor.authoring.rule_tests import cases, report
from monitor.authoring.rule_tests.cases import Case
from monitor.cli.settings import config_option, load
from monitor.config import Settings
from monitor.errors import FileProblems, InputError, Problem


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--only", default="", help="run only tests whose name has this in it")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="write JUnit's XML to this file, too")
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@config_option
@click.pass_context
def test(
    context: click.Context, *, paths: Sequence[Path], only: str, junit: Path | None, as_json: bool,
    config_file: Path | None,
) -> None:  # fmt: skip
    """Run the tests in PATHS: files, or folders laid out as `rules/` with their own rules; by default those of
    `paths.rules`. Exit 1 when one fails.
    """
    settings = load(config_file)
    chosen = [case for case in _cases(paths or [settings.paths.rules], settings) if only in case.shape.name]
    if not chosen:
        raise InputError("there are no tests; write one in rules/tests/, see docs/rule-tests.md")
    found = []
    for result in report.results(chosen, settings):
        found.append(result)
        if not as_json:
            click.echo(report.text(result))
    failed = sum(1 for result in found if result.differences)
    click.echo(json.dumps(report.document(found), indent=2) if as_json else f"{len(found)} tests, {failed} failed")
    if junit:
        junit.write_bytes(report.junit(found))
    context.exit(1 if failed else 0)


def _cases(paths: Sequence[Path], settings: Settings) -> list[Case]:
    """Of all files; raises FileProblems with the mistakes of all of them."""
    problems: list[Problem] = []
    found: list[Case] = []
    for path, its in _files(paths, settings):
        files = in_force.load(its)
        if files.problems:
            problems += (problem for problem in files.problems if problem not in problems)
            continue
        try:
            found += cases.read(documents.read(path), Files(files.rules.rules, files.routes, files.register))
        except FileProblems as error:
            problems += error.problems
    if problems:
        raise FileProblems(problems)
    return found


def _files(paths: Sequence[Path], settings: Settings) -> Iterator[tuple[Path, Settings]]:
    """Each file of tests, and the settings that name the rules it is about."""
    for path in paths:
        if not path.is_dir():
            yield path, settings
            continue
        own = settings.model_copy(update={"paths": settings.paths.model_copy(update={"rules": path})})
        yield from ((file, own) for file in sorted((path / "tests").glob("*.yaml")))
