"""How places perform: the API's contract, and the page over the same figures."""

import csv
import io
from typing import Any

import pytest
from flask.testing import FlaskClient

from monitor.insight.figures import BY_NAME, CONTRACT, FIGURES
from monitor.state import revenue_rows
from tests.dashboards.sample import SLOW, SampleService
from tests.dashboards.test_pages import text_of

PATH = "/api/v1/insight/performance"


def rows(client: FlaskClient, **asked: Any) -> list[dict[str, Any]]:
    answer = client.get(PATH, query_string={"limit": 500, **asked})
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    return answer.json["items"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("by", ["connector", "station", "site", "evse", "vendor"])
def test_a_row_each_with_the_figures_of_the_contract(client: FlaskClient, busy: SampleService, by: str) -> None:
    found = rows(client, by=by)
    assert len({row["subject"] for row in found}) == len(found)
    finished = [each for each in busy.sessions.list(limit=1000) if each.plug_out is not None]
    assert sum(row["sessions"] for row in found) == len(finished) == 36
    assert sum(row["energy_wh"] or 0 for row in found) == pytest.approx(sum(each.energy_wh or 0 for each in finished))
    assert sum(row["plugged_s"] or 0 for row in found) == pytest.approx(
        sum((each.plug_out - each.plug_in).total_seconds() for each in finished if each.plug_out)
    )
    assert all(set(CONTRACT) <= row.keys() for row in found)


def test_unknown_is_null_and_never_zero(client: FlaskClient, busy: SampleService) -> None:
    used = {each.place for each in busy.sessions.list(limit=1000) if each.plug_out is not None}
    idle = next(place for place, _ in busy.register if place not in used)
    row = next(row for row in rows(client) if row["subject"] == idle.subject)
    assert row["sessions"] == 0
    nulls = ("energy_wh", "plugged_s", "charging_s", "idle_s", "success_rate", "uptime", "revenue_excl_vat", "health")
    assert {name: row[name] for name in nulls} == dict.fromkeys(nulls)


def test_sessions_are_chosen_by_plug_in_from_inclusive_to_exclusive(client: FlaskClient, busy: SampleService) -> None:
    one = busy.sessions.get("s-0010")
    assert one is not None
    at, after = one.plug_in.timestamp(), one.plug_in.timestamp() + 1
    assert sum(row["sessions"] for row in rows(client, **{"from": at, "to": after})) == 1
    assert sum(row["sessions"] for row in rows(client, **{"from": at - 1, "to": at})) == 0


def test_csv_has_all_rows_under_one_header(client: FlaskClient) -> None:
    with client.get(f"{PATH}?by=station&limit=1", headers={"Accept": "text/csv"}) as answer:
        assert answer.mimetype == "text/csv"
        found = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(found) == len(rows(client, by="station"))
    assert set(CONTRACT) <= found[0].keys()
    assert {row["uptime"] for row in found} == {""}


@pytest.mark.parametrize("asked", ["by=colour", "from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", "frm=1"])
def test_what_cannot_be_meant_is_refused(client: FlaskClient, asked: str) -> None:
    assert client.get(f"{PATH}?{asked}").status_code == 400


def test_each_figure_has_one_definition_in_two_languages(client: FlaskClient) -> None:
    assert len(BY_NAME) == len(FIGURES)
    told = client.get("/api/v1/insight/figures").json
    assert told is not None
    assert [each["name"] for each in told["items"]] == [figure.name for figure in FIGURES]
    for each in told["items"]:
        assert each["source"]
        for language in ("en", "sv"):
            assert each["label"][language]
            assert each["definition"][language].endswith(".")
    row = rows(client)[0]
    group = {"subject", "site", "station", "connector", "label", "connectors", "currency", "faults_by_code"}
    assert row.keys() - group == {figure.name for figure in FIGURES if figure.kind == "performance"}


def test_the_page_says_what_every_figure_means(client: FlaskClient) -> None:
    page = text_of(client, "/insight")
    for figure in FIGURES:
        if figure.kind == "performance":
            assert figure.definition["en"] in page
    assert "Europe/Stockholm" in page
    assert SLOW.station is not None
    assert f"Malmö Central / {SLOW.station}" in page


def test_the_page_is_worst_first_and_its_filters_stand_in_the_address(client: FlaskClient) -> None:
    page = text_of(client, "/insight?by=connector&site=malmo-central&period=7d")
    assert "Lund Nova" not in page
    assert "period=7d" not in page[page.index('class="links"') : page.index("</form>")]
    assert "site=malmo-central" in page[page.index('class="links"') : page.index("</form>")]
    assert client.get("/insight?period=3d").status_code == 400
    assert "Nothing is known of this time" in text_of(client, "/insight?site=nowhere")


def test_an_exclusion_is_added_with_its_reason_and_taken_back(client: FlaskClient, busy: SampleService) -> None:
    body = {"site": "malmo-central", "station": "mc-1", "start": "2026-03-01T00:00:00Z", "end": "2026-03-01T06:00:00Z",
            "reason": "power cut, reported by E.ON"}  # fmt: skip
    made = client.post("/api/v1/insight/exclusions", json=body)
    assert made.status_code == 201, made.text
    assert made.json is not None
    assert made.json["subject"] == "malmo-central/mc-1"
    listed = client.get("/api/v1/insight/exclusions").json
    assert listed is not None
    assert listed["items"] == [made.json]
    assert client.post("/api/v1/insight/exclusions", json={**body, "end": body["start"]}).status_code == 400
    assert client.post("/api/v1/insight/exclusions", json={**body, "reason": ""}).status_code == 400
    assert client.delete(f"/api/v1/insight/exclusions/{made.json['id']}").status_code == 200
    assert client.delete(f"/api/v1/insight/exclusions/{made.json['id']}").status_code == 404


def test_the_report_of_a_month_says_what_was_and_what_was_before(client: FlaskClient, busy: SampleService) -> None:
    page = text_of(client, "/insight/report?site=malmo-central&month=2026-03")
    assert "Malmö Central, March 2026" in page
    assert "The month is not over" in page
    assert "before:" in page
    assert page.count('scope="row"') >= len([place for place, _ in busy.register if place.site == "malmo-central"])
    assert "Choose a site" in text_of(client, "/insight/report")
    assert "Nothing is known" in text_of(client, "/insight/report?site=nowhere&month=2026-03")
    for wrong in ("2026-13", "march", "2026-3"):
        assert client.get(f"/insight/report?site=malmo-central&month={wrong}").status_code == 400


def test_revenue_is_what_the_bills_say(client: FlaskClient, busy: SampleService) -> None:
    bills = [
        each.bill for each in busy.sessions.list(limit=1000) if each.bill and each.state == "priced" and each.plug_out
    ]
    answer = client.get("/api/v1/insight/revenue?cost_per_kwh=5.00")
    assert answer.json is not None
    (found,) = answer.json["items"]
    assert found["total"]["sessions"] == len(bills)
    assert found["total"]["amount"] == pytest.approx(float(sum(bill.total.excl_vat for bill in bills)))
    for part in ("energy", "parking"):
        assert found["parts"][part] == pytest.approx(
            float(sum(bill.by_kind[part].excl_vat for bill in bills if part in bill.by_kind))
        )
    for table in ("tariffs", "groups", "hours"):
        assert sum(row["amount"] for row in found[table]) == pytest.approx(found["total"]["amount"])
    lacking = [5 * bill.total_energy_kwh - bill.total.excl_vat for bill in bills]
    assert found["under_cost"]["sessions"] == sum(each > 0 for each in lacking)
    assert found["under_cost"]["amount"] == pytest.approx(float(sum(each for each in lacking if each > 0)), abs=0.01)


def test_each_price_of_a_tariff_has_its_sum(client: FlaskClient, busy: SampleService) -> None:
    lines = [
        (each.bill.tariff_id, line)
        for each in busy.sessions.list(limit=1000)
        if each.bill and each.state == "priced" and each.plug_out
        for line in each.bill.lines
    ]
    answer = client.get("/api/v1/insight/revenue")
    assert answer.json is not None
    (found,) = answer.json["items"]
    rows = found["elements"]
    assert len(rows) > 1
    assert sum(row["amount"] for row in rows) == pytest.approx(found["total"]["amount"])
    for row in rows:
        its = [
            line for tariff, line in lines
            if (tariff, line.element, line.dimension, float(line.unit_price))
            == (row["tariff"], row["element"], row["dimension"], row["unit_price"])
        ]  # fmt: skip
        assert row["amount"] == pytest.approx(float(sum(line.amount.excl_vat for line in its)))
        assert row["quantity"] == pytest.approx(float(sum(line.quantity for line in its)))
    page = text_of(client, "/insight/revenue?period=365d")
    assert "By tariff element" in page
    assert "element 1" in page


@pytest.mark.parametrize("asked", ["revenue", "behaviour", "anomalies"])
def test_every_answer_is_also_a_table_for_a_spreadsheet(client: FlaskClient, asked: str) -> None:
    with client.get(f"/api/v1/insight/{asked}?format=csv") as answer:
        assert answer.mimetype == "text/csv"
        found = list(csv.DictReader(io.StringIO(answer.text)))
    told = client.get(f"/api/v1/insight/{asked}").json
    assert told is not None
    if asked == "revenue":
        (item,) = told["items"]
        by_table = {table: [row for row in found if row["table"] == table] for table in ("total", "hours", "elements")}
        assert float(by_table["total"][0]["amount"]) == pytest.approx(item["total"]["amount"])
        assert len(by_table["hours"]) == len(item["hours"])
        assert [float(row["amount"]) for row in by_table["elements"]] == pytest.approx(
            [row["amount"] for row in item["elements"]]
        )
    elif asked == "behaviour":
        assert {row["figure"] for row in found} >= {"arrivals", "stays", "problems", "returning", "idle_by_hour"}
        stays = {row["key"]: int(row["value"]) for row in found if row["figure"] == "stays"}
        assert stays == told["stays"]
    else:
        assert len(found) == len(told["items"])
    if asked != "anomalies":
        assert "format=csv" in text_of(client, f"/insight/{asked}")


def test_too_many_bills_are_not_read(client: FlaskClient, busy: SampleService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revenue_rows, "BILLS_AT_MOST", 1)
    answer = client.get("/api/v1/insight/revenue")
    assert answer.json is not None
    assert answer.json["items"][0]["elements"] is None
    assert "choose a site or a shorter time" in text_of(client, "/insight/revenue?period=365d")


def test_behaviour_of_a_season(client: FlaskClient) -> None:
    def arrivals(asked: str) -> int:
        answer = client.get(f"/api/v1/insight/behaviour{asked}")
        assert answer.json is not None
        return int(answer.json["arrivals"])

    assert arrivals("") == 36
    assert sum(arrivals(f"?season={season}") for season in ("winter", "spring", "summer", "autumn")) == 36
    assert arrivals("?season=spring") == 36  # the sample's visits are in March
    page = text_of(client, "/insight/behaviour?season=winter")
    assert "Winter (December to February)" in page
    assert client.get("/insight/behaviour?season=monsoon").status_code == 400


def test_proposals_are_tried_on_the_past(client: FlaskClient, busy: SampleService) -> None:
    tariff = next(iter(busy.tariffs.tariffs))
    page = text_of(client, f"/insight/revenue?tariff={tariff}&period=7d&cost=1,20")
    for said in ("Evening price", "Discount at night", "it assumes that nobody comes at another hour", "Under cost"):
        assert said in page
    assert client.get("/insight/revenue?cost=cheap").status_code == 400
    assert client.get("/insight/revenue?tariff=nothing").status_code == 400
