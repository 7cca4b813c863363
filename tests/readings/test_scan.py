"""Readings as a DataFrame: the same whether a service has the store open or nobody has."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Thread

import pandas as pd
import pyarrow as pa
import pytest
import waitress
from flask import Flask

from dashboards import create_app
from monitor import readings
from monitor.errors import InputError
from monitor.ids import Place
from monitor.readings import public
from monitor.readings.public import ARROW_STREAM
from monitor.readings.running import announce
from monitor.readings.schema import MEASUREMENTS
from tests.conftest import ROOT
from tests.dashboards import sample


@pytest.fixture
def served(tmp_path) -> Iterator[sample.SampleService]:
    """A service with a real server, announced beside its store."""
    with sample.empty_service(tmp_path) as service:
        app: Flask = create_app(service)
        server = waitress.create_server(app, host="127.0.0.1", port=0, threads=8)
        loop = Thread(target=server.run)
        loop.start()
        with announce(service.store.path, f"127.0.0.1:{server.effective_port}", "t"):
            yield service
        server.trigger.pull_trigger(lambda: server.asyncore.close_all(server._map))
        loop.join()
        server.task_dispatcher.shutdown()


def fill(service: sample.SampleService) -> None:
    rows = [{"at": sample.NOW + timedelta(seconds=n), "power_w": 1000.0 + n} for n in range(5)]
    for connector in ("1", "2"):
        service.store.append(sample.meter_batch(Place("lund", "l-1", connector), rows))


def test_a_frame_is_the_same_from_the_running_service_and_from_the_file(served):
    fill(served)
    chosen = {"site": "lund", "station": "l-1", "connector": "2", "store": served.store.path}
    start, end = sample.NOW + timedelta(seconds=1), sample.NOW + timedelta(seconds=4)

    asked = readings.scan("meter", start, end, **chosen)
    everything = readings.scan("meter", store=served.store.path)
    nothing = readings.scan("link", store=served.store.path)

    assert list(asked["power_w"]) == [1001.0, 1002.0, 1003.0]
    assert set(asked["connector"]) == {"2"}
    assert asked["time"].iloc[0] == pd.Timestamp(start)
    assert (len(everything), everything["time"].is_monotonic_increasing) == (10, True)
    assert (len(nothing), "interval_s" in nothing.columns) == (0, True)
    served.store.close()
    (served.store.path.with_name(f"{served.store.path.name}.running")).unlink()
    pd.testing.assert_frame_equal(asked, readings.scan("meter", start, end, **chosen))
    pd.testing.assert_frame_equal(nothing, readings.scan("link", store=served.store.path))


def test_what_cannot_be_meant_is_told_and_no_file_is_made(tmp_path):
    missing = tmp_path / "typo.duckdb"
    with pytest.raises(InputError, match="no readings store here"):
        readings.scan(store=missing)
    assert not missing.exists()
    with pytest.raises(InputError, match="no measurement 'metre'"):
        readings.scan("metre", store=missing)
    with pytest.raises(InputError, match="no zone"):
        readings.scan(start=datetime(2026, 5, 1), store=missing)
    with pytest.raises(InputError, match="needs its station"):
        readings.scan(site="lund", connector="1", store=missing)


def test_the_snippet_of_the_documentation_runs(served):
    fill(served)
    text = (ROOT / "docs" / "readings.md").read_text()
    [snippet] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)

    names = {"store": served.store.path}
    exec(snippet.replace("2026, 5, 1", "2026, 3, 4").replace("2026, 5, 2", "2026, 3, 5"), names)

    assert list(names["peaks"]) == [1004.0, 1004.0]


def test_an_arrow_stream_by_accept_has_its_schema_even_without_rows(served):
    client = create_app(served).test_client()
    answer = client.get("/api/v1/readings?measurement=status", headers={"Accept": ARROW_STREAM})

    assert answer.mimetype == ARROW_STREAM
    found = pa.ipc.open_stream(answer.data).read_all()
    assert found.num_rows == 0
    assert found.schema == public.schema(MEASUREMENTS["status"])
    assert client.get("/api/v1/readings", headers={"Accept": "*/*"}).mimetype == "application/json"
