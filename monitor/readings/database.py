"""The edge to DuckDB: opening the file, inserting Arrow tables, and its exceptions made ours."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from monitor.errors import DiskFull, InputError, StoreUnavailable
from monitor.readings.tables import VERSION, create_statements, quoted

_NO_ROOM = ("No space left on device", "Disk quota exceeded", "File too large")
"""How the system's own words stand in DuckDB's messages: it has no error of its own for a disk that is full."""


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn DuckDB's exceptions into ours; `what` was being done: "the readings store cannot <what>"."""
    try:
        yield
    except (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError) as error:
        raise InputError(f"the readings store cannot {what}: {error}") from error
    except duckdb.Error as error:
        if any(words in str(error) for words in _NO_ROOM):
            raise DiskFull(
                f"the readings store cannot {what}, its disk is full; free some space, it goes on by itself: "
                f"{_first_line(error)}"
            ) from error
        raise StoreUnavailable(f"the readings store cannot {what}: {_first_line(error)}") from error


LOG_LIMIT = "64MB"
"""The log is folded into the file when it has this size: large enough that a batch rarely waits for it, small enough to
be read again within a second or two after a crash."""

MEMORY_LIMIT = "1GB"
"""What DuckDB keeps of the file; by default it would take four fifths of the machine's memory as the file grows. What
does not fit is read again or put on disk: enough for ticks and writes at 1,000,000 connectors.
"""


def open_file(path: Path, log_limit: str = LOG_LIMIT) -> duckdb.DuckDBPyConnection:
    """Open or create the file; raise StoreUnavailable saying what to do when another process has it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(path)
    except OSError as error:
        raise StoreUnavailable(f"{path}: the folder of the readings store cannot be made: {error.strerror}") from error
    except duckdb.Error as error:
        raise StoreUnavailable(_why_not_opened(path, error)) from error
    try:
        with translated(f"prepare {path}"):
            _prepare(connection, path, log_limit)
    except Exception:
        connection.close()
        raise
    return connection


def number(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()
) -> int:
    """The one whole number that a statement answers.

    All rows are fetched: after `fetchone` DuckDB keeps the result open and refuses the connection's next statement.
    """
    [(value,)] = connection.execute(sql, parameters).fetchall()
    return int(value)


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    """Append Arrow rows to a table, columns by name; columns that `rows` lacks stay null."""
    connection.register("incoming", rows)
    try:
        names = ", ".join(quoted(name) for name in rows.column_names)
        connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM incoming")
    finally:
        connection.unregister("incoming")


def _prepare(connection: duckdb.DuckDBPyConnection, path: Path, log_limit: str) -> None:
    connection.execute(f"SET wal_autocheckpoint = '{log_limit}'")
    connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    # A name in a statement means a table or what was registered under it, never a Python variable near by.
    connection.execute("SET python_enable_replacements = false")
    connection.begin()
    for statement in create_statements():
        connection.execute(statement)
    connection.commit()
    if number(connection, "SELECT version FROM store_state") > VERSION:
        raise StoreUnavailable(f"{path} was written by a newer Laddvakt; install that version, or name another file")


def _why_not_opened(path: Path, error: duckdb.Error) -> str:
    text = str(error)
    if "lock" in text.lower():
        holder = re.search(r"PID (\d+)", text)
        who = f"process {holder[1]}" if holder else "another process"
        return (
            f"{path} is in use by {who}: one process at a time can open the readings store; "
            "ask the running service over its API (GET /api/v1/readings), or stop it first"
        )
    return f"{path} cannot be opened as a readings store: {_first_line(error)}"


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]
