from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ids import Place
from monitor.units import Quantity, duration_text, from_us, parse_duration, parse_quantity, to_us

names = st.text(min_size=1, max_size=20)


@given(names, names, names)
def test_a_place_comes_back_from_its_text_whatever_the_names(site, station, connector):
    place = Place(site, station, connector)
    assert Place.parse(place.subject) == place


def test_a_place_lies_within_its_station_and_site_and_no_other():
    place = Place("lund", "l-1", "2")
    assert place.within(Place("lund"))
    assert place.within(Place("lund", "l-1"))
    assert not place.within(Place("lund", "l-2"))
    assert not Place("lund").within(place)


@pytest.mark.parametrize("text", ["", "a//b", "a/b/c/d"])
def test_a_text_that_is_no_place_is_refused(text):
    with pytest.raises(ValueError, match="is not site"):
        Place.parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("150 kW", Quantity(Decimal(150000), "power")),
        ("80%", Quantity(Decimal(80), "share")),
        ("-1.5 A", Quantity(Decimal("-1.5"), "current")),
    ],
)
def test_quantities_are_read_in_base_units(text, expected):
    assert parse_quantity(text) == expected


@pytest.mark.parametrize("text", ["150", "kW", "3 horses", "1e3 W"])
def test_a_quantity_without_a_known_unit_names_those_that_exist(text):
    with pytest.raises(ValueError, match="units are W, kW"):
        parse_quantity(text)


@pytest.mark.parametrize("text", ["", "5", "m5", "5 minutes", "1h x"])
def test_what_is_no_duration_says_how_to_write_one(text):
    with pytest.raises(ValueError, match="1h30m"):
        parse_duration(text)


@given(st.integers(0, 10**12))
def test_a_duration_comes_back_from_its_text(milliseconds):
    span = timedelta(milliseconds=milliseconds)
    assert parse_duration(duration_text(span)) == span


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_epoch_microseconds_are_exact(moment):
    assert from_us(to_us(moment)) == moment
