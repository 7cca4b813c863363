"""JSON and CSV in the shapes of design.md section 10."""

import csv
import io
from datetime import timedelta

import pyarrow as pa
import pytest
from flask.testing import FlaskClient

from dashboards import create_app
from monitor.ids import Place
from monitor.readings import frames
from monitor.readings.scanning import ARROW
from monitor.readings.schema import MEASUREMENTS
from monitor.units import to_us
from tests.dashboards.sample import NOW, SLOW, SampleService, meter_batch

CSV = {"Accept": "text/csv"}
ALERT_NAMES = {
    "rule", "subject", "site", "station", "connector", "level", "state", "pending_at", "firing_at", "resolved_at",
}  # fmt: skip
SESSION_NAMES = {
    "id", "connector", "plug_in", "plug_out", "energy_wh", "charging_s", "idle_s", "tariff", "total_excl_vat",
    "total_incl_vat", "currency", "flags", "needs_review",
}  # fmt: skip


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_alerts_without_state_are_the_active_and_the_lately_resolved(client: FlaskClient) -> None:
    items = client.get("/api/v1/alerts").json["items"]  # type: ignore[index]
    assert set(items[0]) >= ALERT_NAMES
    assert sorted(item["state"] for item in items) == ["firing", "firing", "firing", "resolved"]
    assert all(item["pending_at"].endswith("Z") for item in items)
    assert [item["state"] for item in client.get("/api/v1/alerts?state=resolved").json["items"]] == ["resolved"]  # type: ignore[index]
    assert len(client.get("/api/v1/alerts?from=2026-03-04T12:41:00Z").json["items"]) == 3  # type: ignore[index]


def test_sessions_carry_exact_money_and_null_for_what_is_not_known(client: FlaskClient) -> None:
    items = client.get("/api/v1/sessions").json["items"]  # type: ignore[index]
    assert set(items[0]) >= SESSION_NAMES
    priced = next(item for item in items if item["id"] == "s-0001")
    assert priced["total_incl_vat"] == 465.265
    assert priced["subject"] == "malmo-central/mc-1/2"
    under_way = next(item for item in items if item["id"] == "s-now")
    assert under_way["plug_out"] is None
    assert under_way["total_incl_vat"] is None
    review = next(item for item in items if item["id"] == "s-0006")
    assert (review["flags"], review["needs_review"]) == (["gap", "register_jump"], True)


@pytest.mark.parametrize("path", ["/api/v1/sessions?limit=7", "/api/v1/alerts?state=all&limit=1"])
def test_next_leads_through_everything_once(client: FlaskClient, path: str) -> None:
    expected = [row["id"] for row in rows(client.get(path, headers=CSV).text)]
    found: list[str] = []
    following: str | None = path
    while following:
        answer = client.get(following).json
        assert answer is not None
        found += [str(item["id"]) for item in answer["items"]]
        following = answer["next"]
    assert found == expected
    assert len(expected) > 3


def test_sessions_are_selected_by_plug_in_from_inclusive_to_exclusive(client: FlaskClient, busy: SampleService) -> None:
    session = busy.sessions.get("s-0003")
    assert session is not None
    start, after = to_us(session.plug_in) / 1e6, to_us(session.plug_in) / 1e6 + 1
    ids = [i["id"] for i in client.get(f"/api/v1/sessions?from={start:.0f}&to={after:.0f}").json["items"]]  # type: ignore[index]
    assert ids == ["s-0003"]
    assert client.get(f"/api/v1/sessions?from={after:.0f}&to={after + 1:.0f}").json["items"] == []  # type: ignore[index]


def test_readings_without_from_are_the_newest_first(client: FlaskClient) -> None:
    answer = client.get("/api/v1/readings?measurement=meter&site=malmo-central&station=mc-1&connector=1&limit=5").json
    assert answer is not None
    times = [item["time"] for item in answer["items"]]
    assert times == sorted(times, reverse=True)
    assert len(times) == 5
    assert answer["next"] is not None
    assert answer["items"][0]["session"] == "tx-4711"


