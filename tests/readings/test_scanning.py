"""Readings for notebooks and as Parquet: through the running service and from the file, the same rows."""

import io
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from monitor import config, readings
from monitor.cli import commands
from monitor.config import InfluxDB
from monitor.errors import InputError, StoreUnavailable
from monitor.ingest.line_protocol import parse
from monitor.readings import frames, scanning
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.running import announce
from monitor.readings.schema import MEASUREMENTS
from tests import influx
from tests.conftest import missing
from tests.serving import answering, running

DOCUMENT = Path(__file__).parents[2] / "docs" / "readings.md"
FIRST = datetime(2026, 5, 1, tzinfo=UTC)
LINES = "\n".join(
    f'meter,site=malmo-central,station=mc-{hour % 2},connector=1 power_w={hour}000.5,session="x" '
    f"{int((FIRST + timedelta(hours=hour)).timestamp())}"
    for hour in range(36)
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration, the folder that commands run in."""
    (tmp_path / "laddvakt.toml").write_text('[web]\nlisten = "127.0.0.1:0"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    if influx.installed() is None:
        missing("no influxd 1.x on PATH (Debian: apt-get install influxdb)")
    with influx.influxd_1(tmp_path_factory.mktemp("influxd")) as server:
        yield server.settings


@pytest.fixture(params=["embedded, running", "embedded, stopped", "influxdb, running", "influxdb, stopped"])
def store(request: pytest.FixtureRequest, folder: Path) -> Iterator[None]:
    """36 hourly readings, behind a service that runs or in a store that nobody has open."""
    if request.param.startswith("influxdb"):
        url, bucket = request.getfixturevalue("influxd").url, uuid4().hex
        with (folder / "laddvakt.toml").open("a") as file:
            file.write(f'[store]\nkind = "influxdb"\n[influxdb]\nurl = "{url}"\nbucket = "{bucket}"\n')
    with running(config.load(folder / "laddvakt.toml")) as service:
        service.intake.write(LINES.encode(), "s")
        if request.param.endswith("running"):
            yield
            return
    yield


@pytest.mark.usefixtures("store")
def test_a_range_comes_as_a_frame_with_times_and_units() -> None:
    frame = readings.scan("meter", FIRST + timedelta(hours=3), FIRST + timedelta(hours=5))
    assert list(frame["time"]) == [pd.Timestamp(FIRST + timedelta(hours=hour)) for hour in (3, 4)]
    assert list(frame["power_w"]) == [3000.5, 4000.5]
    assert list(frame["station"]) == ["mc-1", "mc-0"]
    assert frame["soc"].isna().all()
    assert len(readings.scan("meter")) == 36
    assert readings.scan("meter")["time"].is_monotonic_increasing
    assert len(readings.scan("meter", site="malmo-central", station="mc-1")) == 18
    nothing = readings.scan("link")
    assert (len(nothing), list(nothing.columns)[:3]) == (0, ["time", "site", "station"])


@pytest.mark.usefixtures("store")
def test_the_snippet_of_the_documentation_works(capsys: pytest.CaptureFixture[str]) -> None:
    [snippet] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(snippet, names)
    assert names["peaks_kw"].to_dict() == {("mc-0", "1"): 22.0005, ("mc-1", "1"): 23.0005}
    assert "23.0005" in capsys.readouterr().out


@pytest.mark.usefixtures("store")
def test_parquet_has_a_file_a_day(folder: Path) -> None:
    said = CliRunner().invoke(commands, ["readings", "export", "out", "--from", "2026-04-30", "--to", "2026-05-04"])
    assert (said.exit_code, said.stdout, said.stderr) == (0, "36 rows in 2 files under out\n", "")
    written = sorted((folder / "out").rglob("*.*"))
    assert [path.relative_to(folder / "out").as_posix() for path in written] == [
        "meter/2026-05-01.parquet", "meter/2026-05-02.parquet"]  # fmt: skip
    tables = [pq.read_table(path) for path in written]
    assert [table.num_rows for table in tables] == [24, 12]
    assert tables[1]["power_w"].to_pylist() == [hour * 1000 + 0.5 for hour in range(24, 36)]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: readings.scan("metre"), "no measurement 'metre'"),
        (lambda: readings.scan("meter", datetime(2026, 5, 1)), "start has no zone"),
        (lambda: readings.scan("meter", station="x"), "a station needs its site"),
        (lambda: readings.scan("meter"), "there is no readings store"),
    ],
    ids=["measurement", "zone", "place", "no store"],
)
@pytest.mark.usefixtures("folder")
def test_a_question_that_cannot_be_meant_says_why(ask: Callable[[], object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        ask()


def test_a_file_that_somebody_else_has_open_is_not_an_empty_answer(folder: Path) -> None:
    (folder / "var").mkdir()
    (folder / "var" / "readings.duckdb").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreUnavailable):
        readings.scan("meter")


def test_an_answer_that_ends_in_the_middle_is_an_error_and_not_a_shorter_range(folder: Path) -> None:
    known = frames.schema(MEASUREMENTS["meter"])
    row = pa.RecordBatch.from_pylist([{"time": FIRST, "site": "s", "power_w": 1.0}], known)

    def failing(_environment: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", scanning.ARROW)])
        sent = io.BytesIO()
        writer = pa.ipc.new_stream(sent, known)
        for _ in range(3):
            writer.write_batch(row)
        yield sent.getvalue()  # whole messages, but not the mark of the end
        raise RuntimeError("the store went away")

    settings = config.load(folder / "laddvakt.toml")
    with answering(failing, settings) as server:
        address = f"127.0.0.1:{server.effective_port}"
        with (
            announce(settings.readings_file, address, "token"),
            pytest.raises(StoreUnavailable, match="does not answer to the end"),
        ):
            readings.scan("meter", config=settings)


@pytest.mark.usefixtures("folder")
def test_exit_codes_of_the_export(laddvakt: Path) -> None:
    def code(folder: str, first: str = "2026-05-01") -> tuple[int, str]:
        ended = subprocess.run(
            [laddvakt, "readings", "export", folder, "--from", first, "--to", "2026-05-02"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return ended.returncode, ended.stderr

    assert code("out")[0] == 1  # there is no store yet
    with closing(EmbeddedStore(Path("var/readings.duckdb"), timedelta(minutes=30))) as store:
        store.append(parse(LINES.encode(), "s", FIRST).batch)
        status, said = code("out")
        assert (status, "is in use by process" in said) == (3, True)
    assert code("out", "2026-05-02")[0] == 2
    Path("taken").write_text("")
    status, said = code("taken/out")
    assert (status, "cannot be written" in said) == (1, True)
    assert code("out")[0] == 0
