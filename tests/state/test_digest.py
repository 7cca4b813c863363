"""Mail was down: what waited over 15 minutes is told in one message for each address, and nothing of it twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from monitor.alerts.model import Message, MessageRow
from monitor.rules.answer import Texts
from monitor.state.database import Database
from monitor.state.outbox import Claimed, Outbox
from monitor.state.payload import message_from_json, message_to_json
from monitor.state.tables import alerts, outbox

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = timedelta(minutes=2)
MINUTE = timedelta(minutes=1)
Tell = Callable[..., None]


def row(number: int, *, resolved_at: datetime | None = None) -> MessageRow:
    state: Any = "resolved" if resolved_at else "firing"
    return MessageRow(number, "slow", f"malmo/m-1/{number}", state, "warning", NOON, resolved_at, "", Texts("Slow", ""))


@pytest.fixture
def box(database: Database) -> Outbox:
    """An outbox in a database with the alerts 1 to 9, of which the even ones end at 12:10."""
    with database.begin() as tx:
        tx.execute(
            insert(alerts),
            [
                {
                    "id": number, "rule": "slow", "subject": f"malmo/m-1/{number}", "site": "malmo",
                    "state": "resolved", "labels": {}, "condition": "", "measured": {}, "texts": {},
                    "level": "warning", "pending_us": NOON, "firing_us": NOON, "resolved_reason": "",
                    "resolved_us": None if number % 2 else NOON + 10 * MINUTE,
                }
                for number in range(1, 10)
            ],
        )  # fmt: skip
    return Outbox(database)


@pytest.fixture
def tell(database: Database, box: Outbox) -> Tell:
    """Put in one message about alerts, of which the even ones have ended if it is from 12:10 or later."""

    def put(
        key: str, minute: int, *numbers: int, address: str = "a@x.se", site: str = "malmo", hidden: tuple[int, ...] = ()
    ) -> None:
        at = NOON + minute * MINUTE
        ends = {number: NOON + 10 * MINUTE if minute >= 10 and number % 2 == 0 else None for number in numbers}
        message = Message(
            key=key, thread=f"thread {site}", receiver="noc", address=address, language="en", group={"site": site},
            kind="firing", at=at, firing=sum(not end for end in ends.values()), resolved=sum(map(bool, ends.values())),
            rows=tuple(row(number, resolved_at=end) for number, end in ends.items() if number not in hidden),
            zone="Europe/Stockholm", site_name=site.title(), contact="040-1", links={"csms": "https://x.se"},
        )  # fmt: skip
        with database.begin() as tx:
            box.add(tx, [message], {key: numbers})

    return put


def claim(box: Outbox, minute: float, channel: str = "mail") -> list[Claimed]:
    return list(box.claim(channel, NOON + minute * MINUTE, LEASE, 10))


def states(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(outbox.c.state).order_by(outbox.c.id)).scalars())


def test_what_fired_and_resolved_meanwhile_is_told_in_one_message(database: Database, box: Outbox, tell: Tell) -> None:
    tell("1", 0, 1, 2)
    tell("2", 10, 2)
    (claimed,) = claim(box, 26)
    message = claimed.message
    assert (message.kind, message.firing, message.resolved, message.stands_for) == ("digest", 1, 1, 2)
    assert [(each.alert, each.state) for each in message.rows] == [(1, "firing"), (2, "resolved")]
    assert (message.since, message.at) == (NOON, NOON + 26 * MINUTE)
    assert message.key not in {"1", "2"}
    assert (message.thread, message.site_name, message.contact) == ("thread malmo", "Malmo", "040-1")
    assert states(database) == ["superseded", "superseded", "waiting"]


def test_the_alerts_page_says_what_became_of_each(database: Database, box: Outbox, tell: Tell) -> None:
    tell("1", 0, 1)
    tell("2", 5, 3)
    claim(box, 30)
    with database.read() as connection:
        kinds = connection.execute(select(outbox.c.kind).order_by(outbox.c.id)).scalars().all()
    assert kinds == ["firing", "firing", "digest"]


def test_one_digest_an_address_over_all_its_groups(box: Outbox, tell: Tell) -> None:
    tell("1", 0, 1, site="malmo")
    tell("2", 1, 3, site="lund")
    tell("3", 1, 3, site="lund", address="b@x.se")
    tell("4", 2, 5, site="lund", address="b@x.se")
    first, second = claim(box, 30)
    assert [first.message.address, second.message.address] == ["a@x.se", "b@x.se"]
    assert (first.message.group, first.message.site_name, first.message.links) == ({}, "", {})
    assert (second.message.group, second.message.site_name) == ({"site": "lund"}, "Lund")


def test_alerts_beyond_the_rows_are_counted_with_the_end_that_was_told(box: Outbox, tell: Tell) -> None:
    tell("1", 0, 1, 2, 4)
    tell("2", 9, 6, hidden=(6,))  # told as firing: its end came a minute later and is not told yet
    tell("3", 10, 2, 4, hidden=(4,))
    (claimed,) = claim(box, 30)
    assert (claimed.message.firing, claimed.message.resolved) == (2, 2)
    assert {each.alert: each.state for each in claimed.message.rows} == {1: "firing", 2: "resolved", 4: "resolved"}


def test_what_is_younger_goes_in_too_because_it_would_be_read_before_it(box: Outbox, tell: Tell) -> None:
    tell("1", 0, 1, 2)
    tell("2", 1, 3)
    tell("3", 14, 2)
    (claimed,) = claim(box, 17)
    assert (claimed.message.stands_for, claimed.message.resolved) == (3, 1)


def test_a_single_message_goes_as_it_is(box: Outbox, tell: Tell) -> None:
    tell("1", 0, 1)
    tell("2", 20, 3, site="lund")
    assert [each.message.key for each in claim(box, 30)] == ["1", "2"]


def test_what_may_have_arrived_is_repeated_by_itself_and_before_the_digest(
    database: Database, box: Outbox, tell: Tell
) -> None:
    tell("1", 0, 1)
    (first,) = claim(box, 0)
    box.failed(first.id, NOON, "no answer", doubtful=True)
    tell("2", 1, 3)
    tell("3", 2, 5)
    (again,) = claim(box, 30)
    assert again.message.key == "1"
    tell("4", 31, 7)
    assert claim(box, 31) == []
    box.sent(again.id, NOON + 31 * MINUTE)
    (after,) = claim(box, 31)
    assert (after.message.kind, after.message.stands_for) == ("digest", 2)
    assert claim(box, 32) == []  # what is newer waits for it
    box.sent(after.id, NOON + 32 * MINUTE)
    assert [each.message.key for each in claim(box, 32)] == ["4"]
    assert states(database) == ["sent", "superseded", "superseded", "sent", "waiting"]


@pytest.mark.parametrize("ended", ["killed", "lease over"])
def test_what_was_being_sent_when_a_service_ended_may_have_arrived(box: Outbox, tell: Tell, ended: str) -> None:
    tell("1", 0, 1)
    claim(box, 0)
    if ended == "killed":
        box.release("mail")
    tell("2", 1, 3)
    tell("3", 1, 5)
    (again,) = claim(box, 30)
    assert again.message.key == "1"
    box.failed(again.id, NOON + 30 * MINUTE, "refused")
    (again,) = claim(box, 40)
    assert again.message.key == "1"


def test_a_digest_that_waits_too_long_is_superseded_and_gives_up_after_a_day_as_any(box: Outbox, tell: Tell) -> None:
    tell("1", 0, 1)
    tell("2", 0, 3, site="lund")
    for each in claim(box, 0):
        box.failed(each.id, NOON, "connection refused")
    (first,) = claim(box, 20)
    box.failed(first.id, NOON + 20 * MINUTE, "connection refused")
    (again,) = claim(box, 25)
    assert again.message.key == first.message.key
    box.failed(again.id, NOON + 25 * MINUTE, "connection refused")
    tell("3", 21, 5)
    tell("4", 22, 7)
    (second,) = claim(box, 40)
    assert (second.message.kind, second.message.stands_for, second.message.since) == ("digest", 4, NOON)
    box.failed(second.id, NOON + timedelta(days=1), "connection refused")
    assert box.counts(NOON).dead == 1


def test_webhooks_get_every_message_as_it_was(database: Database, box: Outbox, tell: Tell) -> None:
    tell("1", 0, 1, address="webhook:noc")
    tell("2", 1, 3, address="webhook:noc", site="lund")
    assert [each.message.key for each in claim(box, 60, "webhook")] == ["1", "2"]


def test_a_message_made_before_digests_is_read(box: Outbox, tell: Tell) -> None:

    tell("1", 0, 1)
    (claimed,) = claim(box, 0)
    old = message_to_json(claimed.message).replace(',"stands_for":0,"since":null', "")
    assert "stands_for" not in old
    assert message_from_json(old) == replace(claimed.message)
