"""Messages that were given up are sent again as the same ones, by somebody's word."""

from datetime import timedelta

import pytest

from monitor import documents
from monitor.alerts.notify_file import parse
from monitor.errors import InputError
from monitor.notify.compose import message_id
from monitor.state import audit
from monitor.state.database import Database
from monitor.state.dead_letters import DeadLetters
from monitor.state.outbox import Outbox
from tests.state.test_tick import NOON, NOTIFY, Tick, tick

__all__ = ["tick"]
HOUR, LEASE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def dead(database: Database, tick: Tick) -> DeadLetters:
    """One message that the server refused for good."""
    tick(0, {("slow", 1): True})
    tick(1, {("slow", 1): True})
    (claimed,) = Outbox(database).claim("mail", NOON + HOUR, LEASE)
    Outbox(database).failed(claimed.id, NOON + HOUR, "550 no such user", final=True)
    return DeadLetters(database)


def test_what_was_given_up_is_shown_with_its_content_and_reason(dead: DeadLetters) -> None:
    (letter,) = dead.list()
    assert (letter.attempts, letter.tried_at, letter.error) == (1, NOON + HOUR, "550 no such user")
    assert [row.subject for row in letter.message.rows] == ["malmo/m-1/1"]
    assert dead.list(before=letter.id) == []


def test_it_is_sent_again_under_its_own_message_id_for_another_day(dead: DeadLetters, database: Database) -> None:
    (letter,) = dead.list()
    later = NOON + 30 * HOUR
    assert dead.resend(letter.id, by="anna", at=later)
    (claimed,) = Outbox(database).claim("mail", later, LEASE)
    assert claimed.message == letter.message
    assert message_id(claimed.message.key, "x.se") == message_id(letter.message.key, "x.se")
    Outbox(database).failed(claimed.id, later, "451 busy")
    assert dead.list() == []  # tried again for a day from now, not from the first time
    with database.read() as connection:
        (entry,) = audit.list(connection, action="message.resend")
    assert (entry.actor, entry.subject, entry.details["error"]) == ("anna", str(letter.id), "550 no such user")


def test_only_what_was_given_up_is_sent_again(dead: DeadLetters) -> None:
    (letter,) = dead.list()
    assert not dead.resend(letter.id + 1, by="anna", at=NOON)
    assert dead.resend_all(by="anna", at=NOON) == 1
    with pytest.raises(InputError, match=f"message {letter.id} was not given up: it is waiting"):
        dead.resend(letter.id, by="anna", at=NOON)
    assert dead.resend_all(by="anna", at=NOON) == 0


def test_several_to_one_address_are_sent_again_one_by_one_each_as_it_was(database: Database, tick: Tick) -> None:
    """However long ago they were made: no summary may take their place."""
    by_subject = parse(documents.parse(NOTIFY.replace("noc}", "noc, group_by: [subject]}"), "notify.yaml"))
    for slot in range(2):
        tick(slot, {("slow", 1): True, ("slow", 2): True}, routes=by_subject)
    box, keys = Outbox(database), set()
    for claimed in box.claim("mail", NOON + HOUR / 60, LEASE, limit=9):
        keys.add(claimed.message.key)
        box.failed(claimed.id, NOON + HOUR / 60, "550 no such user", final=True)
    later = NOON + 30 * HOUR
    assert DeadLetters(database).resend_all(by="anna", at=later) == 2
    assert {claimed.message.key for claimed in box.claim("mail", later, LEASE, limit=9)} == keys
    assert len(keys) == 2
