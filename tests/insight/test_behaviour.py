"""How people use it: distributions as the data's README has them, nobody told of in cells of fewer than five."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from monitor.insight.behaviour import FEWEST_USERS, returning
from monitor.register import Register
from monitor.state.database import Database
from monitor.state.insight import Chosen, InsightStore
from monitor.state.rollups import Rollups
from monitor.state.sessions import SessionStore
from monitor.state.spells import Spells
from tests.insight.real import DC_SITE, dc_frame
from tests.insight.test_incremental import EMPTY, session
from tests.insight.test_uptime import at, database, status, store, write  # noqa: F401 - fixtures

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def test_the_dc_sessions_as_pandas_sees_them(real: Database, shared: Path) -> None:
    found = InsightStore(real).behaviour(Register(), Chosen(site=DC_SITE), NOW)
    frame = dc_frame(shared)
    minutes = (frame["plug_out"] - frame["plug_in"]).dt.total_seconds() / 60
    assert found.arrivals == len(frame)
    assert list(found.stays.values()) == np.histogram(minutes, [0, 15, 30, 60, 120, 240, 480, 720, 1e9])[0].tolist()
    kwh = frame["energy_wh"] / 1000
    assert list(found.energies.values()) == np.histogram(kwh, [0, 0.1, 5, 10, 20, 30, 40, 60, 1e9])[0].tolist()
    assert list(found.soc_in.values()) == np.histogram(frame["soc_in"], [*range(0, 100, 10), 1000])[0].tolist()
    local = frame["plug_in"].dt.tz_convert("Europe/Stockholm")
    months = local.dt.strftime("%Y-%m").value_counts()
    told = {f"{1970 + month // 12}-{month % 12 + 1:02d}": n for month, n in found.by_month.items()}
    assert told == months.to_dict()
    busiest = local.dt.day_of_week * 24 + local.dt.hour
    counts = busiest.value_counts().reindex(range(168), fill_value=0)
    assert np.corrcoef([each or 0 for each in found.arrivals_by_hour], counts)[0, 1] > 0.999
    stay = minutes.groupby(busiest).mean().reindex(range(168))
    told_min = [None if each is None else each / 60 for each in found.stay_by_hour]
    assert [each is None for each in told_min] == stay.isna().to_list()
    assert [each or 0 for each in told_min] == pytest.approx(stay.fillna(0).to_list(), rel=1e-3)


def test_cells_of_fewer_than_five_users_are_not_told_nor_their_sum() -> None:
    found = returning([1] * 40 + [2] * 7 + [4] * 3, 100)
    assert found.cells == {"1": 40, "2": 7, "3–5": None, "6–10": 0, "11–": 0}
    assert found.users is None
    assert found.known_share == pytest.approx(66 / 100)
    whole = returning([1] * 40 + [2] * FEWEST_USERS, 50)
    assert (whole.cells["2"], whole.users) == (5, 45)
    assert returning([], 0).users == 0


def test_problems_people_met(database: Database, store) -> None:  # noqa: F811
    SessionStore(database).save([
        session(1, at(0), 1, wh=0.0), session(2, at(30), 60), session(3, at(200), 60, stop_reason="PowerLoss"),
    ])  # fmt: skip
    write(store, "status", status(0, "Available"), status(60, "Faulted"), status(120, "Available"))
    store.bring_up_to(at(300))
    Spells(database, store).bring_up_to(at(300), EMPTY)
    Rollups(database).bring_up_to_date(EMPTY)
    found = InsightStore(database).behaviour(EMPTY, Chosen(), at(300) + timedelta(days=2))
    assert found.problems == {
        "failed_starts": 1, "short_stops": 1, "moves": 0, "stopped_by_fault": 1, "unplugged_faulted": 1,
    }  # fmt: skip


def test_without_statuses_nobody_knows_who_left_a_faulted_connector(database: Database) -> None:  # noqa: F811
    SessionStore(database).save([session(1, at(0), 30)])
    Rollups(database).bring_up_to_date(EMPTY)
    assert InsightStore(database).behaviour(EMPTY, Chosen(), at(60)).problems["unplugged_faulted"] is None
