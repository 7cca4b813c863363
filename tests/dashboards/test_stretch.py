"""Which stretch a curve shows: the usual one, or what the address names."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from dashboards.formats import iso
from tests.dashboards.sample import NOW, SampleService
from tests.dashboards.test_pages import text_of

PATH = "/connectors/malmo-central/mc-1/1"
START, END = NOW - timedelta(hours=2), NOW - timedelta(hours=1)


@pytest.mark.parametrize("kind", ["connector", "alert", "session"])
def test_curve_and_csv_are_of_the_stretch_of_the_address(client: FlaskClient, busy: SampleService, kind: str) -> None:
    alert = next(each for each in busy.alerts.list(limit=100) if each.place.connector)
    path = {"connector": PATH, "alert": f"/alerts/{alert.id}", "session": "/sessions/s-0001"}[kind]
    page = text_of(client, f"{path}?from={iso(START)}&to={iso(END)}")
    assert "2026-03-04 11:42 – 2026-03-04 12:42" in page
    csv = re.search(r'href="([^"]*format=csv[^"]*)"', page)
    assert csv is not None
    assert iso(START).replace(":", "%3A") in csv[1] or iso(START) in csv[1]
    assert iso(END).replace(":", "%3A") in csv[1] or iso(END) in csv[1]


def test_by_keys_it_moves_and_comes_back(client: FlaskClient) -> None:
    page = text_of(client, f"{PATH}?from={iso(START)}&to={iso(END)}")
    moves = dict(re.findall(r'<a href="([^"]*)" aria-label="(\w[^"]*)" title=', page))
    by_name = {name: address for address, name in moves.items()}
    assert set(by_name) == {"Earlier", "Later", "Closer", "Wider", "As it was"}
    for name, (since, until) in {
        "Earlier": (START - timedelta(minutes=30), END - timedelta(minutes=30)),
        "Later": (START + timedelta(minutes=30), END + timedelta(minutes=30)),
        "Closer": (START + timedelta(minutes=15), END - timedelta(minutes=15)),
        "Wider": (START - timedelta(minutes=30), END + timedelta(minutes=30)),
    }.items():
        address = by_name[name].replace("%3A", ":").replace("&amp;", "&")
        assert f"from={iso(since)}" in address
        assert f"to={iso(until)}" in address
    assert "from=" not in by_name["As it was"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("from=yesterday", "from"),
        (f"from={iso(END)}&to={iso(START)}", "to"),
        (f"from={iso(START - timedelta(days=40))}&to={iso(END)}", "at most 31 days"),
        (f"to={iso(NOW - timedelta(days=40))}", "before it begins"),
    ],
    ids=["no moment", "backwards", "too long", "over before it begins"],
)
def test_what_is_no_stretch_is_refused(client: FlaskClient, asked: str, said: str) -> None:
    answer = client.get(f"{PATH}?{asked}", headers={"Accept": "text/html"})
    assert answer.status_code == 400
    assert said in answer.text
