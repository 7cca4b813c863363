"""`laddvakt sessions user`: the whole way from a charger's token to an export of it, and to nothing."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dashboards import LOCAL_TOKEN, create_app
from monitor.cli import commands
from monitor.config import Paths, Settings
from monitor.errors import InputError
from monitor.readings import running
from monitor.service import Service
from tests.browser.shots import served
from tests.state.visits import TARIFF

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
TAG = "04A1B2C3"


class Stopped:
    """A clock that stands still, a day after the session."""

    speed = 1.0

    def now(self) -> datetime:
        return NOON + timedelta(days=1)

    def real_time_of(self, moment: datetime) -> datetime:
        return moment


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(commands, ["sessions", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return result


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """One session of an hour by one tag, closed and priced."""
    (tmp_path / "rules" / "tariffs").mkdir(parents=True)
    (tmp_path / "rules" / "tariffs" / "t.yaml").write_text(TARIFF)
    monkeypatch.chdir(tmp_path)
    with closing_service(tmp_path) as started:
        at = int(NOON.timestamp())
        place = "site=s,station=t,connector=1"
        started.intake.write(
            f'transaction,{place},event=start session="7",user="{TAG}",meter_wh=0,contract_id="SE-ABC-C1" {at}\n'
            f'status,{place} status="Charging" {at}\n'
            f"meter,{place} power_w=10000,energy_wh=5000 {at + 1800}\n"
            f'transaction,{place},event=stop session="7",meter_wh=10000 {at + 3600}\n'
            f'status,{place} status="Available" {at + 3610}\n'.encode(),
            "s",
        )
        started.tick()
        yield started


def closing_service(folder: Path) -> Any:
    started = Service(Settings(paths=Paths(rules=folder / "rules", var=folder / "var")), Stopped())
    return closing(Closing(started))


class Closing:
    """A service that `closing` can stop."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)

    def close(self) -> None:
        self._service.stop()


def test_a_user_is_given_out_and_erased_beside_a_stopped_service(service: Any, tmp_path: Path) -> None:
    service.close()
    given = json.loads(run("user", "export", TAG).stdout)
    (session,) = given["sessions"]
    hashed = given["user"]
    assert (hashed[:2], session["user"], session["energy_wh"], session["state"]) == ("u-", hashed, 10_000, "priced")
    assert [row["event"] for row in given["transactions"]] == ["start"]
    assert json.loads(run("user", "export", hashed).stdout) == given
    with pytest.raises(InputError, match="not exported yet"):
        run("user", "erase", TAG)
    run("export", "--output", str(tmp_path / "cdrs.json"))
    assert run("user", "erase", TAG, "--by", "dpo").stdout == "erased from 1 sessions and 1 readings\n"
    with pytest.raises(InputError, match="nothing is kept of this user"):
        run("user", "export", TAG)
    assert run("list").stdout.count(" sealed") == 1


def test_the_running_service_erases_in_the_store_that_it_has_open(service: Any, tmp_path: Path) -> None:
    app = create_app(service)
    app.extensions[LOCAL_TOKEN] = "secret"
    with served(app) as address, running.announce(service.store.path, address, "secret"):
        assert run("user", "erase", TAG, "--unbilled").stdout == "erased from 1 sessions and 1 readings\n"
        with pytest.raises(InputError, match="nothing is kept of this user"):
            run("user", "export", TAG)
    refused = app.test_client().post("/api/v1/users/erase", json={"tokens": [TAG]})
    assert refused.status_code == 401
