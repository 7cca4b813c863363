"""`laddvakt alerts`: what fires, what people say to it, who is told, and whether messages arrive."""

import click

from monitor.cli.alerts.listing import list_, show
from monitor.cli.alerts.oncall import oncall
from monitor.cli.alerts.responding import ack, comment, judge, silence, unsilence
from monitor.cli.alerts.silences import silences
from monitor.cli.alerts.trial import trial
from monitor.cli.alerts.undelivered import resend, undelivered


@click.group()
def alerts() -> None:
    """What fires, what is said to it, who is on call, and whether messages arrive. Works while the service runs."""


for command in (list_, show, ack, silence, silences, unsilence, comment, oncall, trial, undelivered, resend):
    alerts.add_command(command)
alerts.add_command(judge, "verdict")
