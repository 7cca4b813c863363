"""Times in the zone of the site, in the reader's, or in UTC: by the address, and said on the page."""

import pytest
from flask.testing import FlaskClient

from dashboards.reader import ZONE_COOKIE
from tests.dashboards.test_pages import text_of

ALERT = "/alerts/1"


def test_times_are_those_of_the_site_unless_the_address_says_otherwise(client: FlaskClient) -> None:
    assert "2026-03-04 13:26" in text_of(client, ALERT)
    assert "2026-03-04 13:26" in text_of(client, f"{ALERT}?zone=site")
    page = text_of(client, f"{ALERT}?zone=utc")
    assert "2026-03-04 12:26" in page
    assert "Times in UTC." in page
    assert 'data-zone="UTC"' in page


def test_mine_is_the_browsers(client: FlaskClient) -> None:
    client.set_cookie(ZONE_COOKIE, "America/New_York")
    page = text_of(client, f"{ALERT}?zone=mine")
    assert "2026-03-04 07:26" in page
    assert "America/New_York (EST)" in page
    assert "2026-03-04 13:26" in text_of(client, ALERT)


@pytest.mark.parametrize("cookie", ["", "Nowhere/Town", "../etc/passwd", "Europe", "\x00"], ids=repr)
def test_a_browser_without_a_zone_sees_the_sites(client: FlaskClient, cookie: str) -> None:
    client.set_cookie(ZONE_COOKIE, cookie)
    assert "2026-03-04 13:26" in text_of(client, f"{ALERT}?zone=mine")


def test_the_choice_goes_along_with_every_link_to_a_page(client: FlaskClient) -> None:
    page = text_of(client, "/?zone=utc")
    assert 'href="/alerts?zone=utc"' in page
    assert 'href="/sites/malmo-central?zone=utc"' in page
    assert 'href="/alerts"' in text_of(client, "/")


def test_bills_are_corrected_in_the_sites_time_whatever_the_reader_sees(client: FlaskClient) -> None:
    page = text_of(client, "/sessions/s-0006?zone=utc")
    assert "Times in Europe/Stockholm." in page[page.index('id="billing"') :]


def test_a_page_in_another_zone_is_another_page(client: FlaskClient) -> None:
    before = client.get(f"{ALERT}?zone=mine").headers["ETag"]
    client.set_cookie(ZONE_COOKIE, "America/New_York")
    assert client.get(f"{ALERT}?zone=mine", headers={"If-None-Match": before}).status_code == 200
