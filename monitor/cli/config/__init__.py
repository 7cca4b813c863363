"""`laddvakt config`: every setting there is, and those in force."""

import click

from monitor.cli.config.reference import reference
from monitor.cli.config.show import show


@click.group()
def config() -> None:
    """Every setting there is, and those in force."""


config.add_command(show)
config.add_command(reference)
