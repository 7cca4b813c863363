"""What rules read of sessions."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor.ids import Place
from monitor.sessions.for_rules import HISTORY_SCHEMA, SESSIONS_SCHEMA, history_table, sessions_table
from monitor.units import to_us


def test_sessions_under_way(paper: Any, charger: Any, noon: datetime) -> None:
    charger.visit()
    charger.rows = [row for row in charger.rows if row.minute < 70]
    table = sessions_table(paper.write(charger).read(80))
    assert table.schema == SESSIONS_SCHEMA
    (row,) = table.to_pylist()
    assert (row["site"], row["station"], row["connector"]) == ("s", "ac", "1")
    assert row["started_us"] == to_us(noon + timedelta(minutes=2))
    assert row["stopped_us"] is None
    assert row["peak_w"] == 11_000
    assert row["idle_since_us"] == to_us(noon + timedelta(minutes=62))
    assert row["flags"] == []


def test_finished_sessions_are_not_among_them(paper: Any, charger: Any) -> None:
    assert sessions_table(paper.write(charger.visit()).read(200)).num_rows == 0


@pytest.mark.parametrize(
    ("averages", "usual"),
    [
        ([1.0] * 10 + [50.0] * 9, None),
        ([1.0] * 10 + [50.0] * 4 + [52.0] + [60.0] * 5, 56.0),
        ([1.0] * 10 + [50.0] * 50 + [90.0] * 100, 50.0),
        ([], None),
    ],
)
def test_the_usual_power_is_of_sessions_11_to_60_back(averages: list[float], usual: float | None) -> None:
    table = history_table({Place("s", "ac", "1"): averages})
    assert table.schema == HISTORY_SCHEMA
    assert table.to_pylist() == [{"site": "s", "station": "ac", "connector": "1", "usual_power_w": usual}]
