"""A consistent picture of the store: one read transaction on a cursor of its own."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from monitor.errors import InputError
from monitor.readings.database import translated
from monitor.readings.hot import Hot
from monitor.readings.samples import Samples


class Scratch:
    """Snapshots of nothing: for queries over Arrow tables alone, while the store may be away.

    One database in memory is kept: opening one takes 20 ms, a query on a cursor of it 1.5 ms.
    """

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:")

    @contextmanager
    def snapshot(self) -> Iterator["DuckSnapshot"]:
        """Valid inside the `with`."""
        cursor = self._connection.cursor()
        try:
            yield DuckSnapshot(cursor)
        finally:
            cursor.close()

    def close(self) -> None:
        """Calling it again does nothing."""
        self._connection.close()


class DuckSnapshot:
    """Implements `monitor.readings.store.Snapshot` on a cursor whose transaction has begun; not for several threads."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, hot: Hot | None = None) -> None:
        """`hot` None: of a database without readings."""
        self._cursor = cursor
        self._hot = hot

    def query(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] = (), **tables: pa.Table) -> pa.Table:
        with translated("answer a query"):
            try:
                for name, table in tables.items():
                    self._cursor.register(name, table)
                return self._cursor.sql(self._select(sql), params=parameters or None).to_arrow_table()
            finally:
                for name in tables:
                    self._cursor.unregister(name)

    def samples(self, columns: AbstractSet[str], after_us: int, upto_us: int) -> Samples:
        if self._hot is None:
            raise InputError("there are no readings here")
        with translated("read the window"):
            return self._hot.read(self._cursor, columns, after_us, upto_us)

    def _select(self, sql: str) -> duckdb.Statement:
        """The statement, if it is one SELECT: a second one could end the transaction and change rows after it."""
        statements = self._cursor.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise InputError(f"a query of readings is one SELECT, not {sql[:40]!r}")
        return statements[0]
