"""Full pools: by hour of the week as pandas counts it, what is lost, and what a pool has too little of."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor import documents
from monitor.ids import Place
from monitor.insight.congestion import Congestion, PoolWeek, bottleneck, congestion, lost
from monitor.insight.occupancy import HOURS
from monitor.register import Register, parse
from monitor.state.database import Database
from monitor.state.insight import Chosen, InsightStore
from monitor.state.insight_due import note_span
from monitor.state.rollups import Rollups
from monitor.state.sessions import SessionStore
from monitor.units import to_us
from tests.insight.real import AC_SITE, DC_SITE, ac_frame, dc_frame
from tests.insight.test_incremental import session
from tests.insight.test_uptime import Spells, at, heartbeats, status, store, write  # noqa: F401 - a fixture

TARGET = timedelta(minutes=5)
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def test_taken_by_hour_of_week_is_what_pandas_counts_minute_by_minute(real: Database, shared: Path) -> None:
    start, end = pd.Timestamp("2019-09-01T22:00Z"), pd.Timestamp("2019-09-29T22:00Z")  # four whole weeks in Stockholm
    found = InsightStore(real).congestion(Register(), Chosen(start, end, AC_SITE), NOON, TARGET)[0]
    frame = ac_frame(shared)
    minutes = pd.date_range(start, end, freq="1min", inclusive="left", tz="UTC")
    came = np.searchsorted(np.sort(frame["plug_in"].to_numpy()), minutes.to_numpy(), "right")
    left = np.searchsorted(np.sort(frame["plug_out"].to_numpy()), minutes.to_numpy(), "right")
    local = minutes.tz_convert("Europe/Stockholm")
    load = pd.Series(came - left).groupby([local.day_of_week, local.hour]).mean()
    assert found.load_by_hour == pytest.approx(load.to_list(), abs=0.6)
    assert np.corrcoef(found.load_by_hour, load.to_list())[0, 1] > 0.9999
    assert found.arrivals == ((frame["plug_in"] >= start) & (frame["plug_in"] < end)).sum()
    assert found.peak_hour == int(np.argmax(load.to_list()))


def test_full_by_hour_of_week_at_the_real_dc_station(real: Database, shared: Path) -> None:
    start, end = pd.Timestamp("2022-06-05T22:00Z"), pd.Timestamp("2022-07-31T22:00Z")  # eight weeks
    found = InsightStore(real).congestion(Register(), Chosen(start, end, DC_SITE), NOON, TARGET)[0]
    frame = dc_frame(shared)
    seconds = pd.date_range(start, end, freq="20s", inclusive="left", tz="UTC")
    taken = {}
    for plug, its in frame.groupby("connector"):
        there = np.zeros(len(seconds) + 1)
        for a, b in zip(its["plug_in"], its["plug_out"], strict=True):
            there[np.searchsorted(seconds, a) : np.searchsorted(seconds, b)] = 1
        taken[plug] = there[:-1]
    full = np.logical_and(*taken.values()) if len(taken) == 2 else None
    local = seconds.tz_convert("Europe/Stockholm")
    by_hour = pd.Series(full).groupby([local.day_of_week, local.hour]).mean()
    assert found.full_by_hour == pytest.approx(by_hour.to_list(), abs=2e-3)
    assert (found.evses, found.pool) == (2, "unknown")
    assert found.pool_full_share == pytest.approx(float(np.mean(full)), rel=2e-3)


def week(evses: int = 2, weeks: int = 4, **hours: dict[int, float]) -> PoolWeek:
    grid = np.zeros((len(HOURS), 168), np.int64)
    for name, values in hours.items():
        for hour, value in values.items():
            grid[HOURS.index(name), hour] = value
    return PoolWeek("lund", "DC", evses, grid, np.full(7, weeks))


def test_lost_sessions_come_as_often_as_the_others_of_their_hour() -> None:
    # In four Mondays 08-09 the pool was full for half of the time, and eight cars found a place in the other half.
    found = week(full_s={8: 7200}, arrivals={8: 8})
    assert lost(found) == pytest.approx(8 / 28 * 30)


def test_an_hour_that_is_always_full_loses_at_the_rate_of_the_others() -> None:
    found = week(full_s={8: 4 * 3600}, arrivals={9: 8})
    usual = 8 / (4 * 3600 * 167)
    assert lost(found) == pytest.approx(usual * 4 * 3600 / 28 * 30)


def test_more_load_than_evses_waits_for_ever_and_says_how_many_are_needed() -> None:
    found = congestion(week(taken_s={8: 2 * 4 * 3600}, arrivals={8: 16}), 300)
    assert (found.peak_hour, found.peak_load, found.stay_s) == (8, 2.0, 1800)
    assert (found.wait_share, found.wait_s) == (1.0, None)
    assert found.evses_needed == 4


def test_nothing_known_is_null() -> None:
    found = congestion(week(weeks=0), 300)
    assert (found.pool_full_share, found.peak_load, found.wait_s, found.lost_sessions) == (None, None, None, None)
    assert set(found.full_by_hour) == {None}


@pytest.mark.parametrize(
    ("full", "down", "idle", "limited", "kind"),
    [
        (0.001, 0.9, 0.9, 0.9, None), (None, None, None, None, None), (0.1, 0.2, 0.9, 0.9, "faults"),
        (0.1, 0.0, 0.4, 0.9, "idle"), (0.1, None, 0.1, 0.6, "power"), (0.1, None, None, None, "plugs"),
    ],
    ids=["hardly full", "unknown", "faults", "idle cars", "shared power", "nothing else"],
)  # fmt: skip
def test_the_kind_of_bottleneck(
    full: float | None, down: float | None, idle: float | None, limited: float | None, kind: str | None
) -> None:
    assert bottleneck(full, down, idle, limited) == kind


REGISTER = parse(
    documents.parse(
        """
