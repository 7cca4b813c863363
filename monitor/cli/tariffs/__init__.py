"""`laddvakt tariffs`: say what a tariff costs, and what a session cost under it."""

import click

from monitor.cli.tariffs.check_cdr import check_cdr
from monitor.cli.tariffs.compare import compare
from monitor.cli.tariffs.describe import describe
from monitor.cli.tariffs.price import price


@click.group()
def tariffs() -> None:
    """Describe tariffs, price CDRs, compare prices."""


tariffs.add_command(check_cdr)
tariffs.add_command(compare)
tariffs.add_command(describe)
tariffs.add_command(price)
