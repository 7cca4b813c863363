"""A connector's last 90 days: what nobody saw is never usable, today counts up to now, days are the site's."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from dashboards import create_app
from monitor.ids import Place
from monitor.state.database import Database
from monitor.state.insight import InsightStore
from monitor.state.insight_tables import insight_ports, insight_spells
from monitor.state.spells import Spells
from tests.dashboards import sample

PLACE = Place("lund", "l-1", "1")
STOCKHOLM = ZoneInfo("Europe/Stockholm")
HOUR = 3600.0


def on(day: int, hour: int = 0) -> datetime:
    """A moment of March 2026, whose 29th has 23 hours."""
    return datetime(2026, 3, day, hour, tzinfo=STOCKHOLM)


@pytest.fixture
def insight(tmp_path: Path) -> Any:
    database = Database(f"sqlite:///{tmp_path / 'state.sqlite'}")
    database.migrate()
    spells = [("down", on(27), on(28)), ("unseen", on(28), on(28, 12)), ("down", on(30, 6), None)]
    with database.begin() as tx:
        tx.execute(insert(insight_ports).values(**PLACE._asdict(), first_us=on(26, 12).astimezone(UTC)))
        for condition, start, end in spells:
            row = {"condition": condition, "start_us": start.astimezone(UTC), "end_us": end and end.astimezone(UTC)}
            tx.execute(insert(insight_spells).values(**PLACE._asdict(), **row, status="Faulted", error_code=""))
    yield InsightStore(database)
    database.close()


def test_each_day_has_what_is_known_of_it(insight: InsightStore) -> None:
    days = insight.by_day(PLACE, STOCKHOLM, on(30, 12), 6)
    told = [(day.day, port and (port.usable_s / HOUR, port.down_s / HOUR, port.total_s / HOUR)) for day, port in days]
    assert told == [
        (25, None), (26, (12, 0, 12)), (27, (0, 24, 24)), (28, (12, 0, 24)), (29, (23, 0, 23)), (30, (6, 6, 12)),
    ]  # fmt: skip


def test_of_a_connector_that_never_said_anything_nothing_is_known(insight: InsightStore) -> None:
    days = insight.by_day(Place("lund", "l-1", "2"), STOCKHOLM, on(30, 12), 90)
    assert len(days) == 90
    assert {port for _, port in days} == {None}


def test_the_page_draws_a_bar_a_day_and_names_the_neighbours(tmp_path: Path) -> None:
    with sample.busy_service(tmp_path) as service:
        Spells(service.database, service.store).bring_up_to(sample.NOW, service.register)
        client = create_app(service).test_client()
        page = client.get("/connectors/malmo-central/mc-1/1").get_data(as_text=True)
        unheard = client.get("/connectors/malmo-central/mc-2/1").get_data(as_text=True)
    today = sample.NOW.date().isoformat()
    assert page.count('class="unseen"') == 90  # today it was heard of since half past ten alone
    assert page.count('class="usable"') == 1
    assert f"{today}: usable" in page
    assert 'href="/connectors/malmo-central/mc-1/2"' in page
    assert 'class="availability"' not in unheard


def test_the_session_under_way_has_its_price_so_far(tmp_path: Path) -> None:
    with sample.busy_service(tmp_path) as service:
        here = service.session_at(sample.SLOW)
        assert here is not None
        assert here.bill is not None
        page = create_app(service).test_client().get("/connectors/malmo-central/mc-1/1").get_data(as_text=True)
    amount = f"{here.bill.total.incl_vat:.2f}".replace(".", ",")
    assert f"{amount}\xa0kr" in page