sites:
  lund:
    zone: UTC
    stations:
      l-1: {connectors: {1: {current: DC, rated: 150 kW}, 2: {current: DC, rated: 150 kW}}}
      l-2: {connectors: {1: {current: AC, rated: 22 kW}}}
""",
        "sites.yaml",
    ),
    "UTC",
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'state.sqlite'}")
    made.migrate()
    yield made
    made.close()


def dc_pool(database: Database) -> Congestion:
    Rollups(database).bring_up_to_date(REGISTER)
    day = NOON.replace(hour=0)
    found = InsightStore(database).congestion(
        REGISTER, Chosen(day, day + timedelta(days=1)), NOON + timedelta(days=9), TARGET
    )
    return next(each for each in found if each.pool == "DC 150 to 350 kW")


def test_who_comes_right_after_a_full_stretch(database: Database) -> None:
    one, two = Place("lund", "l-1", "1"), Place("lund", "l-1", "2")
    SessionStore(database).save([
        session(1, NOON, 60, place=one), session(2, NOON + timedelta(minutes=30), 60, place=two),
        session(3, NOON + timedelta(minutes=63), 10, place=one),
    ])  # fmt: skip
    found = dc_pool(database)
    # Full from 12:30 to 13:00, and again from 13:03 to 13:13.
    assert found.pool_full_share == pytest.approx(40 / (24 * 60))
    assert (found.arrivals, found.after_full) == (3, 1)


def test_an_evse_that_does_not_work_makes_its_pool_smaller(database: Database, store) -> None:  # noqa: F811
    SessionStore(database).save([session(1, NOON, 120, place=Place("lund", "l-1", "1"))])
    assert dc_pool(database).pool_full_share == 0
    write(store, "link", *heartbeats(0, 300))
    write(store, "status", status(0, "Available"), status(0, "Available", "2"), status(60, "Faulted", "2"))
    write(store, "status", status(240, "Available", "2"))
    store.bring_up_to(at(300))
    Spells(database, store).bring_up_to(at(300), REGISTER)
    assert dc_pool(database).pool_full_share == pytest.approx(60 / (24 * 60))


def test_a_connector_that_only_sends_statuses_is_an_evse_of_its_pool(database: Database, store) -> None:  # noqa: F811
    day = NOON.replace(hour=0)
    SessionStore(database).save([session(1, NOON, 60, place=Place("lund", "l-1", "1"))])
    asked = Chosen(day - timedelta(days=1), day + timedelta(days=2))  # two whole days in Stockholm
    Rollups(database).bring_up_to_date(Register())
    before = InsightStore(database).congestion(Register(), asked, NOON + timedelta(days=9), TARGET)
    assert (before[0].evses, before[0].pool_full_share) == (1, pytest.approx(1 / 48))
    write(store, "status", status(0, "Available", "2"))
    store.bring_up_to(at(10))
    Spells(database, store).bring_up_to(at(10), Register())
    Rollups(database).bring_up_to_date(Register())
    after = InsightStore(database).congestion(Register(), asked, NOON + timedelta(days=9), TARGET)
    assert (after[0].evses, after[0].pool_full_share) == (2, 0)


def test_a_pool_whose_evses_are_all_down_is_not_full(database: Database, store) -> None:  # noqa: F811
    SessionStore(database).save([session(1, NOON, 10, place=Place("lund", "l-1", "1"))])
    write(store, "status", *(status(m, s, c) for c in ("1", "2") for m, s in ((60, "Faulted"), (240, "Available"))))
    store.bring_up_to(at(300))
    Spells(database, store).bring_up_to(at(300), REGISTER)
    with database.begin() as tx:
        note_span(tx, "lund", to_us(NOON), to_us(NOON))
    assert dc_pool(database).pool_full_share == 0
