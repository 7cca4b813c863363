"""The SQL database for everything that is not a reading: connections, transactions, migrations."""

from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from monitor.errors import InputError, StateUnavailable

BUSY_TIMEOUT_S = 10
"""How long a statement waits for another writer: far longer than any of our transactions, shorter than a tick."""

_ALONE = 0x1ADDAE
"""Number of our advisory lock."""

_OUR_MISTAKES = (IntegrityError, ProgrammingError, DataError)


@dataclass(frozen=True)
class Schema:
    """The version that a database has, empty for none; the one that `migrate` gives it; whether it is beyond that."""

    found: str
    ours: str
    is_newer: bool


class Database:
    """One database by its SQLAlchemy address. Opening is lazy: an unreachable one is noticed at the first use.

    Transactions raise StateUnavailable when the database is away, locked for too long or broken; a statement that is
    wrong in itself raises what SQLAlchemy raises, because that is a fault of ours.
    """

    def __init__(self, url: str | URL) -> None:
        try:
            self._url = make_url(url)
            self._engine = _engine(self._url)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise InputError(f"state.url: {error}; write for example sqlite:///var/state.sqlite") from error
        self._writing = self._engine.execution_options(laddvakt_writes=True)

    def begin(self, *, alone: bool = False) -> AbstractContextManager[Connection]:
        """A transaction that may write: committed at the end of the `with`, rolled back if it raises.

        On SQLite it takes the write lock at once (BEGIN IMMEDIATE): what is read inside stays true until the commit.
        On PostgreSQL that holds for rows that are read to be updated, and with `alone` towards others that are `alone`.
        """
        return self._transaction(self._writing, alone=alone)

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that only reads, one consistent picture; it waits for nobody."""
        return self._transaction(self._engine)

    @contextmanager
    def read_frozen(self) -> Generator[Connection]:
        """A long reading of many tables as of one moment, also on PostgreSQL, where each statement has its own."""
        frozen = self._engine.execution_options(isolation_level="REPEATABLE READ")
        with self._transaction(self._engine if self.file else frozen) as connection:
            yield connection

    def others(self) -> int:
        """How many connections other programs have to it; of SQLite nobody knows, so 0."""
        if self.file is not None:
            return 0
        theirs = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        self.close()  # those of our own pool would be counted
        with self.read() as connection:
            return int(connection.execute(theirs).scalar_one())

    def migrate(self) -> None:
        """Bring the schema up to this version, in one transaction; create the database where there is none."""
        config = _alembic()
        try:
            with self.begin(alone=True) as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError as error:
            raise StateUnavailable(
                f"the state database has a schema unknown to this version; was it written by a newer one? ({error})"
            ) from error

    def shorten_log(self) -> None:
        """Let SQLite empty its write-ahead log, which holds what was erased; while others read, it may stay."""
        if self._url.get_backend_name() == "sqlite":
            connection = self._engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()

    @property
    def url(self) -> URL:
        """Its address, with the password."""
        return self._url

    @property
    def shown(self) -> str:
        """Its address without the password."""
        return _shown(self._url)

    @property
    def file(self) -> Path | None:
        """Where it is, of SQLite."""
        return Path(self._url.database or "") if self._url.get_backend_name() == "sqlite" else None

    def schema(self) -> Schema:
        """Which version of the schema is there; nothing is changed but that SQLite makes an empty file."""
        script = ScriptDirectory.from_config(_alembic())
        with self.read() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
        known = {revision.revision for revision in script.walk_revisions()}
        return Schema(found or "", script.get_current_head() or "", is_newer=found is not None and found not in known)

    def close(self) -> None:
        """Close all connections; the object can be used again afterwards."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, engine: Engine, *, alone: bool = False) -> Generator[Connection]:
        try:
            self._create_folder()
            with engine.begin() as connection:
                if alone and engine.dialect.name == "postgresql":
                    connection.execute(select(func.pg_advisory_xact_lock(_ALONE)))
                yield connection
        except _OUR_MISTAKES:
            raise
        except (DBAPIError, PoolTimeout) as error:
            raise StateUnavailable(f"{_shown(self._url)}: {_reason(error)}") from error

    def _create_folder(self) -> None:
        if self._url.get_backend_name() != "sqlite" or not self._url.database:
            return
        folder = Path(self._url.database).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StateUnavailable(f"{folder} cannot be made: {error.strerror}") from error


def chunks(values: list[Any], size: int = 500) -> Iterator[list[Any]]:
    """`values` in pieces that fit the number of parameters that every database takes in one statement."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if not url.database or url.database == ":memory:":
        raise InputError(
            "state.url: SQLite in memory would forget every alert; name a file: sqlite:///var/state.sqlite"
        )
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, pool_size=16)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(dbapi_connection: Any, _record: object) -> None:
    # The driver's own transaction handling begins late and never IMMEDIATE; without it, `_begin` alone decides.
    dbapi_connection.isolation_level = None
    dbapi_connection.execute("PRAGMA journal_mode = WAL")
    # FULL: a commit survives a power cut, so that no mail is sent twice after one. A tick commits once.
    dbapi_connection.execute("PRAGMA synchronous = FULL")
    dbapi_connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("laddvakt_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", "monitor.state:migrations")
    return config


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


def _reason(error: SQLAlchemyError) -> str:
    return str(error.orig) if isinstance(error, DBAPIError) else str(error)
