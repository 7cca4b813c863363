"""`laddvakt rules list`: every rule with its last run and its last episodes."""

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from monitor.authoring import in_force
from monitor.authoring.listing import lines, rows_without_service
from monitor.cli.settings import config_option, load
from monitor.config import Settings
from monitor.readings import running
from monitor.readings.running import Running
from monitor.state.alerts import AlertStore
from monitor.state.database import Database
from monitor.state.remarks import RemarkStore


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@config_option
def list_(*, as_json: bool, config_file: Path | None) -> None:
    """Every rule in force: state, last evaluation, how long it took, matches, error, last episodes.

    Asks the running service; without one the state database tells the episodes alone.
    """
    rows = _rows(load(config_file))
    click.echo(json.dumps({"items": rows}, indent=2) if as_json else "\n".join(lines(rows)))


def _rows(settings: Settings) -> list[Mapping[str, Any]]:
    service = running.find(settings.readings_file)
    if service is not None:
        return [_asked(service, f"/api/v1/rules/{rule['id']}") for rule in _asked(service, "/api/v1/rules")["items"]]
    database = Database(settings.state_url)
    database.migrate()
    with closing(database):
        return list(
            rows_without_service(in_force.load(settings), AlertStore(database), RemarkStore(database).tallies())
        )


def _asked(service: Running, path: str) -> Mapping[str, Any]:
    with service.ask(path) as answer:
        found: Mapping[str, Any] = json.load(answer)
        return found
