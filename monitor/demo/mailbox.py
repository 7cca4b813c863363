"""The demo's mail server: a real SMTP server on loopback that keeps the last mails for the page `/mailbox`."""

import asyncio
import base64
import socket
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast
from weakref import WeakSet

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

KEPT = 500
"""How many mails are kept; older ones are forgotten."""


@dataclass(frozen=True)
class ReceivedMail:
    """One mail as it came over SMTP. `id` counts from 1 in the order of arrival; `text` and `html` are "" when absent.

    Pictures that came beside the HTML stand in it as data, because nothing may be fetched from its frame.

    `headers` are decoded and in the mail's own order, repeated ones included. `raw` is the mail byte for byte.
    """

    id: int
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    raw: bytes


class Mailbox:
    """Listens from `start()` to `stop()`, again if wanted; port 0 takes a free one at the first start and keeps it.

    `now` gives the service's present for `received_at`. Every method may be called from any thread.
    """

    def __init__(self, now: Callable[[], datetime], host: str = "127.0.0.1", port: int = 0, kept: int = KEPT) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._mails: deque[ReceivedMail] = deque(maxlen=kept)
        self._received = 0
        self._address = host, port
        self._controller: LoopbackController | None = None

    def start(self) -> None:
        """Begin to listen; raise OSError when the port is taken."""
        host, port = self._address
        controller = LoopbackController(self, host, port)
        controller.start()
        self._controller, self._address = controller, (host, controller.port)

    def stop(self) -> None:
        """Cut the connections and stop listening; the mails stay readable. A second call does nothing."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port for `mail.host` and `mail.port`, from the first start on."""
        return self._address

    @property
    def mails(self) -> tuple[ReceivedMail, ...]:
        """Newest first."""
        with self._lock:
            return tuple(reversed(self._mails))

    @property
    def received(self) -> int:
        """How many mails have come in since the start; changes exactly when `mails` does."""
        with self._lock:
            return self._received

    def get(self, mail_id: int) -> ReceivedMail | None:
        """The mail with this id; None when it never came or has been forgotten."""
        with self._lock:
            return next((mail for mail in self._mails if mail.id == mail_id), None)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        """Called by aiosmtpd for each complete mail."""
        raw = cast("bytes", envelope.content)  # bytes unless the server was told to decode, which it was not
        message = message_from_bytes(raw, policy=policy.default)
        with self._lock:
            self._received += 1
            self._mails.append(
                ReceivedMail(
                    id=self._received,
                    received_at=self._now(),
                    sender=envelope.mail_from or "",
                    recipients=tuple(envelope.rcpt_tos),
                    subject=str(message["Subject"] or ""),
                    text=_body(message, "plain"),
                    html=_with_pictures(_body(message, "html"), message),
                    headers=tuple((name, str(value)) for name, value in message.items()),
                    raw=raw,
                )
            )
        return "250 2.0.0 kept"


def _body(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    if part is None:
        return ""
    content = cast("bytes", part.get_payload(decode=True))  # a text part is never multipart
    try:
        text = content.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:  # a charset nobody knows: this mail is not ours, but it must not cost us the others
        text = content.decode("utf-8", "replace")
    return text.replace("\r\n", "\n")


def _with_pictures(html: str, message: EmailMessage) -> str:
    for part in message.walk():
        name = str(part["Content-ID"] or "").strip("<> ")
        if name and part.get_content_maintype() == "image":
            data = base64.b64encode(cast("bytes", part.get_payload(decode=True))).decode()
            html = html.replace(f'"cid:{name}"', f'"data:{part.get_content_type()};base64,{data}"')
    return html


class LoopbackController(Controller):
    """aiosmtpd's server in a thread, on a port of the system's choice, with connections that end when it does."""

    def __init__(self, handler: object, host: str, port: int, **options: Any) -> None:
        # Bound here: aiosmtpd cannot say which port it got, and takes 5 s to say that one is taken.
        self._listener = socket.create_server((host, port))
        super().__init__(handler, hostname=host, port=self._listener.getsockname()[1], ident="Laddvakt", **options)
        self._connections: WeakSet[SMTP] = WeakSet()

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._listener, ssl=self.ssl_context)

    def factory(self) -> SMTP:
        connection = SMTP(self.handler, **self.SMTP_kwargs)
        self._connections.add(connection)
        return connection

    def cancel_tasks(self, stop_loop: bool = True) -> None:
        # From Python 3.12 on, a closing server waits for its clients, and ours keep their connections open for re-use.
        for connection in self._connections:
            if connection.transport is not None:
                connection.transport.close()
        super().cancel_tasks(stop_loop)
