"""`laddvakt sessions`: what was charged, what it cost, and what a person has to decide about it."""

import click

from monitor.cli.sessions.export import export
from monitor.cli.sessions.listing import list_, show
from monitor.cli.sessions.review import review
from monitor.cli.sessions.user import user


@click.group()
def sessions() -> None:
    """Charging sessions: list, show, export, review, and what is kept of a user."""


for command in (list_, show, export, review, user):
    sessions.add_command(command)
