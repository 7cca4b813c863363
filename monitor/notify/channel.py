"""What a way to tell people has to offer. How to add one: docs/alerts.md, "Another channel"."""

from datetime import timedelta
from typing import Protocol

from monitor.alerts.model import Message


class Line(Protocol):
    """Carries one message at a time. Belongs to one asyncio loop."""

    async def send(self, message: Message) -> str:
        """Return once it has arrived, no sooner: what the other end said.

        Raises DeliveryRefused or InputError when sending again cannot help, DeliveryUnavailable when it may. A message
        may be sent twice, after a crash before its arrival was written down: `message.key` is the same then.
        """
        ...

    async def close(self) -> None:
        """Let go of what is open; never raises."""
        ...


class Channel(Protocol):
    """One way to tell people: mail, webhooks."""

    @property
    def name(self) -> str:
        """Of the channel: `monitor.alerts.routes.channel_of` finds it in an address."""
        ...

    @property
    def limit(self) -> timedelta:
        """The longest that one message may take, in real time."""
        ...

    @property
    def ready(self) -> bool:
        """Whether it is set up; while it is not, its messages wait."""
        ...

    def line(self) -> Line:
        """A line of its own for one message at a time."""
        ...
