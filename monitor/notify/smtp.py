"""The one place that touches a mail server: connections, TLS, login, time limits, and what its refusals mean."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage

import aiosmtplib

from monitor.config import Mail
from monitor.errors import DeliveryRefused, DeliveryUnavailable
from monitor.notify.clean import clean


@dataclass(frozen=True)
class Limits:
    """In real seconds, whatever the service's clock does: `answer` for one reply of the server, `mail` for a mail."""

    answer: float = 20
    mail: float = 60


class Connection:
    """One SMTP connection, opened when first needed and used again for later mails. Belongs to one asyncio loop."""

    def __init__(self, settings: Mail, limits: Limits) -> None:
        self._settings, self._limits = settings, limits
        self._client: aiosmtplib.SMTP | None = None

    async def send(self, mail: EmailMessage) -> str:
        """Send it from its From to its To; return after the server's 250, no sooner, what it said with it.

        Raises DeliveryRefused when sending again cannot help, DeliveryUnavailable when it may; `doubtful` where the
        connection broke before the server's answer: it may have the mail, so a repeat carries the same Message-ID.
        """
        handed_over = False
        try:
            async with asyncio.timeout(self._limits.mail):
                client = await self._alive() or await self._connect()
                handed_over = True
                _, answer = await client.send_message(mail)
        except asyncio.CancelledError:  # the service stops: a mail half sent must not be finished by the next one
            self._drop()
            raise
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:  # TimeoutError is an OSError
            if not isinstance(error, aiosmtplib.SMTPRecipientsRefused | aiosmtplib.SMTPResponseException):
                self._drop()  # anything but a plain answer leaves the connection in a state unknown to us
            translated = self._translated(error)
            if isinstance(translated, DeliveryUnavailable):
                translated.doubtful = handed_over and self._client is None
            raise translated from error
        return f"250 {clean(answer, 200)}"

    async def open(self) -> None:
        """Connect, with TLS and login as set up, and send nothing; DeliveryUnavailable says what to look at."""
        try:
            async with asyncio.timeout(self._limits.mail):
                await self._connect()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise DeliveryUnavailable(str(self._translated(error))) from error

    async def close(self) -> None:
        """Say goodbye, if the server listens; never raises."""
        if self._client is not None and self._client.is_connected:
            with suppress(aiosmtplib.SMTPException, OSError):
                await self._client.quit(timeout=1)
        self._drop()
        await asyncio.sleep(0)  # asyncio closes the socket in its next round, and there may be none after this

    async def _alive(self) -> aiosmtplib.SMTP | None:
        """The open connection, if the server still answers on it: servers hang up on idle ones."""
        if self._client is None or not self._client.is_connected:
            return None
        try:
            await self._client.noop()
        except (aiosmtplib.SMTPException, OSError):
            self._drop()
        return self._client

    async def _connect(self) -> aiosmtplib.SMTP:
        settings = self._settings
        client = _Client(
            hostname=settings.host,
            port=settings.port,
            username=settings.username or None,
            password=settings.password or None,
            use_tls=settings.tls == "implicit",
            # Never "if the server offers it": who asks for TLS gets it or an error, and `none` means none.
            start_tls=settings.tls == "starttls",
            timeout=self._limits.answer,
        )
        await client.connect()
        self._client = client
        return client

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _translated(self, error: Exception) -> DeliveryRefused | DeliveryUnavailable:
        match error:
            case aiosmtplib.SMTPRecipientsRefused():
                return self._refusal(error.recipients[0])
            case aiosmtplib.SMTPResponseException():
                return self._refusal(error)
            case TimeoutError():
                return DeliveryUnavailable(f"{self._name} took too long: {error or f'{self._limits.mail:g} s'}")
            case aiosmtplib.SMTPException() | OSError():  # before ValueError: a certificate error is both
                return DeliveryUnavailable(f"{self._name}: {error}; check mail.host, mail.port and mail.tls")
            case _:  # an address that cannot stand in an SMTP command
                return DeliveryRefused(f"{self._name}: {error}")

    def _refusal(self, error: aiosmtplib.SMTPResponseException) -> DeliveryRefused | DeliveryUnavailable:
        """A 5xx about this address or this mail is final; one about who we are works once a person mends it."""
        said = f"{self._name} answered {error.code} {clean(error.message, 200)}"
        if error.code < 500:
            return DeliveryUnavailable(said)
        if isinstance(error, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError) and not _is_policy(error):
            return DeliveryRefused(said)
        return DeliveryUnavailable(
            f"{said}; check mail.username, mail.password, mail.sender and what the server lets us do"
        )

    @property
    def _name(self) -> str:
        return f"mail server {self._settings.host}:{self._settings.port}"


class _Client(aiosmtplib.SMTP):
    """Closes at once: asyncio would wait 30 s for the TLS goodbye of a server that no longer listens."""

    def close(self) -> None:
        transport = self.transport
        super().close()
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()


def _is_policy(error: aiosmtplib.SMTPResponseException) -> bool:
    """530 is "log in first", x.7.x of RFC 3463 is security or policy: "relay access denied" and the like."""
    return error.code == 530 or error.message.startswith("5.7.")
