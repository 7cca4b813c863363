"""The real outbox, planned messages in the words of the domain, and SMTP servers that misbehave on purpose."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from monitor.alerts.model import Message, MessageRow
from monitor.config import Mail
from monitor.demo.mailbox import LoopbackController, Mailbox
from monitor.errors import StateUnavailable
from monitor.notify.mail import LIMITS, MailChannel
from monitor.notify.smtp import Limits
from monitor.notify.worker import PAUSES, Outbox, OutboxWorker, Pauses
from monitor.rules.answer import Level, Texts
from monitor.state.database import Database
from monitor.state.outbox import Claimed
from monitor.state.outbox import Outbox as StoredOutbox
from monitor.state.tables import outbox as outbox_table

AT = datetime(2026, 1, 5, 12, 56, tzinfo=UTC)


def row(
    subject: str = "malmo-central/mc-1/1",
    rule: str = "slow-charging",
    *,
    level: Level = "critical",
    alert: int = 17,
    resolved_after: timedelta | None = None,
    reason: str = "",
    **texts: str,
) -> MessageRow:
    """One alert that has fired for 14 minutes, or did until `resolved_after`."""
    began = AT - timedelta(minutes=14)
    words = {
        "title": "Slow charging",
        "summary": "Gives 11,2 kW, 118 kW expected",
        "cause": "Power module dead",
    } | texts
    return MessageRow(
        alert=alert,
        rule=rule,
        subject=subject,
        state="resolved" if resolved_after else "firing",
        level=level,
        firing_at=began,
        resolved_at=began + resolved_after if resolved_after else None,
        resolved_reason=reason,
        texts=Texts(**words),
    )


def message(*rows: MessageRow, **changes: object) -> Message:
    """A first message about the rows to the NOC in English; `changes` replaces any of its fields."""
    rows = rows or (row(),)
    planned = Message(
        key="noc/malmo-central/1",
        thread="noc/malmo-central/1",
        receiver="noc",
        address="noc@example.org",
        language="en",
        group={},
        kind="firing",
        at=AT,
        firing=sum(one.state != "resolved" for one in rows),
        resolved=sum(one.state == "resolved" for one in rows),
        rows=rows,
        zone="Europe/Stockholm",
        site_name="Malmö Central",
        contact="Site host, 040-12 34 56",
        access="Gate code at the kiosk",
        links={"csms": "https://csms.example.org/mc-1"},
    )
    return replace(planned, **changes)  # type: ignore[arg-type]


def text_of(mail: EmailMessage, subtype: str = "plain") -> str:
    """What a mail client shows of this part."""
    part = mail.get_body((subtype,))
    assert part is not None
    return str(part.get_content())


def eventually(what: Callable[[], object], within_s: float = 20.0) -> None:
    """Wait in real time until `what()` is true, for what other threads do."""
    deadline = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


class WatchedOutbox:
    """The real outbox in a database of its own, with what a test wants to see of it and a way to break it."""

    def __init__(self, database: Database) -> None:
        self.broken = False
        self.claims = 0
        self._database = database
        self._outbox = StoredOutbox(database)

    def add(self, *messages: Message) -> None:
        with self._database.begin() as tx:
            # `told` is empty: the alerts that the messages are about are in no table here.
            self._outbox.add(tx, messages, {planned.key: () for planned in messages})

    def claim(self, channel: str, now: datetime, lease: timedelta, limit: int) -> Sequence[Claimed]:
        self._check()
        claimed = self._outbox.claim(channel, now, lease, limit)
        self.claims += len(claimed)
        return claimed

    def release(self, channel: str) -> int:
        self._check()
        return self._outbox.release(channel)

    def sent(self, row_id: int, at: datetime) -> None:
        self._check()
        self._outbox.sent(row_id, at)

    def failed(self, row_id: int, at: datetime, error: str, *, final: bool = False, doubtful: bool = False) -> None:
        self._check()
        self._outbox.failed(row_id, at, error, final=final, doubtful=doubtful)

    def column(self, name: str) -> list[Any]:
        """One column of all rows, in the order they were put in."""
        with self._database.read() as connection:
            return list(connection.execute(select(outbox_table.c[name]).order_by(outbox_table.c.id)).scalars())

    @property
    def states(self) -> list[str]:
        return self.column("state")

    @property
    def error(self) -> str:
        """The first row's."""
        return str(self.column("error")[0])

    @property
    def attempts(self) -> int:
        """The first row's."""
        return int(self.column("attempts")[0])

    def reaches(self, *states: str) -> None:
        """Wait until the rows have these states."""
        eventually(lambda: self.states == list(states))

    def fails_again(self) -> None:
        """Wait until the first row has failed twice."""
        eventually(lambda: self.attempts >= 2)

    def _check(self) -> None:
        if self.broken:
            raise StateUnavailable("database is locked")


