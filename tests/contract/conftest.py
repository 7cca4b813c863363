"""Every store that the contract holds for. A new store is one more parameter here."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from monitor.readings.embedded import EmbeddedStore
from monitor.readings.store import Batch, ReadingStore

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
OpenStore = Callable[[], ReadingStore]
Row = dict[str, Any]


@pytest.fixture(params=["embedded"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStore:
    """Opens the store; again after a `close`, with what was written before."""
    return {"embedded": lambda: EmbeddedStore(tmp_path / "readings.duckdb", timedelta(minutes=30))}[request.param]


@pytest.fixture
def store(open_store: OpenStore) -> Iterator[ReadingStore]:
    with ExitStack() as stack:
        yield stack.enter_context(closing(open_store()))


@pytest.fixture(scope="session")
def noon() -> datetime:
    return NOON


@pytest.fixture(scope="session")
def at() -> Callable[[float], int]:
    """Epoch microseconds so many seconds after noon."""
    return lambda seconds: round((NOON.timestamp() + seconds) * 1_000_000)


@pytest.fixture(scope="session")
def batch() -> Callable[..., Batch]:
    """`batch(meter=[row, ...], status=[...])`; a row without a place is of connector 1 of `s/x`."""

    def make(received_at: datetime = NOON, **rows: list[Row]) -> Batch:
        return Batch({name: _table(name, each) for name, each in rows.items()}, received_at)

    return make


@pytest.fixture(scope="session")
def scanned() -> Callable[..., list[Row]]:
    """The rows of a scan as dictionaries without what is missing."""

    def read(store: ReadingStore, measurement: str, *args: Any, **kwargs: Any) -> list[Row]:
        rows = [row for part in store.scan(measurement, *args, **kwargs) for row in part.to_pylist()]
        return [{name: value for name, value in row.items() if value is not None} for row in rows]

    return read


def _table(measurement: str, rows: list[Row]) -> pa.Table:
    place = {"site": "s", "station": "x"} | ({} if measurement == "link" else {"connector": "1"})
    full = [place | row for row in rows]
    names = {name: None for row in full for name in row}
    return pa.table({name: pa.array([row.get(name) for row in full]) for name in names})
