"""`laddvakt import` as its users run it: on the files, and while a service has the store open."""

import gzip
import json
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.readings.embedded import EmbeddedStore
from monitor.state.database import Database
from monitor.state.sessions import SessionStore

SITES = """
sites:
  lund: {zone: Europe/Stockholm, stations: {l-1: {connectors: {1: {current: AC, rated: 22 kW}}}}}
"""
TARIFFS = """
tariffs:
  - id: ac
    currency: SEK
    elements:
      - price_components:
          - {type: ENERGY, price: 4.00, vat: 25.0, step_size: 1}
          - {type: PARKING_TIME, price: 6.00, vat: 25.0, step_size: 1}
assign: [{tariff: ac}]
"""
LINES = """# a comment
meter,site=lund,station=l-1,connector=1 energy_wh=1000,colour=3 1777636800
meter,site=lund,station=l-1 energy_wh=1000 1777636801
meter,site=lund,station=l-1,connector=1 energy_wh=1100 1777636810
"""
MESSAGES = [
    {"time": "2026-05-01T12:00:00Z", "station": "l-1", "message": [2, "1", "StartTransaction", {
        "connectorId": 1, "idTag": "04AB", "meterStart": 0, "timestamp": "2026-05-01T12:00:00Z"}]},
    {"time": "2026-05-01T12:00:01Z", "station": "l-1", "message": [3, "1", {"transactionId": 7}]},
    {"time": "2026-05-01T12:00:02Z", "station": "elsewhere", "message": [2, "2", "Heartbeat", {}]},
]  # fmt: skip
SESSIONS = """session,site,station,connector,plug_in,plug_out,energy_wh,charging_s,user
a,lund,l-1,1,2026-05-01T10:00:00+02:00,2026-05-01T12:00:00+02:00,11000,3600,04AB
b,lund,l-1,1,2026-05-02 10:00,2026-05-02 11:00,5000,,
c,lund,l-1,1,2026-05-03 10:00,2026-05-03 09:00,5000,,
"""

Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def ops(tmp_path: Path) -> Path:
    (tmp_path / "rules" / "tariffs").mkdir(parents=True)
    (tmp_path / "rules" / "sites.yaml").write_text(SITES)
    (tmp_path / "rules" / "tariffs" / "t.yaml").write_text(TARIFFS)
    return tmp_path


