"""Readings for commands and notebooks: from the service that has the store open, else from the file itself."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

import pyarrow as pa

from monitor.errors import InputError, StoreUnavailable
from monitor.ids import Place
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.public import ARROW_STREAM, public, schema
from monitor.readings.running import Running, find
from monitor.readings.schema import MEASUREMENTS, Measurement

_NO_LOOK_BACK = timedelta(0)
"""Of a store that is only read: it keeps no window up."""


class Reader(Protocol):
    """Where readings come from. Both methods raise StoreUnavailable."""

    def read(
        self, measurement: str, start: datetime | None, end: datetime | None, place: Place | None = None
    ) -> AbstractContextManager[Iterator[pa.RecordBatch]]:
        """Rows with start <= time < end in order of time, in the columns of `public.schema`."""
        ...


@contextmanager
def reader(store: Path) -> Iterator[Reader]:
    """A way to the readings of this store; the file belongs to this process inside the `with` when no service runs.

    Raises InputError when there is no such store, StoreUnavailable when another program has it open.
    """
    running = find(store)
    if running is not None:
        yield _Asked(running)
    elif store.is_file():
        with closing(EmbeddedStore(store, _NO_LOOK_BACK)) as opened:
            yield _Opened(opened)
    else:
        raise InputError(f"{store}: there is no readings store here; name its file, var/readings.duckdb by default")


def table(
    store: Path,
    measurement: str,
    start: datetime | None = None,
    end: datetime | None = None,
    place: Place | None = None,
) -> pa.Table:
    """All rows of a range as one table; raises as `reader`, and InputError for what cannot be meant."""
    for name, moment in (("start", start), ("end", end)):
        if moment is not None and moment.tzinfo is None:
            raise InputError(f"{name} has no zone: write for example datetime(2026, 5, 1, tzinfo=UTC)")
    wanted = schema(known(measurement))
    with reader(store) as readings, readings.read(measurement, start, end, place) as batches:
        return pa.Table.from_batches(batches, wanted)


def known(measurement: str) -> Measurement:
    """The measurement of that name; raises InputError."""
    if measurement not in MEASUREMENTS:
        raise InputError(f"there is no measurement {measurement!r}; there are {', '.join(MEASUREMENTS)}")
    return MEASUREMENTS[measurement]


class _Opened:
    """The file, by this process."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store

    @contextmanager
    def read(
        self, measurement: str, start: datetime | None, end: datetime | None, place: Place | None = None
    ) -> Iterator[Iterator[pa.RecordBatch]]:
        with closing(self._store.scan(measurement, start, end, place=place)) as batches:  # type: ignore[type-var]
            yield public(batches, known(measurement))


class _Asked:
    """The API of the service that runs."""

    def __init__(self, running: Running) -> None:
        self._running = running

    @contextmanager
    def read(
        self, measurement: str, start: datetime | None, end: datetime | None, place: Place | None = None
    ) -> Iterator[Iterator[pa.RecordBatch]]:
        # Without `from` the API begins with the newest.
        asked = {"measurement": measurement, "from": _text(start) if start else "0"}
        if end is not None:
            asked["to"] = _text(end)
        asked |= {name: value for name, value in (place._asdict() if place else {}).items() if value is not None}
        with self._running.ask(f"/api/v1/readings?{urlencode(asked)}", headers={"Accept": ARROW_STREAM}) as answer:
            try:
                with pa.ipc.open_stream(answer) as stream:
                    yield iter(stream)
            except pa.ArrowInvalid as error:
                raise StoreUnavailable(f"the service at {self._running.address} broke off its answer") from error


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
