"""The state database copied whole to a SQLite file and back, whichever database it is.

A backup always holds SQLite: it is one file that any version of SQLite reads, and what was made of PostgreSQL can be
restored to SQLite and the other way round.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Function, func, insert, select, text

from monitor.errors import InputError, StateUnavailable
from monitor.state import (  # noqa: F401 - a table exists once its module is imported
    access_tables,
    audit_tables,
    billing_tables,
    histories,
    insight_tables,
    response_tables,
    session_tables,
    tables,
)
from monitor.state.columns import metadata
from monitor.state.database import Database

_ROWS_AT_A_TIME = 2000


def copy_to(database: Database, target: Path) -> None:
    """Write the database as of one moment to a new SQLite file, while others go on writing to it.

    Raises StateUnavailable when it cannot be read, InputError when its schema is not this version's.
    """
    if database.file is not None:
        _copy_sqlite(database.file, target)
        return
    schema = database.schema()
    if schema.found != schema.ours:
        raise InputError(
            f"{database.shown} has schema {schema.found or 'none'}, not {schema.ours}: run this version once"
        )
    with closing(Database(f"sqlite:///{target}")) as copy:
        copy.migrate()
        with database.read_frozen() as source, copy.begin() as tx:
            _copy_rows(source, tx)
    _end_log(target)


def copy_from(source: Path, database: Database) -> None:
    """Replace what a PostgreSQL database holds by a SQLite file of this version's schema, in one transaction.

    Raises StateUnavailable while others use the database.
    """
    with closing(Database(f"sqlite:///{source}")) as copy:
        if others := database.others():
            raise StateUnavailable(f"{others} other connections use {database.shown}: stop the services on it first")
        database.migrate()
        with copy.read() as source_rows, database.begin(alone=True) as tx:
            _copy_rows(source_rows, tx)


def rows(database: Database) -> dict[str, int]:
    """How many rows each table has."""
    with database.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }


def _copy_sqlite(file: Path, target: Path) -> None:
    if not file.exists():
        raise InputError(f"there is no state database {file}; name the configuration that has one")
    try:
        with (
            closing(sqlite3.connect(f"file:{file}?mode=rw", uri=True)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
    except sqlite3.Error as error:
        raise StateUnavailable(f"{file} cannot be copied: {error}") from error
    _end_log(target)


def _end_log(file: Path) -> None:
    """Let the file stand alone, without a write-ahead log beside it."""
    with closing(sqlite3.connect(file)) as copy:
        copy.execute("PRAGMA journal_mode = DELETE")


def _copy_rows(source: Connection, tx: Connection) -> None:
    """Replace what the tables hold; both have this version's schema."""
    for table in reversed(metadata.sorted_tables):
        tx.execute(table.delete())
    for table in metadata.sorted_tables:
        found = source.execution_options(yield_per=_ROWS_AT_A_TIME).execute(select(table))
        for some in found.mappings().partitions(_ROWS_AT_A_TIME):
            tx.execute(insert(table), [dict(row) for row in some])
    for table in metadata.sorted_tables:
        if table.autoincrement_column is not None:
            _go_on_counting(tx, table.autoincrement_column, _last_number(source, table.autoincrement_column))


def _last_number(connection: Connection, column: Column[int]) -> int:
    """The highest number that was ever given out: links to it are in mails."""
    highest = int(connection.execute(select(func.max(column))).scalar() or 0)
    if connection.dialect.name == "sqlite":
        asked = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        return max(highest, connection.execute(asked, {"name": column.table.name}).scalar() or 0)
    sequence = connection.execute(select(_sequence_of(column))).scalar_one()
    last, called = connection.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()
    return max(highest, last if called else 0)


def _go_on_counting(tx: Connection, column: Column[int], last: int) -> None:
    if tx.dialect.name == "sqlite":
        if column.table.dialect_options["sqlite"]["autoincrement"]:
            row = {"name": column.table.name, "last": last}
            tx.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), row)
            tx.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), row)
    elif last:
        tx.execute(select(func.setval(_sequence_of(column), last)))


def _sequence_of(column: Column[int]) -> Function[Any]:
    return func.pg_get_serial_sequence(column.table.name, column.name)
