"""`laddvakt alerts`: who is told, and whether messages arrive."""

import click

from monitor.cli.alerts.oncall import oncall
from monitor.cli.alerts.trial import trial


@click.group()
def alerts() -> None:
    """Who is on call, and whether messages arrive."""


alerts.add_command(oncall)
alerts.add_command(trial)
