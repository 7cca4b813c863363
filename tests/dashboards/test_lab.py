"""The lab: a rule tried over the last 24 hours, in a process of its own with limits, by operators only."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from dashboards import create_app
from monitor import config
from monitor.authoring import lab
from monitor.authoring.lab import Limits, mistakes, try_rules
from monitor.errors import InputError, Unavailable
from monitor.service import Service
from tests.serving import running

SITES = "sites: {lund: {stations: {l-1: {connectors: {1: {current: DC, rated: 50 kW}}}}}}\n"
NOTIFY = "receivers: {noc: {mail: [noc@x.se]}}\ndefault: {to: noc, group_wait: 0s}\n"
RULE = 'rules:\n  - {id: cold, title: t, on: connector, when: "temperature_c > 60 C", message: {summary: s}}\n'


@contextmanager
def hot_hour(folder: Path) -> Iterator[Service]:
    """A service with a connector that has been too hot for an hour."""
    (folder / "rules").mkdir()
    (folder / "rules" / "sites.yaml").write_text(SITES, encoding="utf-8")
    (folder / "rules" / "notify.yaml").write_text(NOTIFY, encoding="utf-8")
    paths = f'[paths]\nrules = "{folder / "rules"}"\nvar = "{folder / "var"}"\n[web]\nlisten = "127.0.0.1:0"\n'
    (folder / "laddvakt.toml").write_text(paths, encoding="utf-8")
    with running(config.load(folder / "laddvakt.toml")) as found:
        now = datetime.now(UTC)
        moments = [now - timedelta(minutes=minute) for minute in range(90, -1, -1)]
        lines = [
            f"meter,site=lund,station=l-1,connector=1 temperature_c={70 if now - at < timedelta(hours=1) else 20} "
            f"{int(at.timestamp())}"
            for at in moments
        ]
        found.intake.write("\n".join(lines).encode(), "s")
        yield found


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with hot_hour(tmp_path) as found:
        yield found


def post(service: Service, text: str, **more: str) -> Any:
    client = create_app(service).test_client()
    page = client.get("/rules/lab").get_data(as_text=True)
    [token] = set(re.findall(r'name="csrf_token" value="([^"]+)"', page))
    return client.post("/rules/lab", data={"csrf_token": token, "text": text, **more}, headers={"HX-Request": "true"})


def test_what_matches_now_and_what_would_have_been_sent(service: Service) -> None:
    before = service.alerts.counts()
    answer = post(service, RULE, **{"try": "1"})
    told = unescape(answer.get_data(as_text=True))
    assert answer.status_code == 200
    assert "1 episode, 1 mail" in told
    assert "temperature_c 70 °C" in told
    assert "[FIRING 1] warning lund/l-1: cold" in told
    assert service.alerts.counts() == before
    assert not list(Path(service.settings.paths.rules).rglob("alerts"))


def test_mistakes_are_told_with_line_column_and_remedy(service: Service) -> None:
    told = unescape(post(service, RULE.replace("temperature_c", "temprature_c")).get_data(as_text=True))
    assert "1 mistake" in told
    assert "did you mean 'temperature_c'" in told
    assert re.search(r'<code class="at">2:\d+</code>', told)
    assert "episode" not in told


def test_a_text_that_names_a_file_is_still_only_a_text(service: Service) -> None:
    told = post(service, "<script>alert(1)</script>: 1").get_data(as_text=True)
    assert "<script>" not in told


def test_it_takes_no_longer_than_it_may(service: Service) -> None:
    with pytest.raises(InputError, match="takes longer than 0 s here; try it with laddvakt rules backtest"):
        try_rules(RULE, service.settings, service.now(), Limits(seconds=0))


def test_it_takes_no_more_memory_than_it_may(service: Service) -> None:
    with pytest.raises(InputError, match="needs more than 200 MB of memory"):
        try_rules(RULE, service.settings, service.now(), Limits(memory=200 * 2**20))


def test_one_at_a_time(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = threading.Lock()
    taken.acquire()
    monkeypatch.setattr(lab, "_turn", taken)
    with pytest.raises(Unavailable, match="somebody else is trying a rule"):
        try_rules(RULE, service.settings, service.now())
    answer = post(service, RULE, **{"try": "1"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_a_long_text_is_not_even_read(service: Service) -> None:
    [problem] = mistakes("x" * 30_000, service.settings)
    assert problem.message == "longer than 20000 characters; try fewer rules at a time"


def test_it_begins_with_a_rule_in_force(service: Service) -> None:
    client = create_app(service).test_client()
    assert "rules:\n  - id: my-rule" in client.get("/rules/lab").get_data(as_text=True)
    assert client.get("/rules/lab?rule=nothing").status_code == 400