@pytest.fixture
def run(ops: Path, laddvakt: Path) -> Run:
    """Exit code, and the report (or what was said on standard error)."""

    def command(*arguments: str | Path) -> tuple[int, Any]:
        done = subprocess.run(
            [laddvakt, "import", "--json", *arguments], cwd=ops, capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, done.stderr or json.loads(done.stdout)

    return command


@pytest.fixture
def rows(ops: Path) -> Callable[[str], list[dict[str, Any]]]:
    def of(measurement: str) -> list[dict[str, Any]]:
        with closing(EmbeddedStore(ops / "var" / "readings.duckdb", timedelta(minutes=30))) as store:
            return [row for batch in store.scan(measurement) for row in batch.to_pylist()]

    return of


@pytest.fixture
def sessions(ops: Path) -> Iterator[SessionStore]:
    database = Database(f"sqlite:///{ops / 'var' / 'state.sqlite'}")
    yield SessionStore(database)
    database.close()


def test_files_of_readings_go_into_the_store_and_what_is_wrong_is_named(ops: Path, run: Run, rows: Any) -> None:
    (ops / "lines.lp.gz").write_bytes(gzip.compress(LINES.encode()))
    (ops / "messages.jsonl").write_text("\n".join(json.dumps(line) for line in MESSAGES))
    for _ in range(2):
        code, report = run("lines.lp.gz", "messages.jsonl")
        assert code == 1
        assert report["unknown"] == {"meter.colour": 1}
        lines, messages = report["files"]
        assert (lines["stored"], messages["stored"]) == (2, 2)
        assert [(wrong["file"], wrong["line"]) for wrong in lines["rejected"]] == [("lines.lp.gz", 3)]
        assert "is not in the register" in messages["rejected"][0]["message"]
        assert [row["energy_wh"] for row in rows("meter")] == [1000, 1100]
        (start,) = rows("transaction")
        assert (start["session"], start["received_us"]) == ("7", 1777636801_000000 - 1_000_000)
        assert start["user"].startswith("u-")


def test_while_a_service_runs_the_rows_go_through_it(service: Any, laddvakt: Path) -> None:
    service.start()
    lock = service.folder / "var" / "readings.duckdb.running"
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600
    (service.folder / "lines.lp").write_text(LINES)
    (service.folder / "messages.jsonl").write_text("\n".join(json.dumps(line) for line in MESSAGES[:2]))
    done = subprocess.run(
        [laddvakt, "import", "lines.lp", "messages.jsonl"],
        cwd=service.folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert "lines.lp: 2 rows stored, 1 rejected\n  lines.lp:3: tag 'connector' is missing" in done.stdout
    assert done.stderr == ""
    assert [row["energy_wh"] for row in service.items("/api/v1/readings?measurement=meter")] == [1100, 1000]
    (service.folder / "more.csv").write_text(SESSIONS.replace("11000", "12000"))
    subprocess.run([laddvakt, "import", "more.csv"], cwd=service.folder, check=False, capture_output=True, timeout=60)
    found = {row["transaction"]: row for row in service.items("/api/v1/sessions")}
    assert (found["a"]["charging_s"], found["b"]["charging_s"]) == (3600, None)
    assert found["a"]["total_excl_vat"] is not None
    assert "12" in service.get(f"/sessions/{found['a']['id']}")
    service.terminate()
    assert not lock.exists()


def test_the_store_in_use_by_a_process_that_is_no_service(ops: Path, run: Run) -> None:
    (ops / "lines.lp").write_text(LINES)
    with closing(EmbeddedStore(ops / "var" / "readings.duckdb", timedelta(minutes=30))):
        code, said = run("lines.lp")
    assert code == 3
    assert "is in use by process" in said


def test_sessions_are_finished_priced_and_the_same_when_imported_twice(
    ops: Path, run: Run, sessions: SessionStore
) -> None:
    (ops / "s.csv").write_text(SESSIONS)
    code, report = run("s.csv")
    assert code == 1
    assert report["files"][0]["stored"] == 2
    (wrong,) = report["files"][0]["rejected"]
    assert (wrong["file"], wrong["line"], wrong["column"]) == ("s.csv", 4, "plug_out")
    assert wrong["message"].startswith("plug_out is before plug_in: '2026-05-03 09:00'; correct one of them")
    second, first = sessions.list()
    assert (first.transaction, first.energy_wh, first.state) == ("a", 11_000, "priced")
    assert first.user is not None
    assert first.user.startswith("u-")
    assert (first.charging_time, first.idle_time) == (timedelta(hours=1), timedelta(hours=1))
    assert first.bill is not None
    assert first.bill.total.excl_vat == 44 + 6
    assert first.closed_at == first.plug_out
    # Without an offset: the site's zone, summer time. Nobody knows how long it charged, so no time is priced.
    assert second.plug_in.isoformat() == "2026-05-02T08:00:00+00:00"
    assert second.bill is not None
    assert second.bill.total.excl_vat == 20
    assert second.bill.warnings == ("charging time unknown: no time is priced",)
    code, report = run("s.csv")
    assert (report["files"][0]["stored"], report["files"][0]["unchanged"]) == (0, 2)
    assert list(sessions.versions(first.id)) == []


def test_other_headings(ops: Path, run: Run, sessions: SessionStore) -> None:
    (ops / "s.csv").write_text("nr;start;end;kWh (total)\n1;2026-05-01T10:00:00Z;2026-05-01T11:00:00Z;7,5\n")
    mapping = ["session=nr", "site==lund", "station==l-1", "connector==1", "plug_in=start", "plug_out=end"]
    options = [part for entry in [*mapping, "energy_wh=kWh (total)*1000"] for part in ("--map", entry)]
    assert run("s.csv", *options)[0] == 0
    (session,) = sessions.list()
    assert session.energy_wh == 7_500


USAGE = {
    "unknown field": (["--map", "plugin=start"], 2, "there is no field 'plugin'"),
    "no heading": (["--map", "plug_in"], 2, "write FIELD=HEADING"),
    "missing column": (["--map", "plug_in=begin"], 1, "has no column 'begin'"),
    "missing required": ([], 1, "--map session=HEADING"),
    "zone": (["--zone", "Europe/Lund"], 2, "there is no such time zone"),
    "no such file": (["nothing.csv"], 2, "does not exist"),
    "mapping of lines": (["--format", "ocpp", "--map", "plug_in=start"], 2, "--map is for sessions"),
}


@pytest.mark.parametrize(("options", "code", "said"), USAGE.values(), ids=USAGE.keys())
def test_what_is_asked_wrongly_is_said(ops: Path, run: Run, options: list[str], code: int, said: str) -> None:
    (ops / "s.csv").write_text("nr,start,end\n1,2,3\n")
    found, message = run("s.csv", *options)
    assert found == code
    assert said in message


def test_a_gzip_that_ends_too_early(ops: Path, run: Run) -> None:
    (ops / "lines.lp.gz").write_bytes(gzip.compress(LINES.encode())[:-9])
    code, said = run("--format", "line-protocol", "lines.lp.gz")
    assert code == 1
    assert "lines.lp.gz: the gzip is broken" in said
