"""`laddvakt rules`: what rule authors use beside `check`."""

import click

from monitor.cli.rules.backtest import backtest
from monitor.cli.rules.explain import explain
from monitor.cli.rules.list_ import list_
from monitor.cli.rules.new import new
from monitor.cli.rules.reference import reference
from monitor.cli.rules.schema import schema
from monitor.cli.rules.test import test


@click.group()
def rules() -> None:
    """Write rules, see how they run and why they say what they say."""


rules.add_command(backtest)
rules.add_command(explain)
rules.add_command(list_)
rules.add_command(new)
rules.add_command(reference)
rules.add_command(schema)
rules.add_command(test)
