"""`laddvakt rules list`: every rule with its last run and its last episodes."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from monitor.authoring import in_force
from monitor.authoring.listing import lines, rule_rows
from monitor.cli.settings import config_option, load
from monitor.config import Settings
from monitor.readings import running
from monitor.state.alerts import AlertStore
from monitor.state.database import Database


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@config_option
def list_(*, as_json: bool, config_file: Path | None) -> None:
    """Every rule in force: state, last evaluation, how long it took, matches, error, last episodes.

    Asks the running service; without one the state database tells the episodes alone.
    """
    rows = _rows(load(config_file))
    click.echo(json.dumps({"items": rows}, indent=2) if as_json else "\n".join(lines(rows)))


def _rows(settings: Settings) -> list[dict[str, Any]]:
    service = running.find(settings.readings_file)
    if service is not None:
        with service.ask("/api/v1/rules") as answer:
            items: list[dict[str, Any]] = json.load(answer)["items"]
            return items
    database = Database(settings.state_url)
    database.migrate()
    with closing(database):
        return rule_rows(in_force.load(settings), {}, AlertStore(database))