class Trouble:
    """A handler for aiosmtpd that does what each attribute says, and keeps the mails whose content it got."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse: dict[str, str] = {}
        self.answer = "250 kept"
        self.cut_after_content = 0
        self.wait_s = 0.0
        self.hold = False
        self.connections = 0
        self.mails_a_connection = 1000
        self._served: list[Session] = []  # one entry a mail

    async def handle_EHLO(  # noqa: N802 (aiosmtpd's)
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_NOOP(self, _server: SMTP, session: Session, _envelope: Envelope, _arg: str) -> str:  # noqa: N802 (aiosmtpd's)
        return self._enough(session) or "250 still here"

    async def handle_MAIL(  # noqa: N802 (aiosmtpd's)
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self._enough(session) or "250 fine"

    def _enough(self, session: Session) -> str:
        served = sum(one is session for one in self._served)
        return "421 4.7.0 enough for this connection" if served >= self.mails_a_connection else ""

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's)
        assert isinstance(envelope.content, bytes)
        self._served.append(session)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        await asyncio.sleep(self.wait_s)
        while self.hold:
            await asyncio.sleep(0.01)
        if self.cut_after_content:
            self.cut_after_content -= 1
            assert server.transport is not None
            server.transport.close()
        return self.answer


@dataclass
class Post:
    """A mail server under the test's hands."""

    trouble: Trouble
    controller: LoopbackController

    @property
    def settings(self) -> Mail:
        return Mail(host="127.0.0.1", port=self.controller.port, sender="Laddvakt <alerts@example.org>")


@pytest.fixture
def post() -> Iterator[Post]:
    trouble = Trouble()
    controller = LoopbackController(trouble, "127.0.0.1", 0)
    controller.start()
    yield Post(trouble, controller)
    controller.stop()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox(lambda: AT)
    box.start()
    yield box
    box.stop()


class Clock:
    """The service's present: `speed` times as fast as the real one."""

    def __init__(self, speed: float = 1.0) -> None:
        self._began, self._speed = time.monotonic(), speed

    def __call__(self) -> datetime:
        return AT + timedelta(seconds=(time.monotonic() - self._began) * self._speed)


@pytest.fixture
def working() -> Iterator[Callable[..., OutboxWorker]]:
    """Start workers that the end of the test stops."""
    workers: list[OutboxWorker] = []

    def start(
        outbox: Outbox, settings: Mail, speed: float = 1.0, limits: Limits = LIMITS, pauses: Pauses = PAUSES
    ) -> OutboxWorker:
        channel = MailChannel(settings, "https://laddvakt.example.org", limits)
        worker = OutboxWorker(outbox, channel, Clock(speed), pauses=pauses)
        workers.append(worker)
        worker.start()
        return worker

    yield start
    for worker in workers:
        worker.stop()


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[WatchedOutbox]:
    database = Database(f"sqlite:///{tmp_path / 'state.sqlite'}")
    database.migrate()
    yield WatchedOutbox(database)
    database.close()


# Test modules cannot import from here (they are imported by path), so the words of the domain come as fixtures.


@pytest.fixture(name="row")
def _row() -> Callable[..., MessageRow]:
    return row


@pytest.fixture(name="message")
def _message() -> Callable[..., Message]:
    return message


@pytest.fixture(name="text_of")
def _text_of() -> Callable[..., str]:
    return text_of


@pytest.fixture(name="eventually")
def _eventually() -> Callable[..., None]:
    return eventually
