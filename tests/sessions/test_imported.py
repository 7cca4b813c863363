"""Finished sessions without readings: what is doubtful, and that readings leave them alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.ids import Place
from monitor.ingest.session_table import read
from monitor.register import Register, RegisterFile
from monitor.sessions.imported import priced, sessions_of
from monitor.sessions.model import Session
from monitor.state.database import Database
from monitor.state.sessions import SessionStore
from monitor.tariffs.files import TariffBook
from monitor.units import to_us

HEADER = "session,site,station,connector,plug_in,plug_out,energy_wh,charging_s,max_power_w\n"
REGISTER = Register(
    RegisterFile.model_validate({"sites": {"s": {"stations": {"ac": {"connectors": {"1": {"rated": "11 kW"}}}}}}})
)


def imported(
    energy_wh: str = "11000", charging_s: str = "3600", max_power_w: str = "", connector: str = "1"
) -> Session:
    row = f"7,s,ac,{connector},2026-01-09T12:00:00Z,2026-01-09T14:00:00Z,{energy_wh},{charging_s},{max_power_w}\n"
    now = to_us(datetime(2026, 2, 1, tzinfo=UTC))
    rows = read((HEADER + row).encode(), {}, lambda _: ZoneInfo("UTC"), now)
    assert not rows.rejected
    (session,) = sessions_of(rows.table, REGISTER)
    return priced(session, TariffBook(), REGISTER, "plug_out")


DOUBTS = {
    "as rated": ({}, "open"),
    "twice the rating": ({"energy_wh": "26000"}, "review"),
    "kWh taken for Wh would be no doubt": ({"energy_wh": "11"}, "open"),
    "Wh a thousand times": ({"energy_wh": "11000000", "charging_s": ""}, "review"),
    "more than its own peak": ({"connector": "9", "max_power_w": "3700"}, "review"),
    "an outlet without a rating": ({"connector": "9", "energy_wh": "90000"}, "open"),
    "no energy": ({"energy_wh": ""}, "review"),
}


@pytest.mark.parametrize(("given", "state"), DOUBTS.values(), ids=DOUBTS.keys())
def test_energy_that_cannot_be_goes_to_review(given: dict[str, str], state: str) -> None:
    assert imported(**given).state == state


def test_charging_first_and_idle_after(noon: datetime) -> None:
    session = imported()
    assert [(p.kind, p.start, p.end, p.energy_wh) for p in session.periods] == [
        ("charging", noon, noon + timedelta(hours=1), 11_000),
        ("parking", noon + timedelta(hours=1), noon + timedelta(hours=2), 0),
    ]
    assert session.average_power_w == 11_000


def test_kwh_over_plugged_time_is_no_speed() -> None:
    session = imported(charging_s="")
    assert session.average_power_w is None
    assert sum(period.energy_wh for period in session.periods) == 11_000


@pytest.fixture
def store(tmp_path: Path) -> Any:
    database = Database(f"sqlite:///{tmp_path / 'state.sqlite'}")
    database.migrate()
    yield SessionStore(database)
    database.close()


def test_readings_neither_withdraw_nor_replace_it(store: SessionStore, noon: datetime) -> None:
    session = imported()
    assert store.imports() == 0
    assert store.import_finished([session]).stored == 1
    store.end_import([session.place])
    assert store.imports() == 1
    store.save([], position=5, reassembled={Place("s", "ac", "1"): noon - timedelta(days=1)})
    assert store.get(session.id) == session
    again = store.import_finished([session])
    assert (again.stored, again.unchanged) == (0, 1)


def test_what_is_known_from_readings_wins(store: SessionStore, depot: Any, charger: Any) -> None:
    charger.place = Place("s", "ac", "1")
    (seen,) = depot.write(charger.start(0, 1_000, "7").charge(1, 30, 1_180, 11.0).stop(31, 6_500, "7")).read(60)
    store.save([seen], position=1)
    session = imported()
    assert session.id == seen.id
    assert store.import_finished([session]).assembled == 1
    found = store.get(seen.id)
    assert found is not None
    assert found.energy_wh == 5_500
