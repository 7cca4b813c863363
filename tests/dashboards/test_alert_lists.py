"""The list of alerts in groups, and what a silence would hide before it is made."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert

from dashboards import create_app
from monitor.alerts.responses import matching
from monitor.state.alert_rows import to_row
from monitor.state.tables import alerts
from tests.dashboards import sample
from tests.dashboards.sample import NOW, SampleService
from tests.dashboards.test_pages import text_of


@pytest.fixture
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleService]:
    with sample.busy_service(tmp_path_factory.mktemp("lists")) as busy:
        yield busy


@pytest.fixture
def own(service: SampleService) -> FlaskClient:
    return create_app(service).test_client()


def rows(page: str) -> list[str]:
    """The rows of the page's table, without marks."""
    body = page[page.index("<tbody>") : page.index("</tbody>")]
    return [" ".join(re.sub("<[^>]+>", " ", row).split()) for row in body.split("<tr")[1:]]


def test_groups_by_site_come_worst_first_with_counts_and_the_worst_alert(client: FlaskClient) -> None:
    page = text_of(client, "/alerts?group=site")
    found = rows(page)
    assert [row.split(" 1 ")[0].split("> ")[-1] for row in found[:2]] == ["Lund Nova", "Malmö Central"]
    assert found[0].endswith("Lund Nova / ln-3 / 1: Connector 1 reports Faulted")
    assert "Helsingborg Väla 0 1 0" in found[2]
    assert 'href="/alerts?site=malmo-central"' in page


def test_groups_by_rule_have_the_rules_names_and_keep_the_other_filters(client: FlaskClient) -> None:
    page = text_of(client, "/alerts?group=rule&level=critical")
    assert [row for row in rows(page) if "Connector faulted" in row]
    assert not [row for row in rows(page) if "Station offline" in row]
    assert re.search(r'href="/alerts\?(level=critical&rule=slow-charging|rule=slow-charging&level=critical)"', page)
    assert client.get("/alerts?group=colour").status_code == 400


def test_what_is_over_is_listed_and_not_grouped(client: FlaskClient) -> None:
    page = text_of(client, "/alerts?group=site&state=resolved")
    assert "Only active alerts are grouped." in page
    assert "Connector faulted" in page


def test_who_sees_to_an_alert_stands_in_the_list_and_others_can_be_acknowledged_there(
    service: SampleService, own: FlaskClient
) -> None:
    service.responses.acknowledge(2, by="anna", at=service.now())
    page = text_of(own, "/alerts")
    assert "anna" in page
    assert 'formaction="/alerts/2/acknowledge"' not in page
    assert 'formaction="/alerts/3/acknowledge"' in page


@pytest.mark.parametrize(
    ("back", "goes"),
    [("/alerts?level=critical", "/alerts?level=critical"), ("//evil.example", "/alerts/3"), ("", "/alerts/3"),
     ("https://evil.example/", "/alerts/3"), ("/\\evil.example", "/alerts/3")],
    ids=["list", "other host", "none", "other site", "backslash"],
)  # fmt: skip
def test_after_an_acknowledgement_one_is_back_where_one_was(own: FlaskClient, back: str, goes: str) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', own.get("/alerts").text)
    assert token
    answer = own.post("/alerts/3/acknowledge", data={"csrf_token": token[1], "back": back})
    assert (answer.status_code, answer.headers["Location"]) == (303, goes)


@pytest.mark.parametrize(
    ("what", "hides", "named"),
    [("place", "1 alert", "subject: malmo-central/mc-1/1"), ("site", "1 alert", "site: malmo-central"),
     ("all", "1 alert", "site: malmo-central")],
)  # fmt: skip
def test_a_silence_is_seen_before_it_is_made(
    client: FlaskClient, busy: SampleService, what: str, hides: str, named: str
) -> None:
    [slow] = busy.alerts.list(rule="slow-charging")
    page = " ".join(re.sub("<[^>]+>", " ", text_of(client, f"/alerts/{slow.id}/silence?what={what}")).split())
    assert page.startswith(f"Hides now: {hides}.")
    assert named in page
    assert ("rule: slow-charging" in page) is (what != "all")
    assert "Slow charging" in page
    assert client.get(f"/alerts/{slow.id}/silence?what=nonsense").status_code == 400
    assert client.get("/alerts/999/silence").status_code == 404


@pytest.mark.parametrize("what", ["place", "site", "all"])
def test_what_was_seen_is_what_is_silenced(service: SampleService, own: FlaskClient, what: str) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', own.get("/alerts/3").text)
    assert token
    said = {"csrf_token": token[1], "what": what, "hours": "4", "reason": "being mended"}
    assert own.post("/alerts/3/silence", data=said).status_code == 303
    [made] = service.responses.silences(now=service.now())
    alert = service.alerts.get(3)
    assert alert
    assert made.matchers == matching(alert, what)  # type: ignore[arg-type]
    assert made.mutes(alert)


def test_the_page_of_an_alert_shows_others_of_its_rule_on_its_site(service: SampleService, own: FlaskClient) -> None:
    assert "Similar alerts" not in text_of(own, "/alerts/3")
    [slow] = service.alerts.list(rule="slow-charging")
    earlier = replace(slow, subject="malmo-central/mc-2/1", state="resolved", resolved_at=NOW - timedelta(days=1))
    elsewhere = replace(slow, subject="lund-nova/ln-1/1")
    with service.database.begin() as tx:
        tx.execute(insert(alerts), [to_row(earlier), to_row(elsewhere)])
    page = text_of(own, f"/alerts/{slow.id}")
    similar = page[page.index("Similar alerts") : page.index("The place")]
    assert "mc-2" in similar
    assert "ln-1" not in similar
