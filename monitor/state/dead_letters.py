"""Messages that were given up: shown, and sent again when somebody says so, with the Message-ID that they had."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from monitor.alerts.model import Message
from monitor.errors import InputError
from monitor.state import audit
from monitor.state.database import Database
from monitor.state.payload import message_from_json
from monitor.state.tables import outbox


@dataclass(frozen=True)
class DeadLetter:
    """A message that was given up: what it says, how often and until when it was tried, and why it did not arrive."""

    id: int
    message: Message
    attempts: int
    tried_at: datetime
    error: str


class DeadLetters:
    """The messages of one state database that were given up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, *, before: int | None = None, limit: int = 100) -> Sequence[DeadLetter]:
        """Newest first; `before`: those with a smaller number, for the next page."""
        chosen = select(outbox).where(outbox.c.state == "dead").order_by(outbox.c.id.desc()).limit(limit)
        if before is not None:
            chosen = chosen.where(outbox.c.id < before)
        with self._database.read() as connection:
            return [
                DeadLetter(row.id, message_from_json(row.payload), row.attempts, row.next_try_us, row.error)
                for row in connection.execute(chosen)
            ]

    def resend(self, number: int, *, by: str, at: datetime) -> bool:
        """Let a message be tried for another day, as the same one; False when there is none of this number.

        Raises InputError when it was not given up.
        """
        with self._database.begin() as tx:
            row = tx.execute(select(outbox).where(outbox.c.id == number).with_for_update()).first()
            if row is None:
                return False
            if row.state != "dead":
                raise InputError("message %(number)s was not given up: it is %(state)s", number=number, state=row.state)
            _revive(tx, row, by, at)
        return True

    def resend_all(self, *, by: str, at: datetime) -> int:
        """The same for all that were given up; how many there were."""
        with self._database.begin() as tx:
            given_up = select(outbox).where(outbox.c.state == "dead").order_by(outbox.c.id).with_for_update()
            rows = tx.execute(given_up).all()
            for row in rows:
                _revive(tx, row, by, at)
        return len(rows)


def _revive(tx: Connection, row: Row[Any], by: str, at: datetime) -> None:
    # It may have arrived, for all we know, so it is repeated as it was and goes into no digest.
    again = {"state": "waiting", "attempts": 0, "first_tried_us": None, "next_try_us": at, "doubtful": True}
    tx.execute(update(outbox).where(outbox.c.id == row.id).values(**again))
    details = {"address": row.address, "attempts": row.attempts, "error": row.error}
    audit.record(tx, at, by, "message.resend", str(row.id), details)


def dead_letter_row(letter: DeadLetter) -> dict[str, Any]:
    """The message as the API and commands list it."""
    message = letter.message
    return {
        "id": letter.id,
        **{name: getattr(message, name) for name in ("at", "receiver", "address", "kind", "firing", "resolved")},
        "alerts": [row.alert for row in message.rows],
        **{name: getattr(letter, name) for name in ("attempts", "tried_at", "error")},
    }
