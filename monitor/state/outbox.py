"""Messages on their way: one row per message and address, kept until it has arrived."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, Row, func, insert, or_, select, update

from monitor.alerts.groups import label_name
from monitor.alerts.model import Message, MessageKind
from monitor.alerts.routes import DIGESTED, channel_of
from monitor.state.database import Database, chunks
from monitor.state.digesting import overdue, supersede
from monitor.state.payload import message_from_json, message_to_json
from monitor.state.tables import message_alerts, outbox

OutboxState = Literal["waiting", "sent", "dead", "superseded"]

HASTE: Final = timedelta(minutes=10)
"""So long after the first failure retries are close together, because most outages are short."""
GIVE_UP: Final = timedelta(hours=24)


@dataclass(frozen=True)
class Claimed:
    """A message that is its claimer's until the lease ends; `attempts` is how often it was tried before."""

    id: int
    message: Message
    attempts: int


@dataclass(frozen=True)
class OutboxCounts:
    """How the outbox is doing; `oldest_age` is of the oldest waiting message, None when none waits."""

    waiting: int
    oldest_age: timedelta | None
    dead: int
    sent: int


@dataclass(frozen=True)
class Delivery:
    """One message and what became of it, without its content."""

    key: str
    receiver: str
    address: str
    kind: MessageKind
    at: datetime
    state: OutboxState
    attempts: int
    sent_at: datetime | None
    error: str


