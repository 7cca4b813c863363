"""`laddvakt alerts test RECEIVER`: a test message, and what the other end says to it."""

import asyncio
import sys
from pathlib import Path

import click

from monitor.alerts import notify_file
from monitor.alerts.routes import Receiver
from monitor.cli.settings import config_option, load
from monitor.config import Settings
from monitor.documents import nearest
from monitor.errors import DeliveryUnavailable, InputError
from monitor.notify.channels import channels
from monitor.notify.trial import try_receiver
from monitor.service import RealClock


@click.command("test")
@click.argument("receiver")
@config_option
def trial(*, receiver: str, config_file: Path | None) -> None:
    """Send a test message to RECEIVER of notify.yaml, of a rota to who is on call; say what the server answers."""
    settings = load(config_file)
    routes = notify_file.load(settings.paths.rules / "notify.yaml")
    if receiver not in routes.receivers:
        raise InputError(f"notify.yaml has no receiver {receiver!r}{nearest(receiver, routes.receivers)}")
    if not asyncio.run(_all(routes.receivers[receiver], settings)):
        sys.exit(DeliveryUnavailable.exit_code)


async def _all(receiver: Receiver, settings: Settings) -> bool:
    ways = channels(settings, lambda: notify_file.load(settings.paths.rules / "notify.yaml"))
    arrived = True
    async for outcome in try_receiver(receiver, ways, RealClock().now(), settings.sessions.zone):
        arrived = arrived and not outcome.error
        click.echo(f"{outcome.address}: {outcome.error or outcome.answer}", err=bool(outcome.error))
    return arrived
