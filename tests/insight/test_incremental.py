"""Rollups follow the sessions: new, late, corrected, withdrawn ones, a register that changes."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor import documents
from monitor.ids import Place
from monitor.insight.performance import Row
from monitor.register import Register, parse
from monitor.sessions.model import Session
from monitor.state.database import Database
from monitor.state.insight import Chosen, InsightStore
from monitor.state.rollups import Rollups
from monitor.state.sessions import SessionStore

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
PLACE = Place("lund", "l-1", "1")
EMPTY = Register()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'state.sqlite'}")
    made.migrate()
    yield made
    made.close()


def session(
    number: int, at: datetime, minutes: float = 60, *, place: Place = PLACE, wh: float | None = 9_000.0,
    user: str | None = None, **more: object,
) -> Session:  # fmt: skip
    left = at + timedelta(minutes=minutes)
    found = Session(
        id=f"s-{number}", place=place, transaction=str(number), plug_in=at, started=at, stopped=left, plug_out=left,
        closed_at=left, user=user, group=None, stop_reason=None, energy_wh=wh, register_start_wh=None,
        register_stop_wh=None, integrated_wh=None, charging_time=timedelta(minutes=minutes / 2),
        idle_time=timedelta(minutes=minutes / 4), average_power_w=None, peak_power_w=11_000.0, soc_in=None,
        soc_out=None, phases=3, flags=frozenset(), diagnosis=None, state="open",
    )  # fmt: skip
    return replace(found, **more)  # type: ignore[arg-type]


def connector(database: Database, register: Register = EMPTY, place: Place = PLACE, **chosen: datetime) -> Row:
    Rollups(database).bring_up_to_date(register)
    found = InsightStore(database).performance(register, "connector", Chosen(**chosen), NOON + timedelta(days=30))
    return next(row for row in found.rows if row.group.subject == place.subject)


def test_new_changed_and_late_sessions_are_in_the_next_figures(database: Database) -> None:
    store = SessionStore(database)
    store.save([session(1, NOON), session(2, NOON + timedelta(hours=2))])
    assert connector(database).figures["sessions"] == 2
    assert connector(database).figures["energy_wh"] == 18_000
    store.save([session(2, NOON + timedelta(hours=2), wh=10_000.0)])
    assert connector(database).figures["energy_wh"] == 19_000
    store.import_finished([session(3, NOON - timedelta(days=400), details={"seen_by": "import"})])
    assert connector(database).figures["sessions"] == 3
    assert connector(database, start=NOON).figures["sessions"] == 2


def test_a_session_that_is_withdrawn_is_gone(database: Database) -> None:
    store = SessionStore(database)
    store.save([session(1, NOON), session(2, NOON + timedelta(days=2))])
    assert connector(database).figures["sessions"] == 2
    store.save([], position=7, reassembled={PLACE: NOON + timedelta(days=1)})
    assert connector(database).figures["sessions"] == 1


def test_a_car_that_is_still_there_is_counted_when_it_has_left(database: Database) -> None:
    store = SessionStore(database)
    store.save([session(1, NOON), session(2, NOON + timedelta(hours=3), plug_out=None, closed_at=None, stopped=None)])
    assert connector(database).figures["sessions"] == 1
    store.save([session(2, NOON + timedelta(hours=3))])
    assert connector(database).figures["sessions"] == 2


def test_nothing_is_done_where_nothing_changed(database: Database) -> None:
    SessionStore(database).save([session(1, NOON)])
    assert Rollups(database).bring_up_to_date(EMPTY) == 1
    assert Rollups(database).bring_up_to_date(EMPTY) == 0


def test_rolled_up_bit_by_bit_in_any_order_is_the_same_as_at_once(tmp_path: Path) -> None:
    chance = random.Random(5)
    places = [Place("lund", "l-1", "1"), Place("lund", "l-1", "2"), Place("malmo", "m-1", "1")]
    every = [
        session(
            n, NOON + timedelta(minutes=chance.randint(0, 60 * 24 * 40)), chance.choice([1, 30, 600, 4000]),
            place=chance.choice(places), user=chance.choice([None, "a", "b"]), wh=chance.choice([None, 0.0, 8_000.0]),
        )
        for n in range(150)
    ]  # fmt: skip
    answers = []
    for name, sizes in (("once", [150]), ("bits", [40, 1, 1, 60, 48])):
        database = Database(f"sqlite:///{tmp_path / f'{name}.sqlite'}")
        database.migrate()
        waiting = every if name == "once" else chance.sample(every, 150)
        for size in sizes:
            SessionStore(database).save(waiting[:size])
            waiting = waiting[size:]
            Rollups(database).bring_up_to_date(EMPTY)
        found = InsightStore(database).performance(EMPTY, "connector", Chosen(), NOON + timedelta(days=60))
        answers.append({row.group.subject: row.figures for row in found.rows})
        database.close()
    assert answers[0] == answers[1]


def test_attempts_of_one_car_within_ten_minutes_count_once(database: Database) -> None:
    other = PLACE._replace(connector="2")
    SessionStore(database).save([
        session(1, NOON, 1, wh=0.0, user="anna"),
        session(2, NOON + timedelta(minutes=8), 40, place=other, user="anna"),
        session(3, NOON + timedelta(hours=3), 1, wh=0.0, user="anna"),
        session(4, NOON + timedelta(hours=3), 5, place=other, wh=0.0),
        session(5, NOON + timedelta(hours=3, minutes=6), 30, place=other),
    ])  # fmt: skip
    Rollups(database).bring_up_to_date(EMPTY)
    found = InsightStore(database).performance(EMPTY, "site", Chosen(), NOON + timedelta(days=1)).rows[0].figures
    assert found["success_rate"] == pytest.approx(2 / 5)
    assert found["visit_success_rate"] == pytest.approx(2 / 4)  # anna's first two attempts are one visit, served
    assert (found["moves"], found["short_stops"]) == (1, 2)


def test_what_is_not_known_counts_neither_way(database: Database) -> None:
    SessionStore(database).save([
        session(1, NOON, wh=None),
        session(2, NOON + timedelta(hours=2), wh=None, started=None, stopped=None),  # plugged in, never began
        session(3, NOON + timedelta(hours=4), details={"charging_time": "unknown"}, charging_time=timedelta(0)),
    ])  # fmt: skip
    found = connector(database).figures
    assert found["success_rate"] == pytest.approx(1 / 2)
    assert found["charging_s"] == 2 * 30 * 60
    assert found["idle_share"] == pytest.approx(2 * 15 / 120)
    assert found["average_power_w"] is None  # no session has both energy and charging time


REGISTER = """
sites:
  lund:
    zone: {zone}
    stations:
      l-1:
        vendor: Zaptec
        connectors:
          1: {{current: DC, rated: 150 kW{evse}}}
          2: {{current: DC, rated: 150 kW{evse}}}
