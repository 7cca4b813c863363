"""Mail as a channel: one line is one SMTP connection."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from functools import partial
from socket import gethostname

from monitor.access.links import Links
from monitor.alerts.model import Message
from monitor.config import Mail
from monitor.notify.compose import compose
from monitor.notify.curve import SamplesOf
from monitor.notify.smtp import Connection, Limits

LIMITS = Limits()


class MailChannel:
    """`public_url` is for the links in mails, `links` signs them, `samples` gives the readings of curves.

    Not ready without `mail.host`.
    """

    name = "mail"

    def __init__(
        self, settings: Mail, public_url: str, limits: Limits = LIMITS, links: Links | None = None,
        samples: SamplesOf | None = None,
    ) -> None:  # fmt: skip
        self._settings, self._limits = settings, limits
        sender = settings.sender or f"laddvakt@{gethostname()}"
        self._compose = partial(compose, public_url=public_url, sender=sender, links=links, samples=samples)

    @property
    def limit(self) -> timedelta:
        """Of one mail."""
        return timedelta(seconds=self._limits.mail)

    @property
    def ready(self) -> bool:
        """Whether there is a mail server."""
        return bool(self._settings.host)

    def line(self) -> "MailLine":
        """A connection that is opened with its first mail."""
        return MailLine(Connection(self._settings, self._limits), self._compose)


class MailLine:
    """Mails over one connection."""

    def __init__(self, connection: Connection, written: Callable[[Message], EmailMessage]) -> None:
        self._connection, self._compose = connection, written

    async def send(self, message: Message) -> str:
        """Send the mail of the message; see `Connection.send` and `compose` for the errors."""
        return await self._connection.send(await asyncio.to_thread(self._compose, message))

    async def close(self) -> None:
        """Say goodbye to the server."""
        await self._connection.close()
