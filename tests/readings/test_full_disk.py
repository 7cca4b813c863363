"""A disk without room: writers are told 507, nothing acknowledged is lost, and it goes on once there is room."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from flask import Flask

from dashboards.writes import writes
from monitor.config import Settings
from monitor.errors import DiskFull
from monitor.ingest.intake import Intake
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.spool import Spool
from monitor.readings.store import Batch
from tests.conftest import missing

ROWS = 2000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        missing("no mount on PATH: a disk cannot be filled for the test")
    if mounted.returncode:
        missing(f"a small file system cannot be mounted (root only): {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def batch(noon) -> Callable[[int], Batch]:
    """Rows that pack badly, at so many seconds after noon."""

    def make(second: int) -> Batch:
        time_us = round((noon.timestamp() + second) * 1e6)
        rows = [
            {"site": "s", "station": f"x{n}", "connector": "1", "time_us": time_us, "session": os.urandom(16).hex()}
            for n in range(ROWS)
        ]
        return Batch({"meter": pa.Table.from_pylist(rows)}, noon)

    return make


def until_full(append: Callable[[Batch], None], batch: Callable[[int], Batch], begin: int = 0) -> tuple[int, str]:
    """How many batches were acknowledged, and what the next one was told."""
    for second in range(begin, begin + 1000):
        try:
            append(batch(second))
        except DiskFull as error:
            return second - begin, str(error)
    raise AssertionError("the disk never got full")


def rows_of(store: EmbeddedStore) -> list[tuple[int, str]]:
    return [(row["time_us"], row["station"]) for part in store.scan("meter") for row in part.to_pylist()]


# With a small log DuckDB folds it into the file while the disk is full, and then gives up what it has open.
@pytest.mark.parametrize("log_limit", ["1GB", "3MB"])
def test_the_embedded_store_says_so_keeps_what_it_took_and_goes_on(small_disk, batch, noon, log_limit):
    path = small_disk / "readings.duckdb"
    with closing(EmbeddedStore(path, timedelta(minutes=30))) as store:
        limit = f"SET wal_autocheckpoint = '{log_limit}'"
        store._writer.run("set a limit", lambda connection, _: connection.execute(limit))
        (small_disk / "ballast").write_bytes(bytes(2 * 2**20))
        taken, said = until_full(store.append, batch)
        assert taken > 2
        assert "its disk is full; free some space" in said

        app = Flask(__name__)
        app.register_blueprint(writes)
        app.extensions["laddvakt"] = SimpleNamespace(
            settings=Settings(), store=store, intake=Intake(store, lambda: noon)
        )
        lines = "\n".join(f"meter,site=s,station=y{n},connector=1 power_w={n}.5" for n in range(20_000))
        answer = app.test_client().post("/api/v2/write", data=lines)
        assert answer.status_code == 507
        assert "free some space" in answer.json["message"]

        (small_disk / "ballast").unlink()
        store.append(batch(5000))
        store.bring_up_to(noon)
        points = rows_of(store)
        assert len(points) == len(set(points))
        assert len({time for time, _ in points}) >= taken + 1
    with closing(EmbeddedStore(path, timedelta(minutes=30))) as store:
        assert rows_of(store) == points


def test_the_spool_says_so_keeps_what_it_took_and_goes_on(small_disk, batch):
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(2 * 2**20))
    with closing(Spool(small_disk / "spool", 2**30)) as spool:
        taken, said = until_full(spool.append, batch)
        assert "free some space" in said
        ballast.unlink()
        spool.append(batch(5000))
        kept = spool.first(10**9)
    assert len(kept) == taken + 1
    assert all(each.rows == ROWS for each in kept)
    with closing(Spool(small_disk / "spool", 2**30)) as again:
        assert again.first(10**9) == kept