"""


def registered(zone: str = "Europe/Stockholm", evse: str = "") -> Register:
    return parse(documents.parse(REGISTER.format(zone=zone, evse=evse), "sites.yaml"), "Europe/Stockholm")


def test_another_register_means_other_pools_and_days(database: Database) -> None:
    day = {"start": NOON.replace(hour=0), "end": NOON.replace(hour=0) + timedelta(days=1)}
    SessionStore(database).save([session(1, NOON, 120)])
    assert connector(database, **day).figures["full_share"] == pytest.approx(2 / 24)
    # Now two EVSEs, one of them free; then two plugs of one EVSE.
    assert connector(database, registered(), **day).figures["full_share"] == 0
    shared = registered(evse=", evse: A")
    assert connector(database, shared, **day).figures["full_share"] == pytest.approx(2 / 24)
    assert connector(database, registered("Asia/Tokyo", ", evse: A"), **day).figures["full_share"] == pytest.approx(
        2 / 24
    )


def test_how_full_a_site_was_before_its_first_session_is_unknown(database: Database) -> None:
    SessionStore(database).save([session(1, NOON, 120)])
    midnight = NOON.replace(hour=0)
    before = {"start": midnight - timedelta(days=30), "end": midnight}
    assert connector(database, registered(), **before).figures["full_share"] is None
    after = {"start": midnight, "end": midnight + timedelta(days=1)}
    assert connector(database, registered(), **after).figures["full_share"] == 0
