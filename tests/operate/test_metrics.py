"""What Prometheus is told of the service: every figure documented, every alert tried, by Prometheus' own tool."""

import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from dashboards import create_app
from monitor.rules.answer import Flow
from tests.conftest import ROOT
from tests.dashboards import sample

ALERTS = ROOT / "dashboards" / "prometheus" / "alerts.yaml"
DOCUMENT = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
DOCUMENTED = {
    name: (kind, frozenset(filter(None, labels.split(", "))))
    for name, kind, labels in re.findall(r"^\| `(laddvakt_\w+)` \| (\w+) \| ([\w, ]*?) ?\| ", DOCUMENT, re.MULTILINE)
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with sample.busy_service(tmp_path_factory.mktemp("metrics")) as busy:
        busy.flow = Flow(sample.NOW, rows_1m=12, silent=False)
        yield create_app(busy).test_client()


def scraped(client: FlaskClient) -> dict[str, tuple[str, frozenset[str]]]:
    """Kind and labels of each figure of ours, by the name that it is asked for by."""
    found = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        if family.name.startswith("laddvakt_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            found[name] = family.type, frozenset(label for each in family.samples for label in each.labels)
    return found


def test_every_figure_is_documented_and_no_other(client: FlaskClient) -> None:
    assert scraped(client) == DOCUMENTED


def test_memory_and_processor_are_told_too(client: FlaskClient) -> None:
    text = client.get("/metrics").text
    assert "process_resident_memory_bytes" in text
    assert "process_cpu_seconds_total" in text


def test_ticks_and_messages_add_up(client: FlaskClient) -> None:
    text = client.get("/metrics").text
    for line in (
        'laddvakt_notifications_sent_total{channel="mail"} 7.0',
        'laddvakt_notification_failures_total{channel="mail"} 2.0',
        "laddvakt_evaluation_duration_seconds_sum 0.21",
        "laddvakt_connectors_unregistered 1.0",
    ):
        assert line in text


def test_alerts_name_figures_that_exist() -> None:
    rules = YAML(typ="safe").load(ALERTS)["groups"][0]["rules"]
    assert len(rules) == 12
    for rule in rules:
        names = set(re.findall(r"laddvakt_\w+", rule["expr"]))
        assert names <= DOCUMENTED.keys(), rule["alert"]
        assert names or "up{" in rule["expr"]
        assert {"summary", "description"} == set(rule["annotations"])


@pytest.mark.parametrize(
    "arguments",
    [("check", "rules", str(ALERTS)), ("test", "rules", str(ROOT / "tests" / "operate" / "alerts_test.yaml"))],
    ids=["check", "test"],
)
def test_promtool_takes_the_alerts_and_each_fires_when_it_should(arguments: tuple[str, ...]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool (Debian: prometheus) is not on PATH")
    found = subprocess.run([promtool, *arguments], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
