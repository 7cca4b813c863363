"""A real influxd of the session, a fresh database for each test, and what others write straight into it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pytest

from monitor.config import InfluxDB
from monitor.readings.influx.server import InfluxServer
from monitor.readings.influx.store import Bounds, InfluxStore
from monitor.readings.store import Batch
from tests import influx
from tests.conftest import missing
from tests.influx3 import TOKEN, Core, core3

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
BOUNDS = Bounds(timedelta(minutes=30), timedelta(minutes=5), window_limit=10**9, spool_limit=10**8)


class World:
    """One database, the store over it, and a writer that the store does not know of."""

    def __init__(self, settings: InfluxDB, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.writer = InfluxServer(settings)
        self.stores = ExitStack()

    def open(self, bounds: Bounds = BOUNDS, settings: InfluxDB | None = None, at: datetime = NOON) -> InfluxStore:
        store = InfluxStore(InfluxServer(settings or self.settings), self.folder, bounds, at)
        return self.stores.enter_context(closing(store))

    def write(self, *lines: str) -> None:
        """As Telegraf would: `meter,s/x/1 power_w=1 @10` is connector 1 of station x of site s, 10 s after noon."""
        body = []
        for line in lines:
            head, fields, at = line.rsplit(" ", 2)
            name, place = head.split(",")
            tags = "".join(
                f",{tag}={value}"
                for tag, value in zip(("site", "station", "connector", "event"), place.split("/"), strict=False)
            )
            body.append(f"{name}{tags} {fields} {round((NOON.timestamp() + float(at[1:])) * 1e6)}")
        self.writer.write_lines("\n".join(body).encode())


def after_noon(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def held(store: InfluxStore, measurement: str = "meter", columns: str = "power_mw") -> list[tuple[Any, ...]]:
    """What the window holds: seconds after noon, then `columns`, in the order of time."""
    with store.snapshot() as snapshot:
        table = snapshot.query(f'SELECT time_us, {columns} FROM "{measurement}" ORDER BY ALL')
    return [
        (round(row[0] / 1e6 - NOON.timestamp(), 3), *row[1:]) for row in zip(*table.to_pydict().values(), strict=True)
    ]


@pytest.fixture(scope="session")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    if influx.installed() is None:
        missing("no influxd 1.x on PATH (Debian: apt-get install influxdb)")
    with influx.influxd_1(tmp_path_factory.mktemp("influxd")) as running:
        yield running.settings


@pytest.fixture(scope="session")
def named() -> InfluxDB:
    """The server of LADDVAKT_TEST_INFLUX_URL: where there is a 2.x or 3.x."""
    if not influx.others():
        pytest.skip("LADDVAKT_TEST_INFLUX_URL names no server")
    return influx.others()["named"]


@pytest.fixture(scope="session")
def core(influxd: InfluxDB) -> Iterator[Core]:
    """InfluxDB 3 Core, as far as recorded answers tell."""
    with core3(influxd.url) as running:
        yield running


@pytest.fixture(scope="session")
def as_recorded_from_3(core: Core) -> InfluxDB:
    return InfluxDB(url=core.url, token=TOKEN)


@pytest.fixture(params=["influxd", "as_recorded_from_3", "named"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    server: InfluxDB = request.getfixturevalue(request.param)
    made = World(server.model_copy(update={"bucket": f"test {uuid4().hex[:8]}"}), tmp_path)
    with closing(made.writer), made.stores:
        yield made


@pytest.fixture(scope="session")
def at() -> Callable[[float], int]:
    """Epoch microseconds so many seconds after noon."""
    return lambda seconds: round((NOON.timestamp() + seconds) * 1_000_000)


@pytest.fixture(scope="session")
def batch() -> Callable[..., Batch]:
    """`batch(meter=[row, ...], status=[...])`; a row without a place is of connector 1 of `s/x`."""

    def make(received_at: datetime = NOON, **rows: list[dict[str, Any]]) -> Batch:
        tables = {}
        for name, each in rows.items():
            place = {"site": "s", "station": "x"} | ({} if name == "link" else {"connector": "1"})
            tables[name] = pa.Table.from_pylist([place | row for row in each])
        return Batch(tables, received_at)

    return make
