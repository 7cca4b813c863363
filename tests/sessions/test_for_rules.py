"""What rules read of sessions."""

from datetime import datetime, timedelta
from typing import Any

from monitor.rules.frame import SESSIONS
from monitor.sessions.for_rules import sessions_table
from monitor.units import to_us


def test_sessions_under_way(paper: Any, charger: Any, noon: datetime) -> None:
    charger.visit()
    charger.rows = [row for row in charger.rows if row.minute < 70]
    table = sessions_table(paper.write(charger).read(80))
    assert table.schema == SESSIONS
    (row,) = table.to_pylist()
    assert (row["site"], row["station"], row["connector"]) == ("s", "ac", "1")
    assert row["started_us"] == to_us(noon + timedelta(minutes=2))
    assert row["stopped_us"] is None
    assert row["peak_w"] == 11_000
    assert row["idle_since_us"] == to_us(noon + timedelta(minutes=62))
    assert row["flags"] == []


def test_finished_sessions_are_not_among_them(paper: Any, charger: Any) -> None:
    assert sessions_table(paper.write(charger.visit()).read(200)).num_rows == 0
