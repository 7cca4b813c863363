"""Lines beside the key figures: gaps are gaps, and the words say what the line shows."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboards import create_app
from dashboards.sparkline import sparkline
from monitor.state.database import Database
from monitor.state.trend import KeyFigures, Trend
from tests.dashboards import sample

END = datetime(2026, 5, 2, tzinfo=UTC)
START = END - timedelta(hours=24)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


PATHS = {
    "nothing": ([], None),
    "one point": ([(at(1), 5.0)], None),
    "unknown": ([(at(1), None), (at(2), None), (at(3), 1.0)], None),
    "a slope": ([(at(0), 0.0), (at(0.5), 10.0)], "M0.0 22.0L2.1 2.0"),
    "level": ([(at(0), 0.0), (at(0.5), 0.0)], "M0.0 12.0L2.1 12.0"),
    "a gap": ([(at(0), 0.0), (at(12), 10.0), (at(12.5), 5.0)], "M0.0 22.0M50.0 2.0L52.1 12.0"),
}


@pytest.mark.parametrize(("points", "path"), PATHS.values(), ids=PATHS.keys())
def test_paths(points: list[tuple[datetime, float | None]], path: str | None) -> None:
    found = sparkline(points, START, END)
    assert (found and found.path) == path


def test_a_quarter_of_an_hour_is_kept_once_over_restarts_and_old_ones_are_forgotten(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'state.sqlite'}")
    database.migrate()
    trend = Trend(database)
    trend.note(START - timedelta(days=2), KeyFigures(1))
    trend.note(START, KeyFigures(2))
    assert not trend.due(START + timedelta(minutes=14))
    assert trend.due(START + timedelta(minutes=15))
    Trend(database).note(START + timedelta(minutes=5), KeyFigures(3))
    trend.note(START + timedelta(minutes=20), KeyFigures(None, 5.0))
    assert [(when, each.taken, each.power_w) for when, each in trend.since(START - timedelta(days=9))] == [
        (START, 2, None),
        (START + timedelta(minutes=15), None, 5.0),
    ]
    database.close()


def test_the_page_draws_them_and_says_from_what_to_what(tmp_path: Path) -> None:
    with sample.busy_service(tmp_path) as service:
        page = create_app(service).test_client().get("/").get_data(as_text=True)
    assert page.count('class="spark"') == 6
    assert "24 h: 0 to 8" in page
    assert len(re.findall('d="M[^"M]*M[^"M]*"', page)) == 6  # the hour of which nothing is known


def test_without_a_past_there_are_no_lines(tmp_path: Path) -> None:
    with sample.empty_service(tmp_path) as service:
        assert 'class="spark"' not in create_app(service).test_client().get("/").get_data(as_text=True)
