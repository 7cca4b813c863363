"""The outbox: in order, one at a time, again and again until it is sent or a day has passed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.model import Message, MessageRow
from monitor.rules.answer import Texts
from monitor.state.database import Database
from monitor.state.outbox import Outbox, OutboxCounts, retry_at
from monitor.state.payload import message_from_json, message_to_json

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = timedelta(minutes=2)
MESSAGE = Message(
    key="k1", thread="k1", receiver="noc", address="a@x.se", language="sv", group={"site": "malmö"},
    kind="firing", at=NOON, firing=2, resolved=1, zone="Europe/Stockholm", site_name="Malmö", contact="c", access="a",
    links={"csms": "https://x"},
    rows=(
        MessageRow(0, "slow", "malmö/m-1/1", "firing", "warning", NOON, None, "", Texts("Långsam", "3 kW", "kyla", "https://r")),
        MessageRow(0, "slow", "malmö/m-1/2", "resolved", "critical", NOON, NOON + timedelta(microseconds=1), "no data",
                   Texts("Långsam", "4 kW")),
    ),
)  # fmt: skip
Put = Callable[..., None]


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database)


@pytest.fixture
def put(database: Database, outbox: Outbox) -> Put:
    """Put messages in by key; `key` alone, or `key@address`, or `key@address/site`; they tell of no stored alert."""

    def add(*names: str) -> None:
        messages = []
        for name in names:
            key, _, rest = name.partition("@")
            address, _, site = rest.partition("/")
            messages.append(replace(MESSAGE, key=key, address=address or "a", group={"site": site}, rows=()))
        with database.begin() as tx:
            outbox.add(tx, messages)

    return add


def keys(outbox: Outbox, at: datetime = NOON, limit: int = 10) -> list[str]:
    return [claimed.message.key for claimed in outbox.claim("mail", at, LEASE, limit)]


def test_a_message_comes_back_whole() -> None:
    assert message_from_json(message_to_json(MESSAGE)) == MESSAGE


def test_a_message_of_an_older_version_is_read() -> None:
    before_links = message_to_json(MESSAGE).replace(',"links":{"csms":"https://x"}', "")
    assert message_from_json(before_links) == replace(MESSAGE, links={})


def test_in_order_for_an_address_and_group_side_by_side_for_others(outbox: Outbox, put: Put) -> None:
    put("1@a/malmo", "2@a/malmo", "3@b/malmo", "4@a/lund")
    assert keys(outbox) == ["1", "3", "4"]
    assert keys(outbox) == []
    outbox.sent(1, NOON)
    assert keys(outbox) == ["2"]


def test_at_most_as_many_as_asked_for(outbox: Outbox, put: Put) -> None:
    put("1@a", "2@b", "3@c")
    assert [keys(outbox, limit=2), keys(outbox, limit=2)] == [["1", "2"], ["3"]]


def test_a_message_is_not_there_before_its_time(outbox: Outbox, put: Put) -> None:
    put("1")
    assert keys(outbox, NOON - timedelta(seconds=1)) == []


def test_what_was_not_recorded_comes_again_when_its_lease_is_over(outbox: Outbox, put: Put) -> None:
    put("1")
    assert keys(outbox) == ["1"]
    assert keys(outbox, NOON + LEASE - timedelta(seconds=1)) == []
    assert keys(outbox, NOON + LEASE) == ["1"]


def test_a_restart_releases_its_own_leases_at_once(database: Database, outbox: Outbox, put: Put) -> None:
    put("1@a", "2@b")
    other = Outbox(database, owner="another machine")
    assert len(other.claim("mail", NOON, LEASE, 1)) == 1
    assert keys(outbox) == ["2"]
    assert Outbox(database).release("mail") == 1
    assert keys(outbox) == ["2"]


def test_two_claimers_never_get_the_same(database: Database, put: Put) -> None:
    put(*(f"{number}@a{number}" for number in range(20)))
    first, second = Outbox(database, owner="first"), Outbox(database, owner="second")
    got = [key for _ in range(10) for one in (first, second) for key in keys(one, limit=1)]
    assert sorted(got, key=int) == [str(number) for number in range(20)]


def test_those_behind_a_failed_one_wait_for_it(outbox: Outbox, put: Put) -> None:
    put("1@a", "2@a")
    keys(outbox)
    outbox.failed(1, NOON, "421 busy")
    assert keys(outbox, NOON + timedelta(seconds=0.9)) == []
    (again,) = outbox.claim("mail", NOON + timedelta(seconds=1), LEASE)
    assert (again.message.key, again.attempts) == ("1", 1)
    outbox.failed(1, NOON + timedelta(seconds=1), "550 no such user", final=True)
    assert keys(outbox, NOON + timedelta(seconds=1)) == ["2"]
    assert [(dead.key, dead.error, dead.attempts) for dead in outbox.list("dead")] == [("1", "550 no such user", 2)]


def test_a_failure_that_is_reported_late_does_not_unsend(outbox: Outbox, put: Put) -> None:
    put("1")
    keys(outbox)
    outbox.sent(1, NOON)
    outbox.failed(1, NOON, "timed out")
    assert outbox.counts(NOON) == OutboxCounts(waiting=0, oldest_age=None, dead=0, sent=1)


def test_it_gives_up_after_a_day_of_trying_not_of_waiting(outbox: Outbox, put: Put) -> None:
    put("1")
    two_days = NOON + timedelta(days=2)  # the service was away: this is the first try
    keys(outbox, two_days)
    outbox.failed(1, two_days, "no route to host")
    assert outbox.counts(two_days).waiting == 1
    outbox.failed(1, two_days + timedelta(days=1), "no route to host")
    assert outbox.counts(two_days) == OutboxCounts(waiting=0, oldest_age=None, dead=1, sent=0)


def test_counts(outbox: Outbox, put: Put) -> None:
    put("1@a", "2@a", "3@b")
    keys(outbox)
    outbox.sent(1, NOON)
    assert outbox.counts(NOON + timedelta(minutes=5)) == OutboxCounts(2, timedelta(minutes=5), dead=0, sent=1)
    assert [(one.key, one.sent_at) for one in outbox.list("sent")] == [("1", NOON)]
    assert [one.key for one in outbox.list("waiting")] == ["3", "2"]


def test_a_message_is_put_in_once(outbox: Outbox, put: Put) -> None:
    put("1")
    put("1", "2@b")
    assert outbox.counts(NOON).waiting == 2


def test_the_retries_of_an_outage() -> None:
    """The waits in seconds: 1, 2, 4, 8, 16, then 30 for ten minutes, then 300 for the rest of the day."""
    waits: list[float] = []
    now: datetime | None = NOON
    while now is not None:
        last, now = now, retry_at(NOON, len(waits) + 1, now)
        if now is not None:
            waits.append((now - last).total_seconds())
    assert waits[:6] == [1, 2, 4, 8, 16, 30]
    assert set(waits[5:24]) == {30}
    assert set(waits[25:]) == {300}
    assert timedelta(hours=24) <= timedelta(seconds=sum(waits)) <= timedelta(hours=24, minutes=5)


@given(st.integers(1, 10_000), st.timedeltas(timedelta(0), timedelta(days=3)))
def test_a_retry_is_in_the_future_and_not_far(attempts: int, age: timedelta) -> None:
    again = retry_at(NOON, attempts, NOON + age)
    assert (again is None) == (age >= timedelta(hours=24))
    if again:
        assert (
            timedelta(seconds=1)
            <= again - (NOON + age)
            <= timedelta(seconds=30 if age < timedelta(minutes=10) else 300)
        )
