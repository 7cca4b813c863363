"""A test message to a receiver: sent at once, past the outbox, so that whoever asks sees what the other end says."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monitor.alerts.model import Message, MessageRow
from monitor.alerts.routes import Receiver, channel_of
from monitor.errors import LaddvaktError
from monitor.notify.channel import Channel
from monitor.rules.answer import Texts

_TEXTS: Final[Mapping[str, Texts]] = {
    "en": Texts("Test message", "Nothing is wrong: somebody tries whether messages arrive."),
    "sv": Texts("Testmeddelande", "Inget är fel: någon provar om meddelanden kommer fram."),
}


@dataclass(frozen=True)
class Outcome:
    """What became of the test to one address; `error` is "" when it arrived, else `answer` is."""

    address: str
    answer: str = ""
    error: str = ""


async def try_receiver(
    receiver: Receiver, channels: Iterable[Channel], now: datetime, zone: str
) -> AsyncIterator[Outcome]:
    """Send a test to each address that is reached at `now`; one that fails does not stop the others."""
    by_name = {channel.name: channel for channel in channels}
    for address in receiver.reached(now):
        channel = by_name[channel_of(address)]
        if not channel.ready:
            yield Outcome(address, error="no mail server is set up: mail.host is empty")
            continue
        line = channel.line()
        try:
            yield Outcome(address, answer=await line.send(_message(receiver, address, now, zone)))
        except LaddvaktError as error:
            yield Outcome(address, error=str(error))
        finally:
            await line.close()


def _message(receiver: Receiver, address: str, now: datetime, zone: str) -> Message:
    row = MessageRow(0, "test", "test", "firing", "info", now, None, "", _TEXTS[receiver.language])
    key = f"test {address} {now.isoformat()}"
    return Message(
        key=key, thread=key, receiver=receiver.name, address=address, language=receiver.language,
        group={"rule": "test"}, kind="firing", at=now, firing=1, resolved=0, rows=(row,), zone=zone,
    )  # fmt: skip
