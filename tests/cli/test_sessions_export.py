"""`laddvakt sessions export`: stored sessions as CDRs, by the version of the tariff that priced them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from monitor.cli import commands
from monitor.errors import InputError
from monitor.ids import Place
from monitor.register import Register
from monitor.sessions.billing import bill
from monitor.sessions.model import Period, Session
from monitor.state.database import Database
from monitor.state.sessions import SessionStore
from monitor.state.tariffs import TariffStore
from monitor.tariffs.files import load_files

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TARIFF = """
tariffs: [{id: t, currency: SEK, elements: [{price_components: [{type: ENERGY, price: %s, vat: 25}]}]}]
assign: [{tariff: t}]
"""


def visit(number: int) -> Session:
    end = NOON + timedelta(hours=1)
    period = Period(NOON, end, "charging", "Charging", 10_000.0, 10_000.0, None)
    return Session(
        id=f"s{number}", place=Place("s", "t", "1"), transaction="1", plug_in=NOON, started=NOON, stopped=end,
        plug_out=end, closed_at=end, user=None, group=None, stop_reason=None, energy_wh=10_000.0, register_start_wh=0,
        register_stop_wh=10_000, integrated_wh=None, charging_time=timedelta(hours=1), idle_time=timedelta(),
        average_power_w=None, peak_power_w=None, soc_in=None, soc_out=None, phases=None, flags=frozenset(),
        diagnosis=None, state="open", periods=(period,),
    )  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    database = Database(f"sqlite:///{tmp_path / 'state.sqlite'}")
    database.migrate()
    for hour, price in enumerate((3, 4)):
        (tmp_path / "t.yaml").write_text(TARIFF % price, encoding="utf-8")
        book = load_files({"t.yaml": tmp_path / "t.yaml"})
        TariffStore(database).note(book.tariffs.values(), NOON + timedelta(hours=hour))
        if hour == 0:
            SessionStore(database).save([bill(visit(number), book, Register(), "plug_out") for number in (1, 2)])
            SessionStore(database).save([visit(3)])
    database.close()
    monkeypatch.setenv("LADDVAKT_STATE__URL", f"sqlite:///{tmp_path / 'state.sqlite'}")
    monkeypatch.chdir(tmp_path)
    return lambda *options: CliRunner().invoke(commands, ["sessions", "export", *options], catch_exceptions=False)


def test_priced_sessions_with_the_tariff_of_their_time(run: Any) -> None:
    result = run()
    made = json.loads(result.stdout)
    assert [each["id"] for each in made] == ["s2", "s1"]
    assert made[0]["tariffs"][0]["elements"][0]["price_components"][0]["price"] == 3
    assert made[0]["total_cost"] == {"excl_vat": 30, "incl_vat": 37.5}
    assert "s1: missing country_code, party_id, cdr_token.country_code" in result.stderr


def test_one_session_credited_in_2_3_0(run: Any) -> None:
    (made,) = json.loads(run("--session", "s1", "--credit", "--ocpi", "2.3.0").stdout)
    assert (made["id"], made["credit_reference_id"]) == ("s1-C", "s1")
    assert made["total_cost"] == {
        "before_taxes": -30,
        "taxes": [{"name": "VAT", "percentage": 25, "amount": -7.5}],
    }
    with pytest.raises(InputError, match="there is no session 's9'"):
        run("--session", "s9")