@pytest.mark.parametrize("start", ["", "&from=2026-03-04T00:00:00%2B01:00"])
def test_pages_of_readings_split_rows_of_one_moment_without_loss(fresh: SampleService, start: str) -> None:
    for connector in "123456":
        at = [NOW - timedelta(minutes=minutes // 2) for minutes in range(7)]
        place = Place("a", "s", connector)
        fresh.store.append(meter_batch(place, [{"at": moment, "power_w": 1000.0} for moment in dict.fromkeys(at)]))
    client = create_app(fresh).test_client()
    whole = rows(client.get(f"/api/v1/readings?site=a{start}", headers=CSV).text)
    found: list[tuple[str, str]] = []
    following: str | None = f"/api/v1/readings?site=a&limit=4{start}"
    while following:
        answer = client.get(following).json
        assert answer is not None
        found += [(item["time"], item["connector"]) for item in answer["items"]]
        following = answer["next"]
    assert len(found) == len(set(found)) == len(whole) == 24
    assert set(found) == {(row["time"], row["connector"]) for row in whole}


def test_csv_has_one_header_and_the_whole_range(client: FlaskClient) -> None:
    answer = client.get("/api/v1/readings?site=malmo-central&station=mc-1&connector=1", headers=CSV)
    assert answer.mimetype == "text/csv"
    found = rows(answer.text)
    assert len(found) == 62
    assert answer.text.count("time,site,station") == 1
    assert found[0]["time"].endswith("Z")
    assert "," not in found[0]["power_w"]


def test_cells_that_a_spreadsheet_would_run_are_neutralised(fresh: SampleService) -> None:
    evil = Place("=cmd|' /C calc'!A0", "+1", "@x")
    fresh.store.append(meter_batch(evil, [{"at": NOW, "power_w": -5.0, "session": "-2+3"}]))
    row = rows(create_app(fresh).test_client().get("/api/v1/readings", headers=CSV).text)[0]
    assert (row["site"], row["station"], row["connector"], row["session"]) == (
        "'=cmd|' /C calc'!A0", "'+1", "'@x", "'-2+3",
    )  # fmt: skip
    assert row["power_w"] == "-5.0"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/v1/readings?measurement=metre", "measurement"),
        ("/api/v1/readings?from=yesterday", "from"),
        ("/api/v1/readings?from=2026-03-04T12:00:00", "from"),
        ("/api/v1/readings?from=2026-03-04T12:00:00Z&to=2026-03-04T12:00:00Z", "to"),
        ("/api/v1/readings?limit=501", "limit"),
        ("/api/v1/readings?limit=0", "limit"),
        ("/api/v1/readings?station=x", "station"),
        ("/api/v1/readings?cursor=abc", "cursor"),
        ("/api/v1/readings?mesurement=meter", "mesurement"),
        ("/api/v1/alerts?state=burning", "state"),
        ("/api/v1/alerts?before=x", "before"),
        ("/api/v1/sessions?to=1e99", "to"),
        ("/api/v1/sessions?site=%00", "site"),
    ],
)
def test_a_bad_parameter_is_named(client: FlaskClient, path: str, field: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert answer.json is not None
    assert answer.json["field"] == field
    assert answer.json["detail"].startswith(f"{field}: ")


def test_at_most_two_exports_run_at_once(client: FlaskClient) -> None:
    first, second = (client.get("/api/v1/readings", headers=CSV, buffered=False) for _ in range(2))
    third = client.get("/api/v1/readings", headers=CSV)
    assert third.status_code == 503
    assert third.headers["Retry-After"]
    assert client.get("/healthz").status_code == 200
    first.close()
    second.close()
    with client.get("/api/v1/readings", headers=CSV) as fourth:  # one that is not closed keeps its place
        assert fourth.status_code == 200


def test_an_unknown_address_is_problem_json_under_the_api_alone(client: FlaskClient) -> None:
    assert client.get("/api/v1/nothing").mimetype == "application/problem+json"
    assert client.get("/nothing").mimetype == "text/html"


def test_influxdb_clients_get_their_health_and_people_a_page(client: FlaskClient) -> None:
    answer = client.get("/health", headers={"Accept": "application/json"})
    assert answer.json is not None
    assert answer.json["status"] == "pass"
    assert "2 parts need a look" in client.get("/health").text
    assert "2 parts need a look" in client.get("/health", headers={"Accept": "text/html,*/*;q=0.8"}).text


def test_metrics_count_what_the_pages_show(client: FlaskClient) -> None:
    text = client.get("/metrics").text
    assert 'laddvakt_alerts{level="critical",state="firing"} 2.0' in text
    assert 'laddvakt_connectors{state="unknown"} 3.0' in text
    assert "laddvakt_evaluations_missed_total 1.0" in text
    assert "laddvakt_store_up 1.0" in text


def test_the_link_on_a_connectors_page_gives_the_rows_of_its_curve(client: FlaskClient) -> None:
    page = client.get(f"/connectors/{SLOW.subject}").text
    link = page.split('<a href="/api/v1/readings')[1].split('"')[0].replace("&amp;", "&")
    assert len(rows(client.get(f"/api/v1/readings{link}").text)) == 62


def test_a_session_as_a_cdr(client: FlaskClient) -> None:
    answer = client.get("/sessions/s-0001/cdr.json")
    assert answer.mimetype == "application/json"
    assert answer.json["total_cost"]["incl_vat"] > 0
    assert set(client.get("/sessions/s-0001/cdr.json?ocpi=2.3.0").json["total_cost"]) == {"before_taxes", "taxes"}
    assert "/sessions/s-0001/cdr.json" in client.get("/sessions/s-0001", headers={"Accept": "text/html"}).text
    assert client.get("/sessions/s-now/cdr.json").status_code == 404


def test_arrow_has_the_rows_of_the_csv_with_their_types(client: FlaskClient) -> None:
    path = "/api/v1/readings?site=malmo-central&from=1970-01-01T00:00:00Z"
    answer = client.get(path, headers={"Accept": ARROW})
    assert answer.mimetype == ARROW
    table = pa.ipc.open_stream(answer.data).read_all()
    written = rows(client.get(path, headers=CSV).text)
    assert table.schema == frames.schema(MEASUREMENTS["meter"])
    assert table.num_rows == len(written) > 62
    assert [str(value) for value in table["power_w"].to_pylist()] == [row["power_w"] or "None" for row in written]
    assert table["time"][0].as_py().isoformat() == written[0]["time"].replace("Z", "+00:00")


def test_arrow_of_nothing_is_a_stream_without_rows(client: FlaskClient) -> None:
    answer = client.get("/api/v1/readings?measurement=link&site=nowhere", headers={"Accept": ARROW})
    table = pa.ipc.open_stream(answer.data).read_all()
    assert (table.num_rows, table.schema) == (0, frames.schema(MEASUREMENTS["link"]))


def test_arrow_takes_one_of_the_two_places_for_exports(client: FlaskClient) -> None:
    first, second = (client.get("/api/v1/readings", headers={"Accept": ARROW}, buffered=False) for _ in range(2))
    assert client.get("/api/v1/readings", headers=CSV).status_code == 503
    first.close()
    second.close()
    with client.get("/api/v1/readings", headers={"Accept": ARROW}) as fourth:
        assert fourth.status_code == 200
