"""`laddvakt rules explain RULE SUBJECT`: why a rule says of a subject what it says."""

import json
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import click

from monitor.authoring import in_force
from monitor.authoring.why import lines, why
from monitor.cli.settings import config_option, load
from monitor.cli.terminal import moment
from monitor.config import Settings
from monitor.errors import InputError
from monitor.readings import running
from monitor.readings.opening import open_store
from monitor.service import RealClock
from monitor.state.database import Database


@click.command()
@click.argument("rule")
@click.argument("subject")
@click.option("--at", "when", help="a moment in the past, RFC 3339: 2026-03-01T12:00:00Z")
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@config_option
def explain(*, rule: str, subject: str, when: str | None, as_json: bool, config_file: Path | None) -> None:
    """Every part of RULE's expressions with its value for SUBJECT (site/station/connector), the bounds of expected_w,
    the state of the alert, and what hid or sent it. Asks the running service, else opens the store.
    """
    settings, at = load(config_file), moment("--at", when) if when else None
    service = running.find(settings.readings_file)
    if service is None:
        told = _opened(settings, rule, subject, at)
    else:
        asked = urlencode({"subject": subject, **({"at": at.isoformat()} if at else {})})
        with service.ask(f"/api/v1/rules/{quote(rule, safe='')}/explain?{asked}") as answer:
            told = json.load(answer)
    click.echo(json.dumps(told, indent=2) if as_json else "\n".join(lines(told)))


def _opened(settings: Settings, rule: str, subject: str, at: datetime | None) -> dict[str, Any]:
    if settings.store.kind == "embedded" and not settings.readings_file.exists():
        raise InputError(f"there is no readings store {settings.readings_file}; name the configuration that has one")
    judged_at = at or RealClock().now()
    database = Database(settings.state_url)
    database.migrate()
    with closing(database), closing(open_store(settings, judged_at)) as store:
        files = in_force.load(settings)
        store.register(list(files.register.connectors))
        store.bring_up_to(judged_at)
        return why(files, store, database, rule=rule, subject=subject, at=judged_at)
