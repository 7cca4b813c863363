"""Links of mails: what they do, and what a forged or old one does not."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from monitor.access.links import LASTS, Links
from monitor.state import audit
from tests.dashboards.sample import NOW
from tests.security.cases import EVIL, Guarded


@pytest.fixture
def link(guard: Guarded) -> Any:
    service, _ = guard
    links = Links(service.key)
    return lambda action="acknowledge", alert=2, at=NOW: f"/m/{links.sign(action, alert, 'noc@example.org', at)}"


def test_opening_a_link_changes_nothing_and_its_button_does(app: Flask, guard: Guarded, link: Any) -> None:
    service, _ = guard
    client = app.test_client()
    service.responses.withdraw(2, by="test", at=NOW)
    page = client.get(link())
    assert page.status_code == 200
    assert "Acknowledge" in page.text
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert page.headers["Cache-Control"] == "no-store"
    assert service.responses.acknowledged([2], NOW) == {}
    assert client.post(link(), data={"name": "Anna"}).status_code == 200
    assert service.responses.acknowledged([2], NOW)[2].by == "Anna (noc@example.org)"
    with service.database.read() as connection:
        (entry,) = audit.list(connection, action="alert.acknowledge", limit=1)
    assert entry.details == {"link": "noc@example.org"}


def test_a_link_to_silence_needs_a_reason_or_says_so_itself(app: Flask, guard: Guarded, link: Any) -> None:
    service, _ = guard
    assert app.test_client().post(link("silence"), data={"hours": "4", "reason": "works"}).status_code == 200
    made = service.responses.silences(now=NOW)[0]
    assert (made.reason, made.author, made.ends_at - made.starts_at) == ("works", "noc@example.org", timedelta(hours=4))
    alert = service.alerts.get(2)
    assert alert is not None
    assert made.mutes(alert)
    assert not made.mutes(next(each for each in service.alerts.list() if each.id != 2))


def test_a_link_that_shows_an_alert_acknowledges_nothing(app: Flask, guard: Guarded, link: Any) -> None:
    service, _ = guard
    service.responses.withdraw(2, by="test", at=NOW)
    assert app.test_client().post(link("alert")).status_code == 200
    assert service.responses.acknowledged([2], NOW) == {}


def test_an_expired_a_forged_and_another_services_link_are_refused(app: Flask, guard: Guarded, link: Any) -> None:
    client = app.test_client()
    old = link(at=NOW - LASTS)
    assert (client.get(old).status_code, client.post(old).status_code) == (410, 410)
    payload, _, signature = link().rpartition(".")
    other, _, _ = link(alert=3).rpartition(".")
    for path in (
        f"{other}.{signature}",
        f"{payload}.{signature[:-2]}xx",
        "/m/x",
        f"/m/{Links(b'x' * 32).sign('acknowledge', 2, 'a', NOW)[:-1]}",
    ):
        assert client.post(path).status_code == 404, path
    elsewhere = Links(b"another service's key").sign("acknowledge", 2, "noc@example.org", NOW)
    assert client.post(f"/m/{elsewhere}").status_code == 404
    assert client.post(link(), headers={"Origin": EVIL}).status_code == 403


def test_a_link_of_an_alert_that_is_over_has_no_button(app: Flask, guard: Guarded, link: Any) -> None:
    service, _ = guard
    over = next(alert.id for alert in service.alerts.list(state="resolved"))
    page = app.test_client().get(link(alert=over))
    assert "This alert is over" in page.text
    assert app.test_client().post(link(alert=over)).status_code == 200
    assert service.responses.acknowledged([over], NOW) == {}
