"""`laddvakt readings`: readings out of the store."""

import click

from monitor.cli.readings.export import export


@click.group()
def readings() -> None:
    """Take readings out of the store."""


readings.add_command(export)
