"""`laddvakt doctor`: what works, what does not, and what to do."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click

from monitor.authoring.doctor import examine
from monitor.authoring.finding import Finding
from monitor.cli.settings import config_option, load
from monitor.errors import FileProblems
from monitor.service import RealClock

_SHOWN_AS = {"fine": "fine", "warning": "warning", "wrong": "broken", "down": "broken"}


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@click.option("--send-to", metavar="ADDRESS", default="", help="send a test mail there")
@click.pass_context
def doctor(context: click.Context, *, config_file: Path | None, as_json: bool, send_to: str) -> None:
    """Look at everything the service needs: exit 1 the configuration is wrong, 3 a dependency is down."""
    try:
        findings: Iterable[Finding] = examine(load(config_file), RealClock().now(), send_to)
    except FileProblems as error:
        findings = [Finding("files", "wrong", str(problem)) for problem in error.problems]
    seen = []
    for finding in findings:
        seen.append(finding)
        if not as_json:
            click.echo(f"{_SHOWN_AS[finding.kind]:8} {finding.part}: {finding.message}")
            for row in finding.rows:
                click.echo("           " + " ".join(f"{name}={value}" for name, value in row.items()))
    kinds = {finding.kind for finding in seen}
    code = 1 if "wrong" in kinds else 3 if "down" in kinds else 0
    if as_json:
        listed = [asdict(finding) | {"kind": _SHOWN_AS[finding.kind]} for finding in seen]
        click.echo(json.dumps({"exit": code, "findings": listed}, indent=2))
    context.exit(code)
