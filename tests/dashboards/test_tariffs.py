"""Tariffs and comparisons: pages, JSON and CSV, and that they say what the command says."""

import csv
import io
import json
import threading
from dataclasses import asdict, replace
from decimal import Decimal

import pytest

from monitor.authoring.compare import Prices, compare
from monitor.errors import Problem
from monitor.state.repricing import Selection
from monitor.tariffs import exact_json
from monitor.tariffs.history import Versioned
from tests.dashboards.sample import NOW


def text(client, path):
    """The answer; where one is being made, asked for again until it is there."""
    for _ in range(60):
        with client.get(path) as answer:
            if answer.status_code != 202 and "Being made" not in answer.text:
                break
    assert answer.status_code == 200, answer.text
    return answer.text


def test_every_tariff_in_both_languages_with_who_has_it_and_examples(client):
    page = text(client, "/tariffs")
    assert "Energy: 5,99 SEK per kWh" in page
    assert "Energi: 5,99 SEK per kWh" in page
    assert "20 kWh in 30 min on a weekday at 17:30 costs" in page
    assert "20 kWh på 30 min en vardag kl. 17:30 kostar" in page
    assert "current DC" in page
    assert "tariffs/public.yaml:" in page


def test_versions_warnings_and_broken_files(client, busy, monkeypatch):
    tariff = busy.tariffs.tariffs["ac-public"]
    older = tariff.model_copy(update={"currency": "EUR"})
    history = {"ac-public": (Versioned(NOW.replace(month=1), older), Versioned(NOW.replace(day=1), tariff))}
    before = busy.rules.in_force
    broken = Problem("tariffs/new.yaml", 4, 9, "unknown-key", "unknown key 'prise'; did you mean 'price'?")
    changed = replace(before, tariffs=replace(before.tariffs, history=history), problems=(broken,))
    changed.__dict__["tariff_warnings"] = {
        "ac-public": [Problem("tariffs/public.yaml", 7, 3, "afir", "a fee per session …", severity="warning")]
    }
    monkeypatch.setattr(busy.rules, "in_force", changed)
    page = text(client, "/tariffs")
    assert "tariffs/new.yaml:4:9" in page
    assert "did you mean &#39;price&#39;" in page
    assert "tariffs/public.yaml:7:3" in page
    assert "2026-03-01" in page
    assert "2026-01-04" in page
    (item,) = (each for each in json.loads(text(client, "/api/v1/tariffs"))["items"] if each["id"] == "ac-public")
    assert item["since"] == "2026-03-01T12:42:07Z"
    assert item["versions"] == [older.version, tariff.version]


def test_json_and_csv_of_tariffs(client):
    items = json.loads(text(client, "/api/v1/tariffs?limit=1"))
    assert [each["id"] for each in items["items"]] == ["ac-public"]
    assert "before=ac-public" in items["next"]
    rows = list(csv.DictReader(io.StringIO(text(client, "/api/v1/tariffs?format=csv"))))
    assert [row["id"] for row in rows] == ["ac-public", "dc-public"]
    with client.get("/api/v1/tariffs?before=none") as answer:
        assert (answer.status_code, answer.json["field"]) == (400, "before")


def test_the_page_and_the_api_say_what_the_function_says(client, busy):
    prices = Prices(busy.register, "plug_out", busy.tariffs.policy, busy.tariffs.tariffs["dc-public"])
    expected = compare(busy.settings.state_url, prices, Selection())
    told = exact_json.loads(text(client, "/api/v1/tariffs/compare?tariff=dc-public"))
    assert told == exact_json.loads(exact_json.dumps(asdict(expected)))
    assert Decimal(str(told["totals"]["new_incl"])) == expected.totals["new_incl"]
    page = text(client, "/tariffs/compare?tariff=dc-public")
    assert f"{expected.sessions} sessions compared" in page
    assert len(page) < 150_000
    rows = list(csv.DictReader(io.StringIO(text(client, "/api/v1/tariffs/compare?tariff=dc-public&format=csv"))))
    assert {"losers", "hours", "sites"} <= {row["table"] for row in rows}
    hours = [row for row in rows if row["table"] == "hours"]
    assert sum(int(row["sessions"]) for row in hours) == expected.sessions


def test_the_set_in_force_changes_nothing_where_nothing_has_changed(client):
    told = json.loads(text(client, "/api/v1/tariffs/compare?tariff=*"))
    assert told["totals"]["old_incl"] == told["totals"]["new_incl"]
    assert "The same revenue." in text(client, "/tariffs/compare?tariff=*")


def test_only_a_site_and_a_time(client, busy):
    site = busy.sessions.list(limit=1)[0].place.site
    told = json.loads(text(client, f"/api/v1/tariffs/compare?tariff=*&site={site}"))
    assert [row["site"] for row in told["sites"]] == [site]
    page = text(client, "/tariffs/compare?tariff=*&from=2030-01-01")
    assert "no session of this time has a price" in page
    with client.get("/api/v1/tariffs/compare?tariff=*&from=2030-01-01T00:00:00Z") as answer:
        assert answer.status_code == 400


@pytest.mark.parametrize(
    ("query", "said"),
    [("", "tariff: say which"), ("?tariff=none", "no tariff in force has the id"), ("?tarif=*", "is not known here")],
)
def test_what_cannot_be_compared(query, said, client):
    with client.get(f"/api/v1/tariffs/compare{query}") as answer:
        assert answer.status_code == 400
        assert said in answer.json["detail"]


def test_a_long_one_is_made_in_the_background_and_holds_up_nobody(client, busy):
    held = threading.Event()
    # Another comparison that takes its time: they are made one after the other.
    busy.comparisons._pool.submit(held.wait, 20)
    try:
        with client.get("/api/v1/tariffs/compare?tariff=ac-public&site=malmo-central") as answer:
            assert (answer.status_code, answer.json["state"]) == (202, "running")
            assert answer.headers["Retry-After"] == "5"
        with client.get("/tariffs/compare?tariff=ac-public&site=malmo-central") as page:
            assert "Being made" in page.text
        assert text(client, "/healthz") == "ok\n"
    finally:
        held.set()
    assert json.loads(text(client, "/api/v1/tariffs/compare?tariff=ac-public&site=malmo-central"))["sessions"] > 0
