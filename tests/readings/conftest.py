"""An embedded store on a file of its own."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from monitor.readings.embedded import EmbeddedStore
from monitor.readings.store import Batch

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "readings.duckdb"


@pytest.fixture
def store(path: Path) -> Iterator[EmbeddedStore]:
    with closing(EmbeddedStore(path, timedelta(minutes=30))) as opened:
        yield opened


@pytest.fixture(scope="session")
def noon() -> datetime:
    return NOON


@pytest.fixture(scope="session")
def power() -> Callable[..., Batch]:
    """One meter row: of connector 1 of `station`, so many seconds after noon."""

    def make(second: float, power_w: float = 1.0, station: str = "x") -> Batch:
        time_us = round((NOON.timestamp() + second) * 1_000_000)
        row = {"site": "s", "station": station, "connector": "1", "time_us": time_us, "power_w": power_w}
        return Batch({"meter": pa.Table.from_pylist([row])}, NOON)

    return make
