"""The one thread that writes: batches that wait together are committed together, everything else in turn."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

import duckdb

from monitor.errors import StoreUnavailable
from monitor.readings.appending import Appender, Staged
from monitor.readings.database import number, translated

T = TypeVar("T")

_LARGEST_GROUP = 100_000
"""Rows after which a group is committed even though more batches wait: the first of them has waited long enough."""


@dataclass(frozen=True)
class _Append:
    staged: Staged
    done: Future[None] = field(default_factory=Future)

    @property
    def rows(self) -> int:
        return sum(table.num_rows for table in self.staged.values())


@dataclass(frozen=True)
class _Task:
    what: str
    work: Callable[[duckdb.DuckDBPyConnection, Appender], Any]
    done: Future[Any] = field(default_factory=Future)


@dataclass(frozen=True)
class _Stop:
    pass


class Writer:
    """Owns the writing connection, the only one: DuckDB lets one of two transactions that touch the same rows fail."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, reopen: Callable[[], duckdb.DuckDBPyConnection]) -> None:
        """`reopen` opens the file anew and gives a connection to it; it is asked once `connection` is of no use."""
        self._connection = connection
        self._reopen = reopen
        self._invalid = False
        self._queue: SimpleQueue[_Append | _Task | _Stop] = SimpleQueue()
        self._gate = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._closed = False
        with translated("read its keys"):
            self._appender: Appender | None = Appender(connection)
        self._thread = threading.Thread(target=self._run, name="readings-writer", daemon=True)
        self._thread.start()

    @property
    def newest_us(self) -> int | None:
        """The time of the newest row, None while there is none or a failure has just made it unknown."""
        appender = self._appender
        return appender.newest_us if appender else None

    def append(self, *staged: Staged) -> None:
        """Return once the rows of all are on disk; raise StoreUnavailable when they are not."""
        requests = [_Append(each) for each in staged]
        for request in requests:
            self._submit(request)
        for request in requests:
            request.done.result()

    def run(self, what: str, work: Callable[[duckdb.DuckDBPyConnection, Appender], T]) -> T:
        """Do `work` in a transaction of its own, after the batches that came before; its result."""
        request = _Task(what, work)
        with self._one_at_a_time:
            self._submit(request)
            result: T = request.done.result()
        return result

    def beside(
        self, what: str, work: Callable[[duckdb.DuckDBPyConnection], None], connection: duckdb.DuckDBPyConnection
    ) -> None:
        """Do `work` in the caller's thread, in a transaction of `connection`, while batches go on being appended.

        It may touch only rows that are there already: those that come meanwhile are others, so neither fails. Nothing
        else that changes rows runs at the same time.
        """
        with self._one_at_a_time, translated(what):
            connection.begin()
            work(connection)
            connection.commit()

    def close(self) -> None:
        """Finish what was asked before, then end; calling it again does nothing."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(_Stop())
        self._thread.join()

    def _submit(self, request: _Append | _Task) -> None:
        with self._gate:  # nothing may come behind the stop: it would wait for ever
            if self._closed:
                raise StoreUnavailable("the readings store is closed")
            self._queue.put(request)

    def _run(self) -> None:
        pending: _Append | _Task | _Stop | None = None
        while not isinstance(request := pending or self._queue.get(), _Stop):
            pending = None
            if isinstance(request, _Append):
                group, pending = self._gather(request)
                self._commit("store a batch", [each.done for each in group], partial(self._append, group))
            else:
                self._commit(request.what, [request.done], partial(self._work, request))

    def _gather(self, first: _Append) -> tuple[list[_Append], _Append | _Task | _Stop | None]:
        """The batches that wait behind `first`, without waiting for more, and the first request that is none."""
        group, rows = [first], first.rows
        while rows < _LARGEST_GROUP and not self._queue.empty():
            following = self._queue.get()
            if not isinstance(following, _Append):
                return group, following
            group.append(following)
            rows += following.rows
        return group, None

    def _append(self, group: Sequence[_Append]) -> None:
        seq = number(self._connection, "SELECT seq FROM store_state")
        self._in_force().append([each.staged for each in group], seq + 1)

    def _work(self, task: _Task) -> Any:
        return task.work(self._connection, self._in_force())

    def _in_force(self) -> Appender:
        """The appender, read from the file when a failure has left none that agrees with it."""
        if self._appender is None:
            self._appender = Appender(self._connection)
        return self._appender

    def _open_anew(self) -> None:
        """Raises StoreUnavailable when that fails; the next request tries again."""
        self._connection.close()
        self._connection = self._reopen()
        self._invalid = False

    def _commit(self, what: str, waiting: Sequence[Future[Any]], work: Callable[[], Any]) -> None:
        try:
            if self._invalid:
                self._open_anew()
            with translated(what):
                self._connection.begin()
                result = work()
                self._connection.commit()
        except BaseException as error:
            # Whatever it is, who waits has to hear of it.
            # What the appender remembers may be ahead of the file now.
            self._appender = None
            # A log that could not be folded into the file (a full disk) ends all use of what is open, reading too.
            self._invalid = self._invalid or isinstance(error.__cause__, duckdb.FatalException)
            with suppress(duckdb.Error):  # DuckDB has rolled back by itself
                self._connection.rollback()
            for future in waiting:
                future.set_exception(error)
        else:
            for future in waiting:
                future.set_result(result)
