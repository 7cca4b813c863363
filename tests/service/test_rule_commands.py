"""`laddvakt rules`: over the running service, and without one."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from monitor.cli import commands
from tests.service.conftest import Running


def run(service: Running, *arguments: str) -> str:
    """The command in this process: a new one takes seconds to begin on a busy machine."""
    config = str(service.folder / "laddvakt.toml")
    done = CliRunner().invoke(commands, ["rules", *arguments, "--config", config])
    return str(done.exception) if done.exception else done.output


def as_json(service: Running, *arguments: str) -> Any:
    return json.loads(run(service, *arguments, "--json"))


def a_dead_session(service: Running, now: datetime) -> None:
    place = "site=lund,station=l-1,connector=2"
    began = int((now - timedelta(minutes=8)).timestamp())
    lines = [f'transaction,{place},event=start session="78",meter_wh=5000 {began}']
    lines += [f'status,{place} status="Charging" {began}']
    lines += [f'meter,{place} power_w=400,energy_wh={5000 + 7 * m},session="78" {began + 60 * m}' for m in range(9)]
    assert service.write("\n".join(lines)) == 204


def test_list_and_explain_over_the_running_service_and_after_it(service: Running) -> None:
    now = datetime.now(UTC)
    service.start()
    a_dead_session(service, now)
    service.eventually(lambda: service.items("/api/v1/alerts?state=firing"), "the alert fires")
    rows = {row["id"]: row for row in as_json(service, "list")["items"]}
    mine = rows["no-power"]
    assert (mine["state"], mine["matches"], mine["error"]) == ("runs", 1, "")
    assert mine["duration_s"] > 0
    assert [episode["subject"] for episode in mine["episodes"]] == ["lund/l-1/2"]
    assert {"source-stale", "evaluation-late", "mail-stuck"} <= set(rows)

    told = as_json(service, "explain", "no-power", "lund/l-1/2")
    assert (told["truth"], told["level"]) == (True, "critical")
    assert [part["text"] for part in told["expressions"]["when"]["parts"]] == [
        'status == "Charging"', "avg(power_w, 10m) < 5 kW",
    ]  # fmt: skip
    assert told["expected"]["rating"] == 150_000
    assert told["alert"]["state"] == "firing"
    assert "told to noc" in told["alert"]["reasons"]
    earlier = (now - timedelta(hours=1)).isoformat()
    before = as_json(service, "explain", "no-power", "lund/l-1/2", "--at", earlier)
    assert (before["truth"], before["alert"]["state"]) == (None, "none")
    text = run(service, "explain", "no-power", "lund/l-1/2")
    assert "avg(power_w, 10m) = 400 W" in text
    assert "alert: firing critical" in text
    assert "did you mean 'no-power'?" in run(service, "explain", "no-powr", "lund/l-1/2")
    assert "write SITE/STATION/CONNECTOR" in run(service, "explain", "no-power", "lund")

    own = as_json(service, "explain", "source-stale", "store")
    assert (own["subject"], own["truth"], own["alert"]["state"]) == ("source:store", False, "none")
    assert "not reachable = false" in run(service, "explain", "source-stale", "source:store")
    assert run(service, "explain", "source-stale", "mail").startswith("source-stale on source:mail")
    assert "parts are store, mail" in run(service, "explain", "source-stale", "stroe")
    assert "ask without --at" in run(service, "explain", "source-stale", "store", "--at", earlier)

    service.terminate()
    assert "start it (laddvakt run)" in run(service, "explain", "source-stale", "store")
    still = as_json(service, "explain", "no-power", "lund/l-1/2")
    assert (still["truth"], still["alert"]["state"]) == (True, "firing")
    rows = {row["id"]: row for row in as_json(service, "list")["items"]}
    assert (rows["no-power"]["state"], rows["no-power"]["matches"]) == ("not evaluated", None)
    assert rows["no-power"]["episodes"][0]["state"] == "firing"


@pytest.mark.parametrize("kind", ["rules", "notify", "sites"])
def test_the_schema_is_json(kind: str) -> None:
    done = CliRunner().invoke(commands, ["rules", "schema", kind])
    assert json.loads(done.output)["$schema"].startswith("https://json-schema.org/")
