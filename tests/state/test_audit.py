"""The audit log: an entry stands and falls with its change."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from monitor.state import audit
from monitor.state.database import Database

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def _three(database: Database) -> None:
    with database.begin() as tx:
        audit.record(tx, NOON, "anna", "session.approve", "s-1", {"reason": "meter read on site"})
        audit.record(tx, NOON + timedelta(minutes=1), "bo", "alert.acknowledge", "17")
        audit.record(tx, NOON + timedelta(minutes=2), "anna", "session.write_off", "s-2", {"reason": "goodwill"})


def test_entries_come_back_newest_first(database: Database) -> None:
    _three(database)
    with database.read() as connection:
        found = audit.list(connection)
    assert [(entry.actor, entry.action, entry.subject) for entry in found] == [
        ("anna", "session.write_off", "s-2"),
        ("bo", "alert.acknowledge", "17"),
        ("anna", "session.approve", "s-1"),
    ]
    assert found[-1].at == NOON
    assert found[-1].details == {"reason": "meter read on site"}


def test_entries_are_found_by_actor_action_subject_and_page(database: Database) -> None:
    _three(database)
    with database.read() as connection:
        of_anna = audit.list(connection, actor="anna")
        assert [entry.subject for entry in of_anna] == ["s-2", "s-1"]
        assert [entry.subject for entry in audit.list(connection, actor="anna", before=of_anna[0].id)] == ["s-1"]
        assert [entry.actor for entry in audit.list(connection, subject="17")] == ["bo"]
        assert [entry.actor for entry in audit.list(connection, action="session.approve", limit=1)] == ["anna"]


def test_a_change_that_fails_leaves_no_entry(database: Database) -> None:
    with suppress(RuntimeError), database.begin() as tx:
        audit.record(tx, NOON, "anna", "session.approve", "s-1")
        raise RuntimeError
    with database.read() as connection:
        assert audit.list(connection) == []
