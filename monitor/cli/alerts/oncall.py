"""`laddvakt alerts oncall`: whose turn it is, now and in the coming weeks."""

import json
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from monitor.alerts import notify_file
from monitor.alerts.oncall import SPAN, roster_row, rosters
from monitor.cells import jsonable
from monitor.cli.settings import config_option, load
from monitor.service import RealClock


@click.command()
@click.option("--weeks", type=click.IntRange(1, 520), default=SPAN // timedelta(weeks=1), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@config_option
def oncall(*, weeks: int, as_json: bool, config_file: Path | None) -> None:
    """Who is on call now, and when whose turn begins, by the wall clock of each rota."""
    routes = notify_file.load(load(config_file).paths.rules / "notify.yaml")
    found = rosters(routes, RealClock().now(), timedelta(weeks=weeks))
    if as_json:
        click.echo(json.dumps({"items": [jsonable(roster_row(roster)) for roster in found]}, ensure_ascii=False))
        return
    for roster in found:
        click.echo(f"{roster.rota}: {roster.now} ({roster.zone})")
        for shift in roster.shifts:
            begins, ends = (moment.astimezone(ZoneInfo(roster.zone)) for moment in (shift.start, shift.end))
            note = ", stands in" if shift.override else ""
            click.echo(f"  {begins:%a %Y-%m-%d %H:%M} to {ends:%a %Y-%m-%d %H:%M}  {shift.who}{note}")
    if not found:
        click.echo("notify.yaml has no rotas")
