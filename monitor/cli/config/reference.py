"""`laddvakt config reference`: every setting with its default, its variable and what it means, as Markdown."""

import click

from monitor.authoring.settings_reference import reference as written


@click.command()
def reference() -> None:
    """Print the reference of the settings."""
    click.echo(written(), nl=False)
