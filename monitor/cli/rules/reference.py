"""`laddvakt rules reference`: every name, function, unit and filter, as Markdown."""

import click

from monitor.rules.reference import reference as written


@click.command()
def reference() -> None:
    """Print the reference of the rule language."""
    click.echo(written())
