"""Transactions, migrations and errors of the state database."""

import importlib
import pkgutil
import sqlite3
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, func, insert, inspect, select, text

import monitor.state
from monitor.errors import InputError, StateUnavailable
from monitor.state.columns import metadata
from monitor.state.database import Database
from monitor.state.tables import evaluations
from monitor.units import from_us

NOON = from_us(1_767_960_000_000_123)


def _rules(connection: Connection) -> list[str]:
    return list(connection.execute(select(evaluations.c.rule)).scalars())


def test_the_migrated_schema_is_the_declared_one(database: Database) -> None:
    for module in pkgutil.iter_modules(monitor.state.__path__):
        if module.name.endswith("tables"):
            importlib.import_module(f"monitor.state.{module.name}")
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        for table in metadata.tables.values():
            migrated = {index["name"]: index for index in inspect(connection).get_indexes(table.name)}
            for index in table.indexes:
                assert index.name in migrated
                assert bool(migrated[index.name]["unique"]) is bool(index.unique)


def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(insert(evaluations).values(rule="offline", at_us=NOON))
    database.migrate()
    with database.read() as connection:
        assert _rules(connection) == ["offline"]


def test_a_database_of_a_newer_version_is_not_touched(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StateUnavailable, match="newer"):
        database.migrate()


def test_times_come_back_exactly(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(insert(evaluations).values(rule="offline", at_us=NOON))
    with database.read() as connection:
        assert connection.execute(select(evaluations.c.at_us)).scalar_one() == NOON
        assert connection.execute(text("SELECT at_us FROM evaluations")).scalar_one() == 1_767_960_000_000_123


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    def write_and_fail() -> None:
        with database.begin() as connection:
            connection.execute(insert(evaluations).values(rule="offline", at_us=NOON))
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        write_and_fail()
    with database.read() as connection:
        assert _rules(connection) == []


def test_readers_see_one_picture_and_wait_for_no_writer(database: Database) -> None:
    with database.read() as reader:
        assert _rules(reader) == []
        with database.begin() as writer:
            writer.execute(insert(evaluations).values(rule="offline", at_us=NOON))
            assert _rules(reader) == []
        assert _rules(reader) == []
    with database.read() as reader:
        assert _rules(reader) == ["offline"]


def test_writers_queue_so_that_no_update_is_lost(database: Database) -> None:
    """Reading a number and writing it plus one, from four threads: without BEGIN IMMEDIATE this fails or loses some."""

    def add_ten() -> None:
        for _ in range(10):
            with database.begin() as connection:
                count = connection.execute(select(func.count()).select_from(evaluations)).scalar_one()
                connection.execute(insert(evaluations).values(rule=str(count), at_us=NOON))

    threads = [threading.Thread(target=add_ten) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert sorted(map(int, _rules(connection))) == list(range(40))


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "state.sqlite").write_text("these are not the bytes you are looking for" * 100, encoding="utf-8")
    with pytest.raises(StateUnavailable, match="not a database"):
        Database(f"sqlite:///{tmp_path / 'state.sqlite'}").migrate()


def test_a_missing_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(StateUnavailable, match="cannot be made"):
        Database(f"sqlite:///{tmp_path / 'var' / 'state.sqlite'}").migrate()


@pytest.mark.parametrize("url", ["nonsense", "nosuch:///x", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_cannot_work_is_the_operators_mistake(url: str) -> None:
    with pytest.raises(InputError, match=r"state\.url"):
        Database(url)


def test_the_file_is_in_write_ahead_mode(database: Database, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "var" / "state.sqlite") as plain:
        assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    plain.close()
