"""Counting the network."""

from datetime import UTC, datetime, timedelta
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.ids import Place
from monitor.insight import rollup
from monitor.insight.picture import STANDING_OF, STANDINGS, Picture, standing_of
from tests.dashboards.sample import picture_row, table_of

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def picture(*rows: dict[str, object]) -> Picture:
    return Picture(NOW, table_of(list(rows)))


def test_an_evse_is_taken_if_any_of_its_connectors_is() -> None:
    place = Place("a", "s", "1")
    seen = picture(
        picture_row(place, evse="A", state="Charging"),
        picture_row(place._replace(connector="2"), evse="A", state="Available"),
        picture_row(place._replace(connector="3"), state="Available"),
        picture_row(place._replace(connector="4"), state="SuspendedEV"),
    )
    whole = rollup.network(seen)
    assert (whole.evses, whole.taken, whole.connectors) == (3, 2, 4)
    assert rollup.of_connectors(seen.within(Place("a"))) == whole


def test_power_nobody_measured_is_not_zero() -> None:
    silent, measured = picture_row(Place("a", "s", "1")), picture_row(Place("b", "s", "1"), power_w=0.0)
    assert rollup.network(picture(silent)).power_w is None
    assert rollup.network(picture(silent, measured)).power_w == 0.0


def test_an_unheard_of_state_is_unknown_never_good() -> None:
    assert standing_of("Sleeping") == standing_of(None) == "unknown"
    assert rollup.network(picture(picture_row(Place("a", "s", "1"), state="Sleeping"))).counts["unknown"] == 1


def test_an_empty_network_has_nothing() -> None:
    whole = rollup.network(picture())
    assert (whole.connectors, whole.evses, whole.power_w) == (0, 0, None)


def test_sites_stand_worst_first_and_in_the_same_condition_by_name() -> None:
    rows = [picture_row(Place(site, "s", "1")) for site in ("d", "c", "b", "a")]
    rows.append(picture_row(Place("e", "s", "1"), state="Faulted"))
    found = rollup.sites(picture(*rows))
    order = rollup.worst_first(found.values(), {"c": {"warning": 5}, "d": {"critical": 1}})
    assert [site.site for site in order] == ["d", "c", "e", "a", "b"]


def test_stations_without_names_in_common_are_searched_together() -> None:
    seen = picture(
        picture_row(Place("a", "x", "1")), picture_row(Place("a", "y", "1")), picture_row(Place("b", "z", "1"))
    )
    assert rollup.stations_of(seen) == {"a": "x y", "b": "z"}
    assert rollup.strips(seen, ["a"]) == {"a": (("available",), ("available",))}


def test_age_is_never_negative() -> None:
    assert picture().age(NOW - timedelta(seconds=5)) == timedelta(0)
    assert picture().age(NOW + timedelta(seconds=5)) == timedelta(seconds=5)


PLACES = [Place(*names) for names in product("abc", "xy", "12")]


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(PLACES), st.sampled_from([*STANDING_OF, "?"]), max_size=12))
def test_counts_add_up_however_the_network_is_cut(states: dict[Place, str]) -> None:
    seen = picture(*(picture_row(place, state=state, power_w=10.0) for place, state in states.items()))
    whole = rollup.network(seen)
    assert sum(whole.counts.values()) == whole.connectors == len(states)
    assert set(whole.counts) == set(STANDINGS)
    assert whole == rollup.of_connectors([c for site in "abc" for c in seen.within(Place(site))])
