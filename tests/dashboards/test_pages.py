"""What people find on the pages."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboards import create_app, formats
from dashboards.session_page import timeline
from monitor.errors import Problem
from monitor.ids import Place
from monitor.insight.picture import Picture
from tests.dashboards import sample
from tests.dashboards.sample import HOSTILE, NOW, SampleService, picture_row, table_of

PAGES = [
    "/", "/?tv=1", "/sites/malmo-central", "/stations/malmo-central/mc-1", "/connectors/malmo-central/mc-1/1",
    "/alerts", "/alerts?state=all", "/alerts/1", "/alerts/2", "/sessions", "/sessions/s-0001", "/sessions/s-0006",
    "/sessions/s-now", "/review", "/rules", "/rules/connector-faulted", "/tariffs",
    "/health", "/health/names", "/health/settings", "/mailbox", "/mailbox/1", "/oncall", "/undelivered",
    "/insight", "/insight?by=connector&period=7d&site=malmo-central",
    "/insight/congestion", "/insight/behaviour", "/insight/revenue", "/insight/report",
    "/insight/report?site=malmo-central&month=2026-03",
]  # fmt: skip


def text_of(client: FlaskClient, path: str) -> str:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200, path
    return unescape(answer.text).replace("\u00a0", " ")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_answers_under_a_strict_policy_and_says_its_zone(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "Europe/Stockholm" in answer.text
    assert " style=" not in answer.text
    assert "onclick" not in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_a_fragment_is_the_live_part_alone(client: FlaskClient, path: str) -> None:
    whole = client.get(path, headers={"Accept": "text/html"}).text
    part = client.get(path, headers={"Accept": "text/html", "HX-Request": "true"}).text
    assert "<html" not in part
    assert 'id="pulse"' in part
    assert whole.count("<main") == 1
    assert "<main" not in part


def test_the_status_begins_with_one_sentence_and_the_worst_site(client: FlaskClient) -> None:
    page = text_of(client, "/")
    heading = page[page.index("<h1>") : page.index("</h1>")]
    assert heading.index("2 critical") < heading.index("1 warning") < heading.index("5 connectors without data")
    order = [page.index(name) for name in ("Lund Nova</a>", "Malmö Central</a>", "Helsingborg Väla</a>", "Borås")]
    assert order == sorted(order)
    assert "gives 11,2 kW, 118 kW expected" in page


def test_filters_select_sites_and_stand_in_the_address(client: FlaskClient) -> None:
    page = text_of(client, "/?state=unknown")
    assert "Jönköping A6" in page
    assert "Borås" not in page
    assert "Malmö Central" in text_of(client, "/?q=MC-1")
    assert "No site matches" in text_of(client, "/?q=nowhere")
    assert "Helsingborg" not in text_of(client, "/?level=critical")
    assert client.get("/?state=broken").status_code == 400


def test_an_unregistered_connector_is_told_of(client: FlaskClient) -> None:
    assert "lund-nova/found-1/1" in text_of(client, "/health")
    assert "not in the register" in text_of(client, "/connectors/lund-nova/found-1/1")


def test_the_alert_says_what_the_rule_saw_and_whom_it_told(client: FlaskClient, busy: SampleService) -> None:
    alert = busy.alerts.list(rule="slow-charging")[0]
    page = text_of(client, f"/alerts/{alert.id}")
    for said in ("11,2 kW", "118 kW", "31 min", "expected_w", "field@example.org", "Stationsvärden, 040-555 01 10"):
        assert said in page
    assert "https://csms.example.org/malmo-central/mc-1" in page
    assert page.index("became true") < page.index("fires (critical)")


def test_price_lines_are_quantity_times_unit_price(client: FlaskClient, busy: SampleService) -> None:
    session = busy.sessions.get("s-0001")
    assert session is not None
    assert session.bill is not None
    page = text_of(client, "/sessions/s-0001")
    assert "73,5000 kWh" in page
    assert "4,7920 kr" in page
    for amount in ("352,212 kr", "440,265 kr", "465,27 kr", "rounded from 465,265 kr"):
        assert amount in page
    assert "5,99 SEK/kWh + 1,00 SEK/min" in page
    assert "Energy: 5,99 SEK per kWh." in page
    assert sum(line.amount.excl_vat for line in session.bill.lines) == session.bill.total.excl_vat


def test_the_timeline_covers_the_session_without_seams(busy: SampleService) -> None:
    session = busy.sessions.get("s-0001")
    assert session is not None
    first, *others = session.periods
    middle = first.start + (first.end - first.start) / 2
    cut = replace(session, periods=(replace(first, end=middle), replace(first, start=middle), *others))
    with create_app(busy).test_request_context("/"):
        parts = timeline(cut, NOW, busy.register.zone(session.place.site))
    assert [part.kind for part in parts] == ["plugged", "charging", "parking", "plugged"]
    assert parts[0].start == session.plug_in
    assert parts[-1].end == session.plug_out
    assert all(left.end == right.start for left, right in pairwise(parts))
    assert sum(part.width for part in parts) == pytest.approx(1000, abs=0.1)


def test_a_session_in_review_says_why_and_has_no_price(client: FlaskClient) -> None:
    page = text_of(client, "/sessions/s-0006")
    assert "Needs review" in page
    assert "the energy register jumped" in page
    assert "No price before the review" in page


def test_the_sum_row_is_of_all_that_is_selected_not_of_the_page(client: FlaskClient) -> None:
    assert "Sum of 37" in text_of(client, "/sessions")
    assert "Sum of 1<" in text_of(client, "/sessions?state=review")
    assert "5 of 5, newest first" in text_of(client, "/sessions?from=2026-03-04&to=2026-03-04&site=malmo-central")
    assert client.get("/sessions?from=2026-03-04&to=2026-03-01").status_code == 400


def test_every_filter_of_sessions_reaches_list_sum_and_csv(client: FlaskClient) -> None:
    asked = "group=staff&flag=gap&tariff=ac&q=s-0001&station=mc-1&connector=1"
    page = text_of(client, f"/sessions?{asked}")
    assert "No session matches these filters." in page
    assert all(f"{name}=" in page.split("/api/v1/sessions?")[1].split('"')[0] for name in ("group", "flag", "tariff"))
    assert client.get(f"/api/v1/sessions?{asked}").json["items"] == []  # type: ignore[index]
    assert [item["id"] for item in client.get("/api/v1/sessions?q=s-0001").json["items"]] == ["s-0001"]  # type: ignore[index]
    assert client.get("/sessions?flag=nonsense").status_code == 400


def test_a_connector_shows_what_its_finished_sessions_say(client: FlaskClient, busy: SampleService) -> None:
    session = busy.sessions.get("s-0001")
    assert session is not None
    page = text_of(client, f"/connectors/{session.place.subject}")
    assert "Different users of the last ten" in page


def test_places_that_do_not_exist_are_not_found(client: FlaskClient) -> None:
    for path in ("/sites/nowhere", "/stations/malmo-central/nope", "/connectors/malmo-central/mc-1/9", "/sites/a/b",
                 "/connectors/x", "/alerts/999999", "/sessions/none", "/mailbox/99"):  # fmt: skip
        assert client.get(path).status_code == 404, path


def test_a_mail_cannot_run_anything(client: FlaskClient) -> None:
    assert '<iframe class="mail"' in client.get("/mailbox/1").text
    body = client.get("/mailbox/1/html")
    assert "sandbox" in body.headers["Content-Security-Policy"]
    assert "script-src" not in body.headers["Content-Security-Policy"]
    assert "default-src 'none'" in body.headers["Content-Security-Policy"]


def test_outside_the_demo_there_is_no_mailbox(fresh: SampleService) -> None:
    client = create_app(fresh).test_client()
    assert client.get("/mailbox").status_code == 404
    assert "Mailbox" not in client.get("/").text


def test_before_the_first_tick_nothing_is_said_to_be_well(fresh: SampleService) -> None:
    client = create_app(fresh).test_client()
    page = text_of(client, "/")
    assert "Nothing is known of the network yet" in page
    assert "All is well" not in page
    assert 'href="#s-resolved"' not in page
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def quiet(service: SampleService, *rows: dict[str, object]) -> FlaskClient:
    """The service after a tick that saw only these connectors."""
    service.picture = Picture(NOW, table_of(list(rows)))
    service.ticks = sample.Ticks(count=service.ticks.count + 1)
    return create_app(service).test_client()


def test_all_is_well_only_when_everything_is_known(fresh: SampleService) -> None:
    good, silent = picture_row(Place("a", "s", "1")), picture_row(Place("a", "s", "2"), state="Unknown", online=None)
    assert "All is well: 1 connector in order" in text_of(quiet(fresh, good), "/")
    page = text_of(quiet(fresh, good, silent), "/")
    assert "All is well" not in page
    assert "1 connector without data" in page


def test_old_data_is_never_shown_as_current(fresh: SampleService) -> None:
    client = quiet(fresh, picture_row(Place("a", "s", "1")))
    assert "Old data" not in text_of(client, "/")
    tag = client.get("/").headers["ETag"]
    fresh.at = NOW + timedelta(seconds=91)
    late = client.get("/", headers={"If-None-Match": tag})
    assert late.status_code == 200
    assert "Old data." in late.text
    assert "All is well" not in late.text


def test_a_failed_tick_is_said_on_every_page(fresh: SampleService) -> None:
    client = quiet(fresh, picture_row(Place("a", "s", "1")))
    fresh.ticks = replace(fresh.ticks, last_error="the store is away")
    assert "The last evaluation was not whole." in text_of(client, "/rules")
    assert "the store is away" in text_of(client, "/")


def test_the_demo_says_so_with_its_speed(fresh: SampleService) -> None:
    fresh.demo, fresh.speed = True, 60.0
    assert "runs at 60× until" in text_of(create_app(fresh).test_client(), "/rules")


def test_broken_files_are_named_with_file_line_and_column(fresh: SampleService) -> None:
    problem = Problem("alerts/charging.yaml", 12, 7, "unknown-name", "unknown name 'pwer_w'; did you mean 'power_w'?")
    fresh.rules.in_force = replace(fresh.rules.in_force, problems=(problem,))
    client = create_app(fresh).test_client()
    page = text_of(client, "/rules")
    assert "alerts/charging.yaml:12:7" in page
    assert "did you mean 'power_w'?" in page
    assert page.index("alerts/charging.yaml:12:7") < page.index("<table")
    health = text_of(client, "/health")
    assert "2 parts need a look" in health
    assert "Mistakes in files" in health


def test_names_of_chargers_are_inert(fresh: SampleService) -> None:
    client = quiet(fresh, picture_row(HOSTILE, registered=False, state="Faulted", error_code="<b>boom</b>"))
    for path in ("/", "/health"):
        page = client.get(path, headers={"Accept": "text/html"}).text
        assert "<script>alert(1)" not in page
        assert "<img src=x" not in page
    start = client.get("/").text.index('href="/sites/%')
    link = client.get("/").text[start + 6 :].split('"')[0]
    assert client.get(link).status_code == 200
    place = Place(*HOSTILE)
    page = client.get(f"/connectors/{quote(place.subject, safe='/')}")
    assert page.status_code == 200
    assert "<b>boom" not in page.text


def test_static_files_may_be_kept_because_their_address_changes(client: FlaskClient) -> None:
    page = client.get("/").text
    address = page.split('<link rel="stylesheet" href="')[1].split('"')[0]
    assert "?v=" in address
    with client.get(address) as kept:
        assert "max-age=31536000" in kept.headers["Cache-Control"]
        assert kept.data.startswith(b"/*")


@pytest.mark.parametrize("path", ["/", "/?tv=1", "/alerts", "/sites/malmo-central", "/sessions", "/review", "/oncall"])
def test_what_a_page_loads_first_is_small(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    size = len(page.encode())
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        with client.get(address) as answer:
            size += len(answer.data)
    assert size < 150_000


def test_nothing_is_fetched_from_elsewhere() -> None:
    root = Path(create_app.__code__.co_filename).parent
    for file in (*root.glob("templates/*.html"), *root.glob("static/*.*")):
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, file
        assert "https://" not in text, file


def test_a_total_is_rounded_half_up_on_the_page_as_everywhere(app: Flask) -> None:
    with app.test_request_context("/"):
        assert formats.money(Decimal("1.005"), "SEK").startswith("1,01")
        assert formats.money(Decimal("10.5"), "ISK").startswith("11")


def test_alerts_are_listed_worst_first_and_otherwise_by_the_readers_word(client: FlaskClient) -> None:
    def order(path: str) -> list[str]:
        return re.findall(r'href="(/alerts/\d+)"', text_of(client, path))

    worst, newest = order("/alerts"), order("/alerts?sort=-id")
    assert sorted(worst) == sorted(newest)
    assert order("/alerts?sort=id") == newest[::-1]
    levels = [levels_of(client, path) for path in worst]
    assert levels == sorted(levels, key=["critical", "warning", "info"].index)
    asked = client.get("/api/v1/alerts?state=active&sort=worst&limit=2").json
    assert asked is not None
    following = client.get(asked["next"]).json
    assert [f"/alerts/{item['id']}" for item in (*asked["items"], *following["items"])] == worst  # type: ignore[index]
    assert client.get("/api/v1/alerts?before=3&sort=id").status_code == 400
    old_links: Any = client.get("/api/v1/alerts?before=3").json
    assert [item["id"] for item in old_links["items"]] == [2, 1]


def levels_of(client: FlaskClient, path: str) -> str:
    found = re.search(r"(critical|warning|info), firing", text_of(client, path))
    assert found is not None
    return found[1]
