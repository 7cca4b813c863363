"""Every store that the contract holds for. A new store is one more parameter here."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pytest

from monitor.config import InfluxDB
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.influx.server import InfluxServer
from monitor.readings.influx.store import Bounds, InfluxStore
from monitor.readings.store import Batch, ReadingStore
from tests import influx
from tests.conftest import missing
from tests.influx3 import TOKEN, core3

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
BOUNDS = Bounds(timedelta(minutes=30), timedelta(minutes=5), window_limit=10**9, spool_limit=10**8)
OpenStore = Callable[[], ReadingStore]
Row = dict[str, Any]


@pytest.fixture(scope="session")
def influx_1_6(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    yield from running(tmp_path_factory, users=False)


@pytest.fixture(scope="session")
def influx_1_6_with_users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    yield from running(tmp_path_factory, users=True)


@pytest.fixture(scope="session")
def influx_3_as_recorded(influx_1_6: InfluxDB) -> Iterator[InfluxDB]:
    """See tests/influx3.py: no machine of ours has the real one."""
    with core3(influx_1_6.url) as running:
        yield InfluxDB(url=running.url, token=TOKEN)


@pytest.fixture(scope="session")
def named_influx() -> InfluxDB:
    """The server of LADDVAKT_TEST_INFLUX_URL: where there is a 2.x or 3.x."""
    if not influx.others():
        pytest.skip("LADDVAKT_TEST_INFLUX_URL names no server")
    return influx.others()["named"]


def running(folders: pytest.TempPathFactory, *, users: bool) -> Iterator[InfluxDB]:
    if influx.installed() is None:
        missing("no influxd 1.x on PATH (Debian: apt-get install influxdb)")
    with influx.influxd_1(folders.mktemp("influxd"), users=users) as server:
        yield server.settings


@pytest.fixture(params=["embedded", "influx_1_6", "influx_1_6_with_users", "influx_3_as_recorded", "named_influx"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStore:
    """Opens the store; again after a `close`, with what was written before."""
    if request.param == "embedded":
        return lambda: EmbeddedStore(tmp_path / "readings.duckdb", timedelta(minutes=30))
    server: InfluxDB = request.getfixturevalue(request.param)
    settings = server.model_copy(update={"bucket": f"test {uuid4().hex[:8]}"})

    def opened() -> ReadingStore:
        store = InfluxStore(InfluxServer(settings), tmp_path, BOUNDS, NOON)
        store.start()
        return store

    return opened


@pytest.fixture
def store(open_store: OpenStore) -> Iterator[ReadingStore]:
    with ExitStack() as stack:
        yield stack.enter_context(closing(open_store()))


@pytest.fixture
def forgetful(store: ReadingStore) -> ReadingStore:
    """The store, where it can forget by request: InfluxDB 3 Core has a retention period and nothing else."""
    if isinstance(store, InfluxStore) and not store._server.connect().can_delete:
        pytest.skip("this server deletes nothing by request")
    return store


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
