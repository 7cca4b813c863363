"""Mail as a channel: one line is one SMTP connection."""

from datetime import timedelta
from socket import gethostname

from monitor.access.links import Links
from monitor.alerts.model import Message
from monitor.config import Mail
from monitor.notify.compose import compose
from monitor.notify.smtp import Connection, Limits

LIMITS = Limits()


class MailChannel:
    """`public_url` is for the links in mails, `links` signs them. Not ready without `mail.host`."""

    name = "mail"

    def __init__(self, settings: Mail, public_url: str, limits: Limits = LIMITS, links: Links | None = None) -> None:
        self._settings, self._public_url, self._limits, self._links = settings, public_url, limits, links

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
        sender = self._settings.sender or f"laddvakt@{gethostname()}"
        return MailLine(Connection(self._settings, self._limits), self._public_url, sender, self._links)


class MailLine:
    """Mails over one connection."""

    def __init__(self, connection: Connection, public_url: str, sender: str, links: Links | None) -> None:
        self._connection, self._public_url, self._sender, self._links = connection, public_url, sender, links

    async def send(self, message: Message) -> str:
        """Send the mail of the message; see `Connection.send` and `compose` for the errors."""
        return await self._connection.send(compose(message, self._public_url, self._sender, links=self._links))

    async def close(self) -> None:
        """Say goodbye to the server."""
        await self._connection.close()
