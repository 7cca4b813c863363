"""What changed at a connector is found where its sessions are rolled up."""

from datetime import timedelta

import numpy as np
import pytest

from monitor.ids import Place
from monitor.state.database import Database
from monitor.state.insight import InsightStore
from monitor.state.rollups import Rollups
from monitor.state.sessions import SessionStore
from tests.insight.test_incremental import EMPTY, NOON, PLACE, session
from tests.insight.test_uptime import database  # noqa: F401 - a fixture


def test_half_the_power_since_the_hundredth_session(database: Database) -> None:  # noqa: F811
    chance = np.random.default_rng(2)
    well = Place("lund", "l-1", "2")
    found = []
    for n in range(140):
        factor = 0.5 if n >= 100 else 1.0
        for place, power in ((PLACE, 60_000 * factor), (well, 60_000)):
            peak = power * float(np.exp(chance.normal(0, 0.2)))
            at = NOON + timedelta(hours=6 * n)
            found.append(session(1000 * (place == well) + n, at, place=place, peak_power_w=peak, wh=None))
    SessionStore(database).save(found)
    Rollups(database).bring_up_to_date(EMPTY)
    (told,) = InsightStore(database).anomalies("lund")
    assert (told.place, told.figure) == (PLACE, "peak_power_w")
    assert abs(told.since - (NOON + timedelta(hours=600))) <= timedelta(hours=18)
    assert told.found - told.since < timedelta(hours=6 * 20)
    assert told.after / told.before == pytest.approx(0.5, rel=0.2)
    assert InsightStore(database).anomalies("elsewhere") == []
