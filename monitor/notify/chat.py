"""Everything that the package apprise reaches (chats, phones, pagers): a short text through a receiver's address.

Addresses: https://github.com/caronc/apprise/wiki. They hold tokens, so neither they nor apprise's own words get out.
"""

import asyncio
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import apprise

from monitor.alerts.model import Message
from monitor.alerts.routes import Routes
from monitor.errors import DeliveryRefused, DeliveryUnavailable
from monitor.notify.clean import clean
from monitor.notify.compose import TEMPLATES
from monitor.notify.destination import leads_home
from monitor.notify.letter import Size, subject_line, write_letter

_SIZE: Final = Size(5, 180)
_STATUS: Final = re.compile(r"error=(\d{3})\b")
_log = logging.getLogger(apprise.LOGGER_NAME)
_log.propagate = False  # it writes addresses at some levels; what is worth telling is told by us


def known(url: str) -> bool:
    """Whether apprise can use the address."""
    return _service(url, "") is not None


class ChatChannel:
    """Posts to the apprise addresses of the receivers in `routes()`, which may change at any time.

    `public_url` is where the pages are. Servers in the own network are refused unless `private` allows them.
    """

    name = "apprise"
    ready = True
    limit = timedelta(seconds=60)

    def __init__(self, routes: Callable[[], Routes], public_url: str, *, private: bool) -> None:
        self._routes, self._public_url, self._private = routes, public_url, private

    def line(self) -> "ChatChannel":
        """Itself: nothing is kept open."""
        return self

    async def send(self, message: Message) -> str:
        """Post it; apprise only says whether it arrived, so all but an unusable address is tried again."""
        receiver = self._routes().receivers.get(message.receiver)
        if receiver is None or not receiver.apprise:
            raise DeliveryRefused(f"receiver {message.receiver!r} has no apprise address any more")
        service = _service(receiver.apprise, self._public_url)
        name = f"apprise {receiver.apprise.partition(':')[0]}://…"
        if service is None:
            raise DeliveryRefused(f"{name} is no address that apprise knows; see receivers.{receiver.name}.apprise")
        if not self._private and await asyncio.to_thread(leads_home, str(service.host or "")):
            raise DeliveryRefused(
                f"{name} leads into the own network; where that is meant, set notify.private_addresses = true in "
                "laddvakt.toml"
            )
        letter = write_letter(message, self._public_url, _SIZE)
        body = TEMPLATES.get_template("mail.txt.j2").render(letter=letter, words=letter.words)
        arrived, said = await asyncio.to_thread(_post, service, subject_line(message), body, _tone(message))
        if not arrived:
            raise DeliveryUnavailable(f"{name} did not take the message{said}", doubtful=True)
        return "taken"

    async def close(self) -> None:
        """Nothing is kept open."""


def _service(url: str, public_url: str) -> Any:
    asset = apprise.AppriseAsset(app_id="Laddvakt", app_desc="Laddvakt", app_url=public_url)
    with _heard():
        service = apprise.Apprise.instantiate(url, asset=asset)
    if service is not None:
        service.redirects = False  # one could lead into the own network
    return service


def _post(service: Any, title: str, body: str, tone: apprise.NotifyType) -> tuple[bool, str]:
    """Whether it arrived, and with which status it did not."""
    with _heard() as words:
        try:
            arrived = service.notify(title=title, body=body, notify_type=tone, body_format=apprise.NotifyFormat.TEXT)
        except Exception as error:  # a plugin may raise anything, with the address in its words
            return False, f": {type(error).__name__}"
    status = _STATUS.search(" ".join(words))
    return bool(arrived), f": it answered {status[1]}" if status else ": no connection" if not arrived else ""


def _tone(message: Message) -> apprise.NotifyType:
    if not message.firing:
        return apprise.NotifyType.SUCCESS
    critical = any(row.level == "critical" and row.state != "resolved" for row in message.rows)
    return apprise.NotifyType.FAILURE if critical else apprise.NotifyType.WARNING


class _Ear(logging.Handler):
    """Keeps the warnings that one thread gives."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.words: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.words.append(clean(record.getMessage(), 300))


@contextmanager
def _heard() -> Iterator[list[str]]:
    ear = _Ear()
    _log.addHandler(ear)
    try:
        yield ear.words
    finally:
        _log.removeHandler(ear)
