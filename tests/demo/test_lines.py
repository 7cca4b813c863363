"""Lines as the service's own parser reads them."""

from datetime import UTC, datetime

import pytest

from monitor.demo.points import Point
from monitor.ids import Place
from monitor.ingest import line_protocol


def test_the_service_takes_every_kind_of_line(lead_in: list[Point], day: list[Point]) -> None:
    # Meter values of half a day are in the lead-in; of the other measurements every row is tried.
    points = [*lead_in, *(point for point in day if point.measurement != "meter")]
    body = "\n".join(point.line() for point in points).encode()
    parsed = line_protocol.parse(body, "s", datetime(2026, 6, 4, 16, tzinfo=UTC))
    assert parsed.rejected == ()
    assert dict(parsed.unknown) == {}
    assert parsed.batch.rows == len(points)


@pytest.mark.parametrize("name", ["Malmö C", "a,b", "a=b", "x\\y"])
def test_names_with_special_characters_arrive_as_they_are(name: str) -> None:
    point = Point(1_780_000_000, "status", Place(name, name, "1"), {"status": "Faulted", "info": 'says "no", \\ twice'})
    parsed = line_protocol.parse(point.line().encode(), "s", datetime(2026, 6, 4, tzinfo=UTC))
    assert parsed.rejected == ()
    row = parsed.batch.tables["status"].to_pylist()[0]
    assert (row["site"], row["station"], row["info"]) == (name, name, 'says "no", \\ twice')
