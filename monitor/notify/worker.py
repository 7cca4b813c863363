"""The thread that empties one channel's part of the outbox: claims due rows, sends them, records the outcome."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from monitor.alerts.model import Message
from monitor.errors import DeliveryRefused, DeliveryUnavailable, InputError, LaddvaktError
from monitor.notify.channel import Channel, Line

LINES = 4
"""Messages under way at once. One line carries about 20 mails a second to a server nearby."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Pauses:
    """In real seconds.

    `poll` between looks for retries that have come due; new messages do not wait for it, they wake the worker. Retry
    times are in the service's time, which a demo runs 60 times as fast; a look this often needs no translation.
    `broken` until the outbox is asked again after it failed. `stop` is what messages under way get when the service
    stops.
    """

    poll: float = 0.5
    broken: float = 5.0
    stop: float = 5.0


PAUSES = Pauses()


class ClaimedRow(Protocol):
    """One message that is this worker's until its lease ends."""

    @property
    def id(self) -> int: ...
    @property
    def message(self) -> Message: ...


class Outbox(Protocol):
    """What the worker asks of the outbox; `monitor.state.outbox` is one. Times are the service's, aware UTC."""

    def claim(self, channel: str, now: datetime, lease: timedelta, limit: int) -> Sequence[ClaimedRow]:
        """At most `limit` due rows, the oldest of each address and group, marked as taken until `now + lease`."""
        ...

    def release(self, channel: str) -> int:
        """Take back what an earlier run of this service had claimed and did not finish."""
        ...

    def sent(self, row_id: int, at: datetime) -> None:
        """It has arrived."""
        ...

    def failed(self, row_id: int, at: datetime, error: str, *, final: bool = False, doubtful: bool = False) -> None:
        """Try again later; with `final` never again, but show it as undeliverable. `doubtful`: it may have arrived."""
        ...


@dataclass(frozen=True)
class _Failure:
    error: str
    final: bool
    doubtful: bool


class OutboxWorker:
    """Sends what is due in `outbox` from `start()` to `stop()`; survives whatever the channel or the database does.

    `now` is the service's present, for due times and records; time limits and pauses are real seconds. While the
    channel is not set up the rows wait. `sent`: messages that arrived since the start; `failures`: failed attempts.
    """

    def __init__(
        self, outbox: Outbox, channel: Channel, now: Callable[[], datetime], *, pauses: Pauses = PAUSES
    ) -> None:
        self.last_success: datetime | None = None
        self.last_error = ""
        self.last_error_at: datetime | None = None
        self.sent, self.failures = 0, 0
        self._outbox, self._channel, self._now, self._pauses = outbox, channel, now, pauses
        # Longer than anything that one message may take. Where the service's time runs faster than the lease was meant,
        # a row may be claimed again while it is being sent; `_under_way` knows it.
        self._lease = 2 * channel.limit
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._idle: list[Line] = []
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._up = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run()), name=f"outbox {channel.name}", daemon=True
        )

    @property
    def channel(self) -> str:
        """The name of what it sends by."""
        return self._channel.name

    def start(self) -> None:
        """Begin to send; returns when the thread runs."""
        self._thread.start()
        self._up.wait()

    def wake(self) -> None:
        """New messages have been committed: look now. Any thread may call it, at any time."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: stopped
                self._loop.call_soon_threadsafe(self._news.set)

    def stop(self) -> None:
        """Claim nothing more, finish the messages under way, give up those that take too long.

        What was given up stays claimed and is sent again after the next start, with the same Message-ID.
        """
        self._stopping = True
        self.wake()
        if self._thread.ident is not None:
            self._thread.join(self._pauses.stop + 2)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._idle = [self._channel.line() for _ in range(LINES)]
        self._up.set()
        try:
            await asyncio.to_thread(self._outbox.release, self._channel.name)
        except Exception as error:  # the database may be away; the leases end by themselves
            self._note(error)
        while not self._stopping:
            self._news.clear()
            pause_s = await self._begin_due() if self._channel.ready else self._pauses.broken
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), pause_s)
        if self._under_way:
            _, late = await asyncio.wait(self._under_way.values(), timeout=self._pauses.stop)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await asyncio.gather(*(line.close() for line in self._idle))

    async def _begin_due(self) -> float:
        """Start sending what is due, as far as lines are free; return for how long to sleep unless woken."""
        if not self._idle:
            return self._pauses.poll
        known = set(self._under_way)  # one of them may end while we ask, and must not begin again for that
        try:
            claim = partial(self._outbox.claim, self._channel.name)
            rows = await asyncio.to_thread(claim, self._now(), self._lease, len(self._idle))
        except Exception as error:  # the database may be away; nothing is lost, the rows are in it
            self._note(error)
            _log.warning("outbox cannot be read", error=str(error))
            return self._pauses.broken
        for row in rows:
            if row.id not in known:
                self._under_way[row.id] = asyncio.create_task(self._deliver(row, self._idle.pop()))
        return self._pauses.poll

    async def _deliver(self, row: ClaimedRow, line: Line) -> None:
        try:
            failure = await self._attempt(row, line)
            await self._record(row.id, failure)
        finally:
            self._idle.append(line)
            del self._under_way[row.id]
            self._news.set()  # the next message of this address and group may go now

    async def _attempt(self, row: ClaimedRow, line: Line) -> _Failure | None:
        try:
            await line.send(row.message)
        except Exception as error:  # whatever it is belongs to this row: it is recorded there and the others go on
            self._note(error)
            self.failures += 1
            final = isinstance(error, DeliveryRefused | InputError)
            doubtful = error.doubtful if isinstance(error, DeliveryUnavailable) else not final
            told = {"channel": self.channel, "receiver": row.message.receiver, "key": row.message.key}
            if isinstance(error, LaddvaktError):
                _log.warning("message not sent", **told, error=str(error), final=final)
            else:
                _log.exception("message not sent", **told)
            return _Failure(self.last_error, final, doubtful)
        self.last_success = self._now()
        self.sent += 1
        message = row.message
        _log.info(
            "message sent", channel=self.channel, receiver=message.receiver, kind=message.kind, key=message.key,
            firing=message.firing, resolved=message.resolved,
        )  # fmt: skip
        return None

    async def _record(self, row_id: int, failure: _Failure | None) -> None:
        """Write down what became of the row, as often as it takes: sent and not recorded, it would go twice."""
        at = self._now()
        while True:
            try:
                if failure is None:
                    await asyncio.to_thread(self._outbox.sent, row_id, at)
                else:
                    how = {"final": failure.final, "doubtful": failure.doubtful}
                    await asyncio.to_thread(self._outbox.failed, row_id, at, failure.error, **how)
            except Exception as error:  # the database may be away
                self._note(error)
                _log.warning("outbox cannot be written", row=row_id, error=str(error))
                await asyncio.sleep(self._pauses.broken)
            else:
                return

    def _note(self, error: Exception) -> None:
        self.last_error = str(error) if isinstance(error, LaddvaktError) else f"{type(error).__name__}: {error}"
        self.last_error_at = self._now()
