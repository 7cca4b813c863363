"""What may be long about the service's health is a page of its own, and secrets are on none."""

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from dashboards import health_lists
from tests.dashboards.sample import SampleService
from tests.dashboards.test_pages import text_of


def test_connectors_that_are_not_registered_page_by_page(
    client: FlaskClient, busy: SampleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "/health/unregistered" in text_of(client, "/health")
    page = text_of(client, "/health/unregistered")
    for word in ("lund-nova", "found-1", "sites.yaml"):
        assert word in page
    monkeypatch.setattr(health_lists, "PAGE", 1)
    assert busy.picture is not None
    count = len(busy.picture.unregistered)
    seen, address = 0, "/health/unregistered"
    while address:
        page = text_of(client, address)
        seen += len(re.findall(r'data-label="Connector"', page))
        following = re.search(r'rel="next" href="([^"]*)"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert seen == count >= 1


def test_names_that_nobody_knows(client: FlaskClient, busy: SampleService) -> None:
    client.post("/write", data="meter,site=a,station=b,connector=1 colour=3 1772628120000000000\n")
    page = text_of(client, "/health/names")
    assert "meter.colour" in page
    assert "[mapping]" in page
    assert "/health/names" in text_of(client, "/health")


def test_settings_in_force_without_secrets(
    client: FlaskClient, busy: SampleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = busy.settings.mail.model_copy(update={"host": "mail.example.org", "password": "hunter2"})
    monkeypatch.setattr(busy, "settings", busy.settings.model_copy(update={"mail": mail}))
    page = text_of(client, "/health/settings")
    assert "mail.example.org" in page
    assert "hunter2" not in page
    assert "mail.password" in page


def test_ticks_are_drawn_and_failed_ones_counted(
    client: FlaskClient, busy: SampleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *rest = busy.ticks.recent
    monkeypatch.setattr(busy, "ticks", replace(busy.ticks, recent=(first._replace(failed=True), *rest)))
    page = text_of(client, "/health")
    assert "Duration of the last 3 ticks: 0,200 to 0,220 s, 1 failed" in page
    assert "Machine and versions" in page
    assert "Python" in page
