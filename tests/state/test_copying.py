"""A state database copied to a file of SQLite and back, from and to SQLite and PostgreSQL: every table, every kind of
value, and the numbers that are given out next.
"""

import importlib
import pkgutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Float, Integer, LargeBinary, delete, insert, inspect, select
from sqlalchemy.types import TypeDecorator

import monitor.state
from monitor.errors import StateUnavailable
from monitor.state import copying
from monitor.state.columns import metadata
from monitor.state.database import Database
from monitor.state.tables import alerts
from monitor.units import EPOCH
from tests import postgresql
from tests.conftest import missing


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if postgresql.installed() is None or find_spec("psycopg") is None:
        missing("no PostgreSQL here (Debian: apt-get install postgresql), or no psycopg")
    with postgresql.server() as address:
        yield address


def opened(url: str) -> Database:
    database = Database(url)
    database.migrate()
    return database


def value(column: Column[Any], row: int) -> Any:
    if row == 2 and column.nullable:
        return None
    kind = column.type
    if isinstance(kind, TypeDecorator):
        return EPOCH + timedelta(microseconds=1_760_000_000_000_001 + row)
    if column.foreign_keys or isinstance(kind, Integer):
        return "1" if column.type.python_type is str else 1 if column.foreign_keys else row
    by_kind = {JSON: {"å": [1.5, None, "x"]}, Boolean: row == 1, Float: 0.1 + row, LargeBinary: bytes(range(256))}
    return next((made for known, made in by_kind.items() if isinstance(kind, known)), str(row))


def fill(database: Database) -> None:
    """Two rows in each table, the second without what may be missing; and one alert that was, and is gone."""
    with database.begin() as tx:
        for table in reversed(metadata.sorted_tables):
            tx.execute(delete(table))
        for table in metadata.sorted_tables:
            only_one = all(column.foreign_keys for column in table.primary_key)
            for row in (1,) if only_one else (1, 2):
                tx.execute(insert(table).values({column.name: value(column, row) for column in table.columns}))
        row = {column.name: value(column, 1) for column in alerts.columns} | {"id": 41, "rule": "gone"}
        tx.execute(insert(alerts).values(row))
        copying._go_on_counting(tx, alerts.c.id, 41)
        tx.execute(delete(alerts).where(alerts.c.id == 41))


def content(database: Database) -> dict[str, list[Any]]:
    with database.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
        }


def next_alert(database: Database) -> int:
    row = {column.name: value(column, 1) for column in alerts.columns} | {"rule": "new"}
    del row["id"]
    with database.begin() as tx:
        return int(tx.execute(insert(alerts).values(row).returning(alerts.c.id)).scalar_one())


@pytest.mark.parametrize("source", ["sqlite", "postgresql"])
@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_every_row_and_every_number_comes_over(source: str, target: str, server: str, tmp_path: Path) -> None:
    urls = {"sqlite": f"sqlite:///{tmp_path / 'source.sqlite'}", "postgresql": postgresql.database(server)}
    with closing(opened(urls[source])) as database:
        fill(database)
        before = content(database)
        copying.copy_to(database, tmp_path / "copy.sqlite")
    assert not (tmp_path / "copy.sqlite-wal").exists()
    if target == "postgresql":
        with closing(opened(postgresql.database(server))) as database:
            fill(database)  # what is there goes
            copying.copy_from(tmp_path / "copy.sqlite", database)
            assert content(database) == before
            assert next_alert(database) == 42
    with closing(Database(f"sqlite:///{tmp_path / 'copy.sqlite'}")) as database:
        assert content(database) == before
        assert next_alert(database) == 42


def test_all_tables_are_known(database: Database) -> None:
    for module in pkgutil.iter_modules(monitor.state.__path__):
        importlib.import_module(f"monitor.state.{module.name}")
    with database.read() as connection:
        assert set(inspect(connection).get_table_names()) - {"alembic_version"} == set(copying.metadata.tables)


def test_a_copy_is_of_one_moment(server: str, tmp_path: Path) -> None:
    """Of PostgreSQL each statement alone would see what was committed since the one before."""
    url = postgresql.database(server)
    with closing(opened(url)) as database, closing(Database(url)) as other:
        fill(database)
        with database.read_frozen() as frozen:
            first = frozen.execute(select(alerts.c.id)).all()
            next_alert(other)
            assert frozen.execute(select(alerts.c.id)).all() == first


def test_a_database_that_others_use_is_left_alone(server: str, tmp_path: Path) -> None:
    url = postgresql.database(server)
    with closing(opened(url)) as database, closing(opened(url)) as other:
        fill(database)
        copying.copy_to(database, tmp_path / "copy.sqlite")
        with other.read() as connection:
            connection.execute(select(alerts.c.id))
            with pytest.raises(StateUnavailable, match="stop the services on it first"):
                copying.copy_from(tmp_path / "copy.sqlite", database)


def test_what_was_copied_is_a_file_that_stands_alone(database: Database, tmp_path: Path) -> None:
    copying.copy_to(database, tmp_path / "copy.sqlite")
    with closing(sqlite3.connect(tmp_path / "copy.sqlite")) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert plain.execute("PRAGMA journal_mode").fetchone() == ("delete",)
