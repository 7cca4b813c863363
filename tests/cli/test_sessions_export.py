"""`laddvakt sessions export`: CDRs by the tariff version that priced them, which seal; reports, which do not."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

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
        plug_out=end, closed_at=end, user=None, group=None, stop_reason="=1+1", energy_wh=10_000.0, register_start_wh=0,
        register_stop_wh=10_000, integrated_wh=None, charging_time=timedelta(hours=1), idle_time=timedelta(),
        average_power_w=None, peak_power_w=None, soc_in=None, soc_out=None, phases=None, flags=frozenset(),
        diagnosis=None, state="open", periods=(period,),
    )  # fmt: skip


def moved(session: Session, at: datetime) -> Session:
    return replace(session, plug_in=at, started=at, stopped=at, plug_out=at, closed_at=at, periods=(), energy_wh=0.0)


class Run:
    """Runs `laddvakt sessions export` with options."""

    def __call__(self, *options: str) -> Result:
        return self.sessions("export", *options)

    def sessions(self, *arguments: str) -> Result:
        result = CliRunner().invoke(commands, ["sessions", *arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.stderr
        return result


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Any:
    month_end = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)  # half past midnight on 1 July in Stockholm
    later = [moved(visit(4), month_end)] if "parquet" in request.node.name else []
    database = Database(f"sqlite:///{tmp_path / 'state.sqlite'}")
    database.migrate()
    for hour, price in enumerate((3, 4)):
        (tmp_path / "t.yaml").write_text(TARIFF % price, encoding="utf-8")
        book = load_files({"t.yaml": tmp_path / "t.yaml"})
        TariffStore(database).note(book.tariffs.values(), NOON + timedelta(hours=hour))
        if hour == 0:
            SessionStore(database).save([bill(visit(number), book, Register(), "plug_out") for number in (1, 2)])
            SessionStore(database).save([visit(3), *later])
    database.close()
    monkeypatch.setenv("LADDVAKT_STATE__URL", f"sqlite:///{tmp_path / 'state.sqlite'}")
    monkeypatch.chdir(tmp_path)
    return Run()


def lines_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_priced_sessions_with_the_tariff_of_their_time(run: Any) -> None:
    result = run()
    made = json.loads(result.stdout)
    assert [each["id"] for each in made] == ["s1", "s2"]
    assert made[0]["tariffs"][0]["elements"][0]["price_components"][0]["price"] == 3
    assert made[0]["total_cost"] == {"excl_vat": 30, "incl_vat": 37.5}
    assert "s1: missing country_code, party_id, cdr_token.country_code" in result.stderr
    assert "export 1: once more with --run 1" in result.stderr


def test_a_second_export_is_empty_unless_it_is_asked_for(run: Any, tmp_path: Path) -> None:
    first = run("--ocpi", "2.3.0").stdout
    assert json.loads(run().stdout) == []
    assert run("--again").stdout == first
    assert run("--run", "1", "--output", str(tmp_path / "cdrs" / "again.json")).stdout == ""
    assert (tmp_path / "cdrs" / "again.json").read_text() == first
    assert [each["id"] for each in json.loads(run("--session", "s1").stdout)] == ["s1"]
    with pytest.raises(InputError, match="there is no export 7"):
        run("--run", "7")
    with pytest.raises(InputError, match="there is no session 's9'"):
        run("--session", "s9")


def test_a_dry_run_seals_nothing(run: Any) -> None:
    shown = run("--dry-run")
    assert [each["id"] for each in json.loads(shown.stdout)] == ["s1", "s2"]
    assert "2 CDRs shown, nothing sealed" in shown.stderr
    assert [row["state"] for row in lines_of(run("--format", "csv").stdout)] == ["priced", "priced", "open"]


def test_incomplete_cdrs_may_be_left_out(run: Any) -> None:
    result = run("--complete-only")
    assert json.loads(result.stdout) == []
    assert "s1: left out: it is not complete" in result.stderr


def test_credit_cdrs_go_out_with_the_next_export(run: Any) -> None:
    run("--ocpi", "2.3.0")
    written_off = run.sessions("review", "write-off", "s1", "--reason", "goodwill", "--by", "anna")
    assert written_off.stdout == "s1: credited\n"
    (made,) = json.loads(run().stdout)
    assert (made["id"], made["credit_reference_id"]) == ("s1-C", "s1")
    assert made["total_cost"] == {
        "before_taxes": -30,
        "taxes": [{"name": "VAT", "percentage": 25, "amount": -7.5}],
    }


def test_reports_as_csv_and_json(run: Any) -> None:
    rows = lines_of(run("--format", "csv", "--to", "2026-06-02").stdout)
    assert [(row["id"], row["energy_wh"], row["total_incl_vat"]) for row in rows] == [
        ("s1", "10000.0", "37.5"), ("s2", "10000.0", "37.5"), ("s3", "10000.0", ""),
    ]  # fmt: skip
    assert rows[0]["stop_reason"] == "'=1+1"  # no formula in a spreadsheet
    items = json.loads(run("--format", "json", "--session", "s1").stdout)
    assert [(item["id"], item["total_excl_vat"]) for item in items] == [("s1", 30.0)]
    assert json.loads(run("--format", "json", "--from", "2026-06-02").stdout) == []


def test_parquet_by_month_of_the_home_zone(run: Any, tmp_path: Path) -> None:
    result = run("--format", "parquet", "--output", str(tmp_path / "out"))
    assert f"4 sessions in 2 months under {tmp_path / 'out'}" in result.stderr
    names = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.parquet"))
    assert names == [f"{kind}/2026-{month}.parquet" for kind in ("periods", "sessions") for month in ("06", "07")]
    july = pq.read_table(tmp_path / "out" / "sessions" / "2026-07.parquet").to_pylist()
    assert [(row["id"], row["plug_in"].isoformat()) for row in july] == [("s4", "2026-06-30T22:30:00+00:00")]
    june = pq.read_table(tmp_path / "out" / "sessions" / "2026-06.parquet").to_pylist()
    assert june[0]["total_excl_vat"] == Decimal("30.000000")
    periods = pq.read_table(tmp_path / "out" / "periods" / "2026-06.parquet").to_pylist()
    assert [(row["session"], row["kind"], row["energy_wh"]) for row in periods] == [
        (f"s{number}", "charging", 10_000.0) for number in (1, 2, 3)
    ]
    with pytest.raises(AssertionError, match="give --output DIR"):
        run("--format", "parquet")
