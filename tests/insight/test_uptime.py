"""NEVI's formula on worked examples; availability over known time; statuses as they come."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from monitor.ids import Place
from monitor.insight.uptime import YEAR_MINUTES, Exclusion, Port, Spell, combined, nevi_uptime, port_of
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.store import Batch
from monitor.register import Register
from monitor.state.database import Database
from monitor.state.spells import Spells, ports
from monitor.units import to_us

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
PLACE = Place("lund", "l-1", "1")


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("outage", "excluded", "percent"),
    [
        pytest.param(0, 0, 100.0, id="never down"),
        pytest.param(15_768, 0, 97.0, id="the 97 % that the rule asks for: 15,768 min a year"),
        pytest.param(15_769, 0, 96.9998, id="a minute more is under it"),
        pytest.param(20_000, 10_000, 98.0974, id="half of the outage was the grid's"),
        pytest.param(43_200, 43_200, 100.0, id="a month of vandalism, all excluded"),
        pytest.param(525_600, 0, 0.0, id="down all year"),
    ],
)
def test_the_formula_of_23_cfr_680_116(outage: float, excluded: float, percent: float) -> None:
    found = nevi_uptime(YEAR_MINUTES, outage, excluded)
    assert found is not None
    assert 100 * found == pytest.approx(percent, abs=5e-5)


def test_no_minutes_no_uptime() -> None:
    assert nevi_uptime(0, 0, 0) is None


def port(*spells: Spell, excluded: tuple[Exclusion, ...] = (), first: float = -1000, hours: float = 10) -> Port:
    found = port_of(at(first), spells, excluded, NOON, at(hours * 60))
    assert found is not None
    return found


def down(start: float, end: float | None, code: str = "GroundFailure", status: str = "Faulted") -> Spell:
    return Spell("down", at(start), None if end is None else at(end), status, code)


def unseen(start: float, end: float | None) -> Spell:
    return Spell("unseen", at(start), None if end is None else at(end))


def test_an_hour_of_ten() -> None:
    found = port(down(60, 120))
    assert (found.uptime, found.availability, found.known_share) == (0.9, 0.9, 1.0)
    assert (found.faults, found.recovered, found.recovered_s) == (1, 1, 3600)
    assert found.faults_by_code == {"GroundFailure": 1}


def test_what_is_excluded_is_excused_as_far_as_it_was_an_outage() -> None:
    power_cut = Exclusion(at(90), at(300), "grid")
    assert port(down(60, 120), excluded=(power_cut,)).uptime == 0.95


def test_unseen_time_is_not_down_and_not_known() -> None:
    found = port(unseen(0, 300), down(400, 430))
    assert found.uptime == 0.95
    assert found.availability == pytest.approx(270 / 300)
    assert found.known_share == 0.5


def test_silence_ends_no_outage_for_nevi_but_is_unknown_for_availability() -> None:
    found = port(down(60, 180), unseen(120, 200))
    assert found.uptime == 0.8
    assert found.availability == pytest.approx((600 - 140) / (600 - 80))


def test_spells_that_overlap_the_edges_or_one_another_count_once() -> None:
    found = port(down(-60, 60), down(30, 90, status="Unavailable"), down(590, None))
    assert found.uptime == pytest.approx(1 - 100 / 600)
    assert (found.faults, found.recovered) == (1, 0)  # the first began before, the last goes on


def test_a_port_counts_from_its_first_status_on() -> None:
    assert port_of(at(700), [], [], NOON, at(600)) is None
    assert port(down(540, 600), first=480).uptime == 0.5


def test_a_site_is_the_sum_of_its_ports() -> None:
    both = combined([port(), port(down(0, 300))])
    assert both is not None
    assert both.uptime == 0.75
    assert combined([]) is None


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    made = EmbeddedStore(tmp_path / "readings.duckdb", timedelta(minutes=30))
    yield made
    made.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'state.sqlite'}")
    made.migrate()
    yield made
    made.close()


def write(store: EmbeddedStore, measurement: str, *rows: tuple[float, dict[str, Any]]) -> None:
    table = pa.Table.from_pylist([
        {"site": "lund", "station": "l-1", "time_us": to_us(at(minutes)), **values} for minutes, values in rows
    ])  # fmt: skip
    store.append(Batch({measurement: table}, received_at=NOW))


NOW = at(24 * 60)


def status(minutes: float, value: str, connector: str = "1", code: str = "NoError") -> tuple[float, dict[str, Any]]:
    return minutes, {"connector": connector, "status": value, "error_code": code}


def heartbeats(first: int, last: int) -> list[tuple[float, dict[str, Any]]]:
    return [(minute, {"event": "heartbeat", "interval_s": 300.0}) for minute in range(first, last, 5)]


def known(database: Database, store: EmbeddedStore, hours: float = 10, now: datetime = NOW) -> Port:
    store.bring_up_to(now)
    Spells(database, store).bring_up_to(now, Register())
    with database.read() as connection:
        return ports(connection, NOON, at(60 * hours))[PLACE]


def test_statuses_make_outages(store: EmbeddedStore, database: Database) -> None:
    write(store, "link", *heartbeats(0, 600))
    write(store, "status", status(0, "Available"), status(60, "Faulted", code="GroundFailure"), status(90, "Available"))
    found = known(database, store)
    assert found.uptime == pytest.approx(0.95)
    assert found.availability == pytest.approx(0.95)
    assert found.faults_by_code == {"GroundFailure": 1}


def test_the_stations_own_status_holds_for_its_connectors(store: EmbeddedStore, database: Database) -> None:
    write(store, "link", *heartbeats(0, 600))
    write(store, "status", status(0, "Available"), status(60, "Unavailable", "0"), status(180, "Available", "0"))
    assert known(database, store).uptime == pytest.approx(0.8)


def test_silence_makes_unknown_until_a_status_comes(store: EmbeddedStore, database: Database) -> None:
    write(store, "link", *heartbeats(0, 120), *heartbeats(300, 600))
    write(store, "status", status(0, "Available"), status(360, "Available"))
    found = known(database, store)
    # Silent since eleven minutes after the heartbeat of minute 115, known again by the status of minute 360.
    assert found.known_share == pytest.approx(1 - (360 - 126) / 600)
    assert (found.uptime, found.availability) == (1, 1)


def test_rows_that_come_late_or_in_bits_make_the_same(tmp_path: Path) -> None:
    statuses = [
        status(0, "Available"), status(45, "Faulted", code="OverVoltage"), status(70, "Available"),
        status(200, "Charging"), status(290, "Faulted", code="GroundFailure"), status(350, "Available"),
    ]  # fmt: skip
    beats = [*heartbeats(0, 130), *heartbeats(190, 600)]
    ways = {
        "at once": [(statuses, beats)],
        "bit by bit": [(statuses[n : n + 1], beats[20 * n : 20 * n + 20]) for n in range(6)],
        "late": [([*statuses[:1], *statuses[3:]], beats[:10]), (statuses[1:3], beats[10:])],
    }
    found = {}
    for name, parts in ways.items():
        folder = tmp_path / name
        store, database = (
            EmbeddedStore(folder / "r.duckdb", timedelta(minutes=30)),
            Database(f"sqlite:///{folder}/s.sqlite"),
        )
        database.migrate()
        for some, alive in parts:
            write(store, "link", *alive) if alive else None
            write(store, "status", *some)
            known(database, store)
        found[name] = known(database, store)
        store.close()
        database.close()
    assert found["at once"].faults_by_code == {"OverVoltage": 1, "GroundFailure": 1}
    assert found["bit by bit"] == found["at once"]
    assert found["late"] == found["at once"]


def test_a_restart_goes_on_from_what_was_saved(store: EmbeddedStore, database: Database) -> None:
    write(store, "link", *heartbeats(0, 100))
    write(store, "status", status(0, "Available"), status(60, "Faulted"))
    first = known(database, store, now=at(100))
    assert first.recovered == 0
    write(store, "link", *heartbeats(100, 600))
    write(store, "status", status(120, "Available"))
    assert known(database, store).uptime == pytest.approx(0.9)
