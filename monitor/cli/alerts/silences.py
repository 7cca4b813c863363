"""`laddvakt alerts silences`: what is not told, by whose word and until when."""

import json
from pathlib import Path

import click

from monitor.cells import jsonable
from monitor.cli.alerts.desk import opened
from monitor.cli.settings import config_option
from monitor.cli.terminal import table


@click.command()
@click.option("--all", "everything", is_flag=True, help="those that are over too")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="how many at most")
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@config_option
def silences(*, everything: bool, limit: int, as_json: bool, config_file: Path | None) -> None:
    """Silences that are not over, the newest first."""
    with opened(config_file) as desk:
        found = desk.responses.silences(now=None if everything else desk.now, limit=limit)
        if as_json:
            items = [jsonable(vars(silence)) for silence in found]
            click.echo(json.dumps({"items": items, "next": None}, ensure_ascii=False, indent=2))
            return
        rows = [
            (
                silence.id, "; ".join(f"{name}={' or '.join(globs)}" for name, globs in silence.matchers.items()),
                silence.reason, silence.author, desk.local(silence.starts_at), desk.local(silence.ends_at),
            )
            for silence in found
        ]  # fmt: skip
        table(("id", "what", "why", "by", "from", "until"), rows)
