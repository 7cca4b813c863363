"""Rollups on SQLite and PostgreSQL."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.ids import Place
from monitor.insight.watching import Told
from monitor.state.database import Database
from monitor.state.insight import Chosen, InsightStore
from monitor.state.rollups import Rollups
from monitor.state.sessions import SessionStore
from monitor.state.spells import _write
from monitor.units import to_us
from tests import postgresql
from tests.conftest import missing
from tests.insight.test_incremental import EMPTY, NOON, PLACE, session


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path / 'state.sqlite'}")
        made.migrate()
        yield made
        made.close()
        return
    if postgresql.installed() is None:
        missing("no PostgreSQL (Debian: apt-get install postgresql)")
    with postgresql.server() as server:
        made = Database(postgresql.database(server))
        made.migrate()
        yield made
        made.close()


def test_every_question_is_answered(database: Database) -> None:
    again = Place("lund", "l-1", "2")
    SessionStore(database).save([
        session(1, NOON, user="anna"), session(2, NOON + timedelta(minutes=30), place=again, soc_in=20.0, soc_out=80.0),
        session(3, NOON + timedelta(days=70), details={"charging_time": "unknown"}),
    ])  # fmt: skip
    with database.begin() as tx:
        start = to_us(NOON + timedelta(minutes=40))
        _write(tx, Place("lund", "l-1"), [Told("2", "down", start, start + 3_600_000_000, "Faulted", "GroundFailure")])
    assert Rollups(database).bring_up_to_date(EMPTY) == 1
    store, now = InsightStore(database), NOON + timedelta(days=80)
    rows = store.performance(EMPTY, "connector", Chosen(), now).rows
    assert [(row.group.subject, row.figures["sessions"]) for row in rows] == [(PLACE.subject, 2), (again.subject, 1)]
    assert rows[0].figures["energy_wh"] == 18_000
    assert rows[0].figures["charging_s"] == 1800
    assert rows[1].figures["soc_out"] == 80
    part = store.performance(EMPTY, "site", Chosen(NOON, NOON + timedelta(hours=5)), now).rows[0]
    assert part.figures["full_share"] == 0.5 / 5
    (pool,) = store.congestion(
        EMPTY, Chosen(NOON - timedelta(days=3), NOON + timedelta(days=3)), now, timedelta(minutes=5)
    )
    assert (pool.evses, pool.arrivals) == (2, 2)
    assert store.behaviour(EMPTY, Chosen(), now).arrivals == 3
    assert store.revenue(EMPTY, Chosen(), now) == []
    assert store.anomalies() == []
    assert Rollups(database).bring_up_to_date(EMPTY) == 0
