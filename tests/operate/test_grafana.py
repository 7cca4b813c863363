"""The boards for Grafana: each query is asked of a real InfluxDB, and the figures are those of the readings."""

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT, missing
from tests.influx import influxd_1, installed

FOLDER = ROOT / "dashboards" / "grafana"
BOARDS: dict[str, dict[str, Any]] = {file.stem: json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json"))}
PANELS = [
    pytest.param(panel, id=f"{name}-{panel['id']}") for name, board in BOARDS.items() for panel in board["panels"]
]
VARIABLES = [
    pytest.param(variable, id=f"{name}-{variable['name']}")
    for name, board in BOARDS.items()
    for variable in board["templating"]["list"]
]
POWER = {("lund", "l-1", "1"): (9_000, 11_000), ("lund", "l-1", "2"): (0, 50_000), ("malmo", "m 1", "1"): (7_000, 0)}
Ask = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Queries of a server with a few readings, in which what Grafana fills in is filled in."""
    if installed() is None:
        missing("influxd 1.x is not on PATH")
    now = int(time.time())  # Grafana's `now()` is the server's
    with influxd_1(tmp_path_factory.mktemp("grafana")) as server:
        lines = []
        for (site, station, connector), powers in POWER.items():
            tags = f"site={site},station={station.replace(' ', chr(92) + ' ')},connector={connector}"
            for minute, power in enumerate(powers):
                at = now - 120 + 60 * minute
                values = (
                    f"power_w={power},offered_w=150000,soc={40 + minute},temperature_c=30,energy_wh={1000 + minute}"
                )
                lines.append(f"meter,{tags} {values} {at}")
            lines.append(f'status,{tags} status="Faulted",error_code="GroundFailure" {now - 60}')
            lines.append(f'transaction,{tags} event="start",session="s" {now - 60}')
        _post(f"{server.settings.url}/query", urllib.parse.urlencode({"q": 'CREATE DATABASE "charging"'}).encode())
        _post(f"{server.settings.url}/write?db=charging&precision=s", "\n".join(lines).encode())

        def query(text: str) -> list[dict[str, Any]]:
            filled = text.replace("$timeFilter", "time > now() - 24h").replace("$__interval", "1m")
            filled = filled.replace("$site", ".*").replace("$station", ".*")
            assert "$" not in filled.replace("$/", ""), filled
            parameters = urllib.parse.urlencode({"db": "charging", "epoch": "ms", "q": filled})
            with urllib.request.urlopen(f"{server.settings.url}/query?{parameters}") as answer:
                [result] = json.load(answer)["results"]
            assert "error" not in result, (filled, result)
            series: list[dict[str, Any]] = result.get("series", [])
            return series

        yield query


def _post(address: str, body: bytes) -> None:
    urllib.request.urlopen(urllib.request.Request(address, body, method="POST")).close()


@pytest.mark.parametrize("panel", PANELS)
def test_every_panel_shows_something(ask: Ask, panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        series = ask(target["query"])
        assert any(value is not None for each in series for row in each["values"] for value in row[1:])
        assert all(f"$tag_{tag}" not in target["alias"] or tag in each["tags"] for each in series
                   for tag in ("site", "station", "connector"))  # fmt: skip


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_choice_has_values(ask: Ask, variable: dict[str, Any]) -> None:
    [series] = ask(variable["query"])
    at = ("site", "station", "connector").index(variable["name"])
    assert {value for _, value in series["values"]} == {place[at] for place in POWER}


def test_the_figures_are_those_of_the_readings(ask: Ask) -> None:
    first = {panel["title"]: panel["targets"][0]["query"] for panel in BOARDS["network"]["panels"]}
    for title, value in {
        "Power now": 61_000,
        "Connectors that send": 3,
        "Sessions begun": 3,
        "Faults reported": 3,
    }.items():
        [series] = ask(first[title])
        assert series["values"][-1][1] == value, title


def test_boards_and_source_belong_together() -> None:
    source = YAML(typ="safe").load(ROOT / "docker/grafana/datasources/influxdb.yaml")["datasources"][0]
    used = {panel["datasource"]["uid"] for board in BOARDS.values() for panel in board["panels"]}
    assert used == {source["uid"]}
    assert len({board["uid"] for board in BOARDS.values()}) == len(BOARDS)