class Outbox:
    """The messages of one state database. Times are the service's.

    `owner` names whose leases are whose; it has to be the same after a restart.
    """

    def __init__(self, database: Database, owner: str = "service") -> None:
        self._database = database
        self._owner = owner

    def add(self, tx: Connection, messages: Sequence[Message], told: Mapping[str, Iterable[int]] | None = None) -> None:
        """Put messages in, inside the transaction that caused them. One that is there already stays as it is.

        `told`: per message key the alerts that it tells of, where they are more than its rows.
        """
        keys = [message.key for message in messages]
        there: set[str] = set()
        for some in chunks(keys):
            there.update(tx.execute(select(outbox.c.key).where(outbox.c.key.in_(some))).scalars())
        new = [message for message in messages if message.key not in there]
        if not new:
            return
        inserted = tx.execute(insert(outbox).returning(outbox.c.key, outbox.c.id), [_row(message) for message in new])
        numbers = {row.key: row.id for row in inserted}
        links = [
            {"message": numbers[message.key], "alert": alert}
            for message in new
            for alert in sorted(set((told or {}).get(message.key, (row.alert for row in message.rows))))
        ]
        if links:
            tx.execute(insert(message_alerts), links)

    def claim(self, channel: str, now: datetime, lease: timedelta, limit: int = 1) -> Sequence[Claimed]:
        """At most `limit` messages of the channel that are due, taken until `now + lease`.

        What has waited long has become a digest. Each is the oldest of its address and group. While a message waits for
        its next try, those behind it in its group wait too: they are read in order.
        """
        self._digest(channel, now)
        free = or_(outbox.c.lease_until_us.is_(None), outbox.c.lease_until_us <= now)
        with self._database.read() as connection:
            due = list(connection.execute(_due(channel, now, free).limit(limit)).scalars())
        if not due:  # the usual case must not take the write lock
            return []
        # One that still has an owner was given up by it without a word.
        doubtful = or_(outbox.c.doubtful, outbox.c.lease_owner.is_not(None))
        taken = update(outbox).values(lease_owner=self._owner, lease_until_us=now + lease, doubtful=doubtful)
        with self._database.begin() as tx:
            return [
                Claimed(row.id, message_from_json(row.payload), row.attempts)
                for number in due
                for row in tx.execute(
                    taken.where(outbox.c.id == number, outbox.c.state == "waiting", free).returning(
                        outbox.c.id, outbox.c.payload, outbox.c.attempts
                    )
                )
            ]

    def _digest(self, channel: str, now: datetime) -> None:
        """Let one message stand for those that have waited long, for each address."""
        if channel not in DIGESTED:
            return
        with self._database.read() as connection:
            addresses = overdue(connection, channel, now)
        for address in addresses:
            with self._database.begin() as tx:
                made = supersede(tx, channel, address, now)
                if made is None:
                    continue
                message, told, tried_from = made
                self.add(tx, [message], {message.key: told})
                tx.execute(update(outbox).where(outbox.c.key == message.key).values(first_tried_us=tried_from))

    def sent(self, row_id: int, at: datetime) -> None:
        """It has arrived."""
        done = update(outbox).where(outbox.c.id == row_id)
        with self._database.begin() as tx:
            tx.execute(done.values(state="sent", sent_us=at, attempts=outbox.c.attempts + 1, error="", **_NO_LEASE))

    def failed(self, row_id: int, at: datetime, error: str, *, final: bool = False, doubtful: bool = False) -> None:
        """Try again later; never again when it is `final` or has been tried for a day: it is shown as dead then.

        `doubtful`: it may have arrived all the same.
        """
        this = (outbox.c.id == row_id, outbox.c.state == "waiting")
        with self._database.begin() as tx:
            row = tx.execute(select(outbox.c.attempts, outbox.c.first_tried_us).where(*this)).first()
            if row is None:
                return
            attempts, first_tried = row.attempts + 1, row.first_tried_us or at
            again = None if final else retry_at(first_tried, attempts, at)
            tx.execute(
                update(outbox)
                .where(*this)
                .values(
                    state="waiting" if again else "dead",
                    attempts=attempts,
                    first_tried_us=first_tried,
                    next_try_us=again or at,
                    error=error,
                    doubtful=outbox.c.doubtful if not doubtful else True,
                    **_NO_LEASE,
                )
            )

    def release(self, channel: str) -> int:
        """Give up the leases of a service that was killed, which are this one's own; how many there were."""
        left = (outbox.c.state == "waiting", outbox.c.channel == channel, outbox.c.lease_owner == self._owner)
        mine = update(outbox).where(*left)
        with self._database.begin() as tx:
            return tx.execute(mine.values(doubtful=True, **_NO_LEASE)).rowcount

    def counts(self, now: datetime) -> OutboxCounts:
        """How many messages wait, for how long, and what became of the others."""
        by_state = select(outbox.c.state, func.count().label("number")).group_by(outbox.c.state)
        oldest = select(func.min(outbox.c.created_us)).where(outbox.c.state == "waiting")
        with self._database.read() as connection:
            counts = {row.state: row.number for row in connection.execute(by_state)}
            since = connection.execute(oldest).scalar()
        age = now - since if since else None
        return OutboxCounts(counts.get("waiting", 0), age, counts.get("dead", 0), counts.get("sent", 0))

    def list(self, state: OutboxState, limit: int = 100) -> Sequence[Delivery]:
        """Messages in that state, newest first."""
        chosen = select(outbox).where(outbox.c.state == state).order_by(outbox.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [to_delivery(row) for row in connection.execute(chosen)]


_NO_LEASE: Final[Mapping[str, None]] = {"lease_owner": None, "lease_until_us": None}


def retry_at(first_tried: datetime, attempts: int, now: datetime) -> datetime | None:
    """When to try again after `attempts` failures: after 1 s, doubling up to 30 s, later 5 min; None after a day."""
    tried_for = now - first_tried
    if tried_for >= GIVE_UP:
        return None
    longest = timedelta(seconds=30) if tried_for < HASTE else timedelta(minutes=5)
    return now + min(timedelta(seconds=2 ** min(attempts - 1, 12)), longest)


def to_delivery(row: Row[Any]) -> Delivery:
    """What became of the message of an outbox row."""
    return Delivery(
        key=row.key,
        receiver=row.receiver,
        address=row.address,
        kind=row.kind,
        at=row.created_us,
        state=row.state,
        attempts=row.attempts,
        sent_at=row.sent_us,
        error=row.error,
    )


def _due(channel: str, now: datetime, free: ColumnElement[bool]) -> Any:
    waiting = select(func.min(outbox.c.id)).where(outbox.c.state == "waiting", outbox.c.channel == channel)
    heads = waiting.group_by(outbox.c.address, outbox.c.name)
    # A digest is about all groups of its address: it waits for what is older, and what is newer waits for it.
    ahead = outbox.alias("ahead")
    before = (
        select(ahead.c.id)
        .where(ahead.c.state == "waiting", ahead.c.channel == channel, ahead.c.address == outbox.c.address)
        .where(ahead.c.id < outbox.c.id, or_(outbox.c.kind == "digest", ahead.c.kind == "digest"))
    )
    due = (outbox.c.id.in_(heads), outbox.c.next_try_us <= now, free, ~before.exists())
    chosen = select(outbox.c.id).where(*due)
    return chosen.order_by(outbox.c.next_try_us, outbox.c.id)


def _row(message: Message) -> dict[str, Any]:
    return {
        "key": message.key,
        "receiver": message.receiver,
        "address": message.address,
        "channel": channel_of(message.address),
        "name": label_name(message.group),
        "kind": message.kind,
        "payload": message_to_json(message),
        "state": "waiting",
        "created_us": message.at,
        "attempts": 0,
        "next_try_us": message.at,
        "error": "",
    }
