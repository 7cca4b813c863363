"""A test message to a receiver by somebody's word, and what the other end answers."""

import asyncio
import threading
from typing import Final

from dashboards.sources import Service
from monitor.alerts.routes import Receiver
from monitor.errors import DeliveryUnavailable
from monitor.notify.channels import channels
from monitor.notify.trial import Outcome, try_receiver
from monitor.state import audit

_turn: Final = threading.Lock()
"""One at a time: a server that does not answer holds a thread of the pages for as long as a message may take."""


def receiver_of(source: Service, name: str) -> Receiver | None:
    """A receiver or rota in force; None when there is none of this name."""
    return source.rules.in_force.routes.receivers.get(name)


def try_now(source: Service, receiver: Receiver, by: str) -> list[Outcome]:
    """Send the test to every address that is reached now; raises DeliveryUnavailable while another test is sent."""
    if not _turn.acquire(blocking=False):
        raise DeliveryUnavailable("another test message is under way; try again in a moment")
    try:
        outcomes = asyncio.run(_all(source, receiver))
    finally:
        _turn.release()
    said = {outcome.address: outcome.error or outcome.answer for outcome in outcomes}
    with source.database.begin() as tx:
        audit.record(tx, source.now(), by, "receiver.test", receiver.name, {"answers": said})
    return outcomes


async def _all(source: Service, receiver: Receiver) -> list[Outcome]:
    ways = channels(source.settings, lambda: source.rules.in_force.routes)
    return [outcome async for outcome in try_receiver(receiver, ways, source.now(), source.settings.sessions.zone)]
