"""What pages say where there is nothing to show, and the next step."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from dashboards import create_app
from monitor.ids import Place
from monitor.insight.picture import Picture
from tests.dashboards import sample
from tests.dashboards.sample import NOW, SampleService, picture_row, table_of
from tests.dashboards.test_pages import text_of
from tests.security.cases import add_everybody, client_of


def test_where_no_reading_ever_came_in_the_line_that_sends_one_can_be_copied(fresh: SampleService) -> None:
    client = create_app(fresh).test_client()
    page = text_of(client, "/")
    assert "No reading has come in yet." in page
    assert "curl -i 'http://localhost/api/v2/write?org=any&bucket=any&precision=s' --data-binary" in page
    assert 'data-copy="first-reading"' in page
    assert "No reading has come in yet." not in text_of(client, "/?tv=1")
    assert "No reading has come in yet." not in text_of(client, "/rules")
    seen = picture_row(Place("a", "s", "1"), seen_us=1_700_000_000_000_000)
    fresh.picture, fresh.ticks = Picture(NOW, table_of([seen])), sample.Ticks()
    assert "No reading has come in yet." not in text_of(client, "/")


def test_with_users_the_line_shows_a_token(fresh: SampleService) -> None:
    add_everybody(fresh)
    app = create_app(fresh)
    assert "-H 'Authorization: Token TOKEN'" in text_of(client_of(app, "role viewer"), "/")
    assert 'href="/access"' in text_of(client_of(app, "role admin"), "/")


def test_the_line_is_one_that_the_service_takes(fresh: SampleService) -> None:
    client = create_app(fresh).test_client()
    line = re.search(r'<code id="first-reading">(.*?)</code>', client.get("/").text, re.DOTALL)
    assert line
    told = unescape(line[1])
    address = re.search(r"'http://localhost(.*?)'", told)
    body = told.split('--data-binary "', 1)[1].rstrip('"').replace("$(date +%s)", str(int(NOW.timestamp())))
    assert address
    assert client.post(address[1], data=body.replace('\\"', '"')).status_code == 204


def test_a_quiet_network_says_how_old_that_is(fresh: SampleService) -> None:
    client = create_app(fresh).test_client()
    page = text_of(client, "/alerts")
    assert "nothing new is known of the network" in page
    seen = picture_row(Place("a", "s", "1"), seen_us=int(NOW.timestamp() - 4) * 1_000_000)
    fresh.picture, fresh.ticks = Picture(NOW, table_of([seen])), sample.Ticks()
    page = " ".join(re.sub("<[^>]+>", "", text_of(client, "/alerts")).split())
    assert "No alerts are active. The last reading came 4 s ago." in page


@pytest.mark.parametrize("path", ["/alerts?rule=none", "/sessions?q=none", "/?q=none"])
def test_a_filter_that_matches_nothing_says_so_and_leads_back(client: FlaskClient, path: str) -> None:
    page = text_of(client, path)
    assert "these filters" in page
    assert "Show all" in page


def test_a_store_that_is_away_is_said_with_what_happens_meanwhile(fresh: SampleService) -> None:
    fresh.picture = Picture(NOW, table_of([picture_row(Place("a", "s", "1"))]))
    fresh.ticks = sample.Ticks(last_error="the store is closed")
    client = create_app(fresh).test_client()
    fresh.store.close()
    page = text_of(client, "/")
    assert "What could not be judged stays as it was: the store is closed" in page
    assert 'href="/health"' in page
    answer = client.get("/connectors/a/s/1", headers={"Accept": "text/html"})
    assert answer.status_code == 503
    assert "Readings that come in meanwhile are kept" in answer.text
    assert "Try again" in answer.text


def test_what_is_gone_says_what_it_was_and_where_to_go(client: FlaskClient) -> None:
    for path, said, link in (
        ("/alerts/999", "There is no alert 999.", "/alerts?state=all"),
        ("/sessions/no-such", "There is no session no-such any more.", "/sessions?q=no-such"),
        ("/no-such-page", "No page has this address", "/"),
    ):
        answer = client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 404
        assert said in answer.text
        assert f'href="{link}"' in answer.text


def test_who_may_not_is_told_who_can_change_that(fresh: SampleService) -> None:
    add_everybody(fresh)
    viewer = client_of(create_app(fresh), "role viewer")
    answer = viewer.get("/access", headers={"Accept": "text/html"})
    assert answer.status_code == 403
    assert "viewer may not do this" in answer.text
    assert "by an administrator" in answer.text
