"""The badge and the public page: off unless allowed, the same for everybody, and nothing of the service's inside."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from dashboards.app import create_app
from tests.dashboards.sample import SampleService

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def stranger(busy: SampleService, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A client of a service that allows both."""
    web = busy.settings.web.model_copy(update={"public_badges": True, "public_page": True})
    monkeypatch.setattr(busy, "settings", busy.settings.model_copy(update={"web": web}))
    return create_app(busy).test_client()


def test_neither_is_there_unless_allowed(client: FlaskClient) -> None:
    for path in ("/public", "/badge/malmo-central.svg"):
        assert client.get(path).status_code == 404


def test_a_badge_tells_how_many_are_free(stranger: FlaskClient, busy: SampleService) -> None:
    with stranger.get("/badge/malmo-central.svg") as answer:
        assert answer.status_code == 200
        assert answer.mimetype == "image/svg+xml"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert "max-age=30" in answer.headers["Cache-Control"]
        drawn = ET.fromstring(answer.text)
        tag = answer.headers["ETag"]
    left, right = (text.text for text in drawn.iter(f"{SVG}text"))
    assert left == busy.register.file.sites["malmo-central"].name
    assert re.fullmatch(r"\d+ of \d+ free|out of service", right or "")
    assert drawn.findtext(f"{SVG}title") == f"{left}: {right}"
    again = stranger.get("/badge/malmo-central.svg", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")


def test_what_nobody_knows_is_unknown_and_not_green(
    stranger: FlaskClient, busy: SampleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    green = stranger.get("/badge/malmo-central.svg").text
    monkeypatch.setattr(busy, "picture", None)
    told = stranger.get("/badge/malmo-central.svg").text
    assert "unknown" in told
    assert "#00664b" not in told
    assert told != green


def test_a_site_that_is_not_registered_has_no_badge(stranger: FlaskClient) -> None:
    assert stranger.get("/badge/nowhere.svg").status_code == 404


def test_a_name_cannot_break_the_picture(
    stranger: FlaskClient, busy: SampleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    sites = busy.register.file.sites
    named = sites["malmo-central"].model_copy(update={"name": '<script>"&'})
    file = busy.register.file.model_copy(update={"sites": {**sites, "malmo-central": named}})
    monkeypatch.setattr(SampleService, "register", replace(busy.register, file=file))
    drawn = ET.fromstring(stranger.get("/badge/malmo-central.svg").text)
    assert next(drawn.iter(f"{SVG}text")).text == '<script>"&'


def test_the_page_shows_registered_sites_and_nothing_else(stranger: FlaskClient, busy: SampleService) -> None:
    page = stranger.get("/public").text
    for site in busy.register.file.sites.values():
        assert site.name in page
        for secret in filter(None, (site.contact, site.access, *site.links.values())):
            assert secret not in page
    assert "found-1" not in page  # a station that is heard of, but not registered
    addresses = re.findall(r'href="([^"]*)"', page)
    assert all(address.startswith(("/static/", "/public?", "#s-")) for address in addresses), addresses
    for inner in ("/alerts", "/sessions", "/sites", "SEK", "kr"):
        assert inner not in re.sub(r'href="[^"]*"', "", page)
    assert "tillgänglighet" in stranger.get("/public?lang=sv").text
