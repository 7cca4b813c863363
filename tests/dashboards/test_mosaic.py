"""The mosaic: one byte a connector, by site and then the worst first; what a tile is; filters."""

from datetime import timedelta
from pathlib import Path

import pytest

from dashboards import create_app
from monitor.ids import Place
from monitor.insight.mosaic import mosaic
from monitor.insight.picture import STANDINGS, Picture
from tests.dashboards import sample
from tests.dashboards.sample import NOW, picture_row, table_of

ROWS = [
    picture_row(Place("b", "b-1", "1"), state="Charging", current="DC"),
    picture_row(Place("a", "a-2", "1"), state="Available", current="AC"),
    picture_row(Place("a", "a-1", "2"), state="Faulted", current="AC"),
    picture_row(Place("a", "a-1", "1"), state="Available", current="DC"),
    picture_row(Place("b", "b-1", "2"), state="Hatched", current="DC"),
    picture_row(Place("b", "b-2", "1"), state=None),
]


@pytest.fixture
def picture() -> Picture:
    return Picture(NOW, table_of(ROWS))


def told(found) -> list[tuple[str, str]]:
    connectors = [found.at(number) for number in range(len(found.codes))]
    assert [STANDINGS[code] for code in found.codes] == [each.standing for each in connectors]
    return [(each.place.subject, each.standing) for each in connectors]


def test_by_site_and_then_the_worst_first(picture: Picture) -> None:
    found = mosaic(picture)
    assert told(found) == [
        ("a/a-1/2", "faulted"), ("a/a-1/1", "available"), ("a/a-2/1", "available"),
        ("b/b-1/2", "unknown"), ("b/b-2/1", "unknown"), ("b/b-1/1", "charging"),
    ]  # fmt: skip
    assert found.at(6) is None
    assert found.at(-1) is None


CHOICES = {
    "a site": ({"sites": {"b"}}, ["b/b-1/2", "b/b-2/1", "b/b-1/1"]),
    "a state": ({"standing": "available"}, ["a/a-1/1", "a/a-2/1"]),
    "a current": ({"current": "DC"}, ["a/a-1/1", "b/b-1/2", "b/b-1/1"]),
    "all of it": ({"sites": {"a"}, "standing": "available", "current": "DC"}, ["a/a-1/1"]),
    "nothing": ({"sites": set()}, []),
}


@pytest.mark.parametrize(("chosen", "subjects"), CHOICES.values(), ids=CHOICES.keys())
def test_a_part_of_it(picture: Picture, chosen: dict, subjects: list[str]) -> None:
    assert [subject for subject, _ in told(mosaic(picture).of(**chosen))] == subjects


def test_over_http(tmp_path: Path, picture: Picture) -> None:
    with sample.empty_service(tmp_path) as service:
        client = create_app(service).test_client()
        assert client.get("/mosaic").data == b""
        assert client.get("/mosaic/0").status_code == 404
        service.picture = picture
        answer = client.get("/mosaic")
        assert answer.data == mosaic(picture).codes.tobytes()
        assert client.get("/mosaic", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
        seen = {"Laddvakt-Picture": answer.headers["Laddvakt-Picture"]}
        first = client.get("/mosaic/0", headers=seen).json
        assert first == {"name": "a / a-1 / 2", "state": "Faulted", "href": "/connectors/a/a-1/2"}
        assert client.get("/mosaic/6", headers=seen).status_code == 404
        assert client.get("/mosaic?current=DC").data == mosaic(picture).of(current="DC").codes.tobytes()
        assert client.get("/mosaic/0?state=charging").json["href"] == "/connectors/b/b-1/1"
        assert client.get("/mosaic?current=XY").status_code == 400
        service.picture = Picture(NOW + timedelta(seconds=30), table_of(ROWS))
        assert client.get("/mosaic/0", headers=seen).status_code == 404
