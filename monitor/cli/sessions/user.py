"""`laddvakt sessions user`: what is kept of one person, given out or erased."""

import click


@click.group()
def user() -> None:
    """What is kept of one user."""
