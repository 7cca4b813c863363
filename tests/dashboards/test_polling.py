"""Asking again costs nothing while nothing has changed."""

from flask.testing import FlaskClient

from dashboards import create_app
from monitor.ids import Place
from monitor.insight.picture import Picture
from tests.dashboards import sample
from tests.dashboards.sample import NOW, SampleService, picture_row, table_of


def test_the_same_state_is_304_without_a_body(client: FlaskClient) -> None:
    first = client.get("/", headers={"HX-Request": "true"})
    assert first.headers["ETag"].startswith('W/"')
    again = client.get("/", headers={"HX-Request": "true", "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


def test_a_fragment_is_never_taken_for_the_page(client: FlaskClient) -> None:
    answer = client.get("/")
    assert "HX-Request" in answer.headers["Vary"]
    assert "no-cache" in answer.headers["Cache-Control"]


def test_every_tick_is_news(fresh: SampleService) -> None:
    client = create_app(fresh).test_client()
    tag = client.get("/").headers["ETag"]
    fresh.picture = Picture(NOW, table_of([picture_row(Place("a", "s", "1"))]))
    fresh.ticks = sample.Ticks(count=1)
    changed = client.get("/", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag
    fresh.speed = 60.0
    assert client.get("/", headers={"If-None-Match": changed.headers["ETag"]}).status_code == 200


def test_an_error_carries_no_tag(client: FlaskClient) -> None:
    assert "ETag" not in client.get("/?state=nonsense").headers


def test_the_answer_names_the_version_of_the_pages(client: FlaskClient) -> None:
    answer = client.get("/?tv=1")
    version = answer.headers["Laddvakt-Version"]
    assert f'data-version="{version}"' in answer.text
    again = client.get("/?tv=1", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.headers["Laddvakt-Version"]) == (304, version)
