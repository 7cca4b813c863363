"""Pages with more alerts than anybody can read, and what silences hide of them."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert

from dashboards import create_app
from monitor.alerts.model import Alert
from monitor.rules.answer import LEVELS, Texts
from monitor.state.alert_rows import to_row
from monitor.state.tables import alerts
from tests.dashboards import sample
from tests.dashboards.sample import NOW, SampleService

COUNT = 2000


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleService]:
    """Two thousand alerts that fire."""
    with sample.empty_service(tmp_path_factory.mktemp("crowded")) as service:
        firing = [
            Alert(
                id=0, rule="slow-charging", subject=f"site-{number % 50}/station-{number}/1", state="firing",
                level=LEVELS[number % 3], labels={"team": "field-service"}, pending_at=NOW - timedelta(minutes=number),
                firing_at=NOW - timedelta(minutes=number),
                texts={"en": Texts("Slow charging", "gives 11,2 kW, 118 kW expected " * 4)},
            )
            for number in range(COUNT)
        ]  # fmt: skip
        with service.database.begin() as tx:
            tx.execute(insert(alerts), [to_row(alert) for alert in firing])
        yield service


@pytest.fixture
def client(crowded: SampleService) -> FlaskClient:
    return create_app(crowded).test_client()


@pytest.mark.parametrize("path", ["/", "/alerts", "/alerts?sort=-id", "/silences", "/rules"])
def test_a_page_counts_first_and_shows_no_more_than_a_person_reads(client: FlaskClient, path: str) -> None:
    page = client.get(path, headers={"Accept": "text/html"}).text
    assert len(page.encode()) < 150_000
    assert page.count("<tr") <= 500
    if path == "/alerts":
        heading = page[page.index("<h1>") : page.index("</h1>")]
        assert re.sub(r"\D", "", heading.removeprefix("<h1>")) == str(COUNT)
        assert len(re.findall(r'href="/alerts/\d+"', page)) == 100


def test_every_alert_is_told_by_shape_and_word_beside_its_colour(client: FlaskClient) -> None:
    page = unescape(client.get("/alerts").text)
    states = re.findall(r'<span class="state">(.*?)</span></span>', page, re.DOTALL)
    assert len(states) == 100
    for state in states:
        shape = re.search(r'<use href="#s-(\w+)"/>', state)
        assert shape is not None
        assert shape[1] in state.rpartition("<span>")[2]


def test_the_oldest_silence_stands_first_with_author_end_and_what_it_hides(
    client: FlaskClient, crowded: SampleService
) -> None:
    for site, author in (("site-1", "anna"), ("nowhere", "bo"), ("site-*", "carl")):
        crowded.responses.silence(
            {"site": [site]}, author=author, reason=f"works of {author}", starts_at=NOW, at=NOW,
            ends_at=NOW + timedelta(hours=4),
        )  # fmt: skip
    crowded.responses.silence(
        {"site": ["site-2"]}, author="dora", reason="later", starts_at=NOW + timedelta(hours=1), at=NOW,
        ends_at=NOW + timedelta(hours=4),
    )  # fmt: skip
    page = unescape(client.get("/silences").text)
    order = [page.index(f"works of {author}") for author in ("anna", "bo", "carl")]
    assert order == sorted(order)
    anna, bo, carl = (page[start : start + 1200] for start in order)
    assert re.search(r"\d+ alerts of the 500 worst", anna)
    assert "2026-03-04 17:42" in anna
    assert "nothing at the moment" in bo
    assert "500 alerts of the 500 worst" in carl
    assert "not yet in force" in page
