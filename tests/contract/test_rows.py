"""Rows in, rows out: what every readings store does alike."""

from datetime import timedelta
from itertools import count

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import InputError, StoreUnavailable
from monitor.ids import Place
from monitor.readings import frames, keeping
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.schema import MEASUREMENTS
from monitor.readings.store import Batch

PLACE = {"site": "s", "station": "x", "connector": "1"}
HOSTILE = ["Malmö Central", "a/b", 'say "hi"', "back\\slash", "comma,equals=space", "'; DROP TABLE meter; --", "充电站",
           "😀", "%25", " ", "null", "NaN", "user"]  # fmt: skip


def test_a_batch_comes_back_in_wire_units(store, batch, at, scanned):
    store.append(batch(meter=[{"time_us": at(0), "power_w": 11040.123, "soc": 54.5, "phases": 3.0, "session": "42"}]))

    assert scanned(store, "meter") == [
        {
            **PLACE,
            "time_us": at(0),
            "received_us": at(0),
            "power_w": 11040.123,
            "soc": 54.5,
            "phases": 3.0,
            "session": "42",
        }
    ]


def test_a_missing_value_stays_missing(store, batch, at):
    store.append(batch(meter=[{"time_us": at(0), "soc": 1.0}]))

    [row] = pa.Table.from_batches(store.scan("meter")).to_pylist()
    assert row["power_w"] is None
    assert row["session"] is None


def test_every_field_of_every_measurement_is_kept(store, batch, at, scanned):
    for measurement in MEASUREMENTS.values():
        values = {each.name: "heartbeat" if each.name == "event" else 1.5 if each.kind == "number" else "text"
                  for each in measurement.fields}  # fmt: skip
        if "phases" in values:
            values["phases"] = 2.0  # they are whole
        tags = {"event": "start"} if "event" in measurement.tags else {}
        store.append(batch(**{measurement.name: [{"time_us": at(0), **tags, **values}]}))

        [row] = scanned(store, measurement.name)
        assert {name: row[name] for name in values} == values


def test_a_scan_fits_the_columns_that_people_read(store, batch, at, noon):
    for name, measurement in MEASUREMENTS.items():
        first = measurement.fields[0]
        value = "heartbeat" if first.name == "event" else 1.5 if first.kind == "number" else "Charging"
        tags = {"event": "start"} if "event" in measurement.tags else {}
        store.append(batch(**{name: [{"time_us": at(0), **tags, first.name: value}]}))

        [row] = [row for part in store.scan(name) for row in frames.framed(part, measurement).to_pylist()]
        assert (row["time"], row["received_at"], row["station"], row[first.name]) == (noon, noon, "x", value)


def test_writing_a_batch_twice_equals_once(store, batch, at, scanned, noon):
    written = batch(meter=[{"time_us": at(s), "power_w": float(s)} for s in range(20)],
                    status=[{"time_us": at(0), "status": "Charging"}])  # fmt: skip
    store.append(written)
    once = scanned(store, "meter"), scanned(store, "status")
    store.append(written)
    assert (scanned(store, "meter"), scanned(store, "status")) == once
    store.bring_up_to(noon)
    assert (scanned(store, "meter"), scanned(store, "status")) == once


def test_a_point_written_again_is_merged_field_by_field(store, batch, at, scanned, noon):
    store.append(batch(meter=[{"time_us": at(0), "power_w": 1.0, "soc": 10.0}]))
    store.append(batch(noon + timedelta(minutes=1), meter=[{"time_us": at(0), "power_w": 2.0, "energy_wh": 5.0}]))

    expected = {**PLACE, "time_us": at(0), "received_us": at(0), "power_w": 2.0, "soc": 10.0, "energy_wh": 5.0}
    for _ in range(2):
        [row] = scanned(store, "meter")
        assert row["received_us"] in {at(0), at(60)}  # InfluxDB knows the last only
        assert row | {"received_us": at(0)} == expected
        [arrived] = store.arrivals("meter", 0)[0].drop_columns(["seq"]).to_pylist()
        assert {name: value for name, value in arrived.items() if value is not None} == expected
        store.bring_up_to(noon)


def test_a_point_twice_in_one_batch_is_merged_in_order(store, batch, at, scanned):
    store.append(batch(meter=[{"time_us": at(0), "power_w": 1.0, "soc": 10.0}, {"time_us": at(5), "power_w": 7.0},
                              {"time_us": at(0), "power_w": 2.0}]))  # fmt: skip

    assert [(row["power_w"], row.get("soc")) for row in scanned(store, "meter")] == [(2.0, 10.0), (7.0, None)]


def test_rows_out_of_order_are_scanned_in_order_before_and_after_the_merge(store, batch, at, scanned, noon):
    for second in (30, 10, 20, 0):
        store.append(batch(meter=[{"time_us": at(second), "power_w": float(second)}]))

    assert [row["power_w"] for row in scanned(store, "meter")] == [0.0, 10.0, 20.0, 30.0]
    store.bring_up_to(noon + timedelta(minutes=1))
    assert [row["power_w"] for row in scanned(store, "meter")] == [0.0, 10.0, 20.0, 30.0]


def test_a_start_and_a_stop_in_one_second_are_two_rows(store, batch, at, scanned):
    both = [{"time_us": at(0), "event": "start", "session": "1"}, {"time_us": at(0), "event": "stop", "session": "1"}]
    store.append(batch(transaction=both[:1]))
    store.append(batch(transaction=both[1:]))

    assert sorted(row["event"] for row in scanned(store, "transaction")) == ["start", "stop"]


def test_what_a_lost_clock_claimed_is_kept(store, batch, at, scanned):
    store.append(
        batch(transaction=[{"time_us": at(0), "event": "start", "claimed_us": 5}, {"time_us": at(1), "event": "stop"}])
    )

    assert [row.get("claimed_us") for row in scanned(store, "transaction")] == [5, None]


@pytest.mark.parametrize(
    ("start", "end", "expected"), [(None, None, [0, 1, 2, 3]), (1, 3, [1, 2]), (None, 1, [0]), (3, None, [3])]
)
def test_a_scan_takes_in_its_start_and_not_its_end(*, store, batch, at, scanned, noon, start, end, expected):
    store.append(batch(meter=[{"time_us": at(s), "power_w": float(s)} for s in range(4)]))

    bounds = [None if s is None else noon + timedelta(seconds=s) for s in (start, end)]
    assert [row["power_w"] for row in scanned(store, "meter", *bounds)] == expected


def test_a_scan_of_a_place_newest_first_and_limited(store, batch, at, scanned):
    rows = [{"site": site, "station": station, "connector": connector, "time_us": at(s), "power_w": 1.0}
            for site in "ab" for station in "xy" for connector in "12" for s in range(3)]  # fmt: skip
    store.append(batch(meter=rows))

    assert len(scanned(store, "meter", place=Place("a"))) == 12
    assert len(scanned(store, "meter", place=Place("a", "x"))) == 6
    newest = scanned(store, "meter", place=Place("b", "y", "2"), newest_first=True, limit=2)
    assert [row["time_us"] for row in newest] == [at(2), at(1)]
    assert scanned(store, "meter", place=Place("c")) == []


def test_links_belong_to_stations(store, batch, at, scanned):
    store.append(batch(link=[{"time_us": at(0), "event": "boot", "firmware": "1.2"}]))

    assert scanned(store, "link", place=Place("s", "x"))[0]["firmware"] == "1.2"
    assert scanned(store, "link", place=Place("s", "x", "1")) == []


def test_names_may_be_anything(store, batch, at, scanned):
    # Line protocol has no way to write a line break in a tag, InfluxQL none to ask for a nul.
    names = [name for name in HOSTILE if not {"\n", "\0"} & {*name} or isinstance(store, EmbeddedStore)]
    rows = [{"site": name, "station": name, "connector": name, "time_us": at(0), "session": name} for name in names]
    store.append(batch(meter=rows))
    store.append(batch(meter=rows))

    assert {row["site"] for row in scanned(store, "meter")} == set(names)
    for name in names:
        [row] = scanned(store, "meter", place=Place(name, name, name))
        assert row["session"] == name


@pytest.mark.parametrize("name", ["line\nbreak", "nul\0byte", "ends in \\"], ids=["line break", "nul", "backslash"])
def test_a_name_is_kept_as_it_is_or_refused_with_its_batch(store, batch, at, scanned, name):
    rows = [{"site": "s", "time_us": at(0), "soc": 1.0}, {"site": name, "time_us": at(0), "soc": 1.0}]
    try:
        store.append(batch(meter=rows))
    except InputError as error:
        assert "cannot store a site" in str(error)
        assert scanned(store, "meter") == []
    else:
        assert {row["site"] for row in scanned(store, "meter")} == {"s", name}


def test_places_that_differ_only_in_where_a_name_ends_are_different(store, batch, at, scanned):
    store.append(batch(meter=[{"site": "a", "station": "b/c", "time_us": at(0), "soc": 1.0},
                              {"site": "a/b", "station": "c", "time_us": at(0), "soc": 2.0}]))  # fmt: skip

    assert len(scanned(store, "meter")) == 2


def test_an_empty_store_answers_everything(store, noon, scanned):
    store.bring_up_to(noon)

    for measurement in MEASUREMENTS:
        assert scanned(store, measurement) == []
        arrived, last = store.arrivals(measurement, 0)
        assert arrived.num_rows == 0
        assert store.arrivals(measurement, last)[1] == last
        assert store.forget(measurement, noon) == 0
    health = store.health()
    assert health.reachable
    assert health.newest is None
    assert set(health.rows.values()) == {0}


def test_forgetting_takes_what_is_older(forgetful, batch, at, scanned, noon):
    forgetful.append(batch(meter=[{"time_us": at(s), "power_w": 1.0} for s in (0, 10, 20)]))
    forgetful.append(batch(meter=[{"time_us": at(5), "power_w": 1.0}]))  # late, not merged yet

    assert forgetful.forget("meter", noon + timedelta(seconds=10)) == 2
    assert [row["time_us"] for row in scanned(forgetful, "meter")] == [at(10), at(20)]


def test_forgetting_users_leaves_their_rows_or_says_why_it_cannot(store, batch, at, scanned, noon):
    rows = [{"time_us": at(s), "event": "start", "session": str(s), "user": "u", "meter_wh": 1.0} for s in (0, 10, 20)]
    store.append(batch(transaction=rows))
    store.append(batch(transaction=[{"time_us": at(5), "event": "stop", "user": "late"}]))
    store.append(batch(transaction=[{"time_us": at(6), "event": "stop", "reason": "Local"}]))
    _, arrived = store.arrivals("transaction", 0)
    before = noon + timedelta(seconds=10)

    if not isinstance(store, EmbeddedStore):
        with pytest.raises(InputError, match="cannot clear one field"):
            list(keeping.forget_users(store, before))
        return
    pieces = list(keeping.forget_users(store, before))
    assert sum(pieces) == 2
    assert sum(keeping.forget_users(store, before)) == 0
    assert [row.get("user") for row in scanned(store, "transaction")] == [None, None, None, "u", "u"]
    assert [row.get("session") for row in scanned(store, "transaction")] == ["0", None, None, "10", "20"]
    assert store.arrivals("transaction", arrived)[0].num_rows == 0


def test_erasing_a_user_leaves_the_rows_and_everybody_else(store, batch, at, scanned, noon):
    rows = [
        {"time_us": at(0), "event": "start", "session": "1", "user": "u", "contract_id": "c", "group": "g"},
        {"time_us": at(0), "event": "start", "session": "1", "user": "v", "contract_id": "d", "connector": "2"},
        {"time_us": at(60), "event": "start", "session": "2", "user": 'clear, "u"', "signed": "OCMF|u"},
    ]
    store.append(batch(transaction=rows))
    store.append(batch(transaction=[{"time_us": at(90), "event": "stop", "session": "2", "signed": "OCMF|u2"}]))
    store.append(batch(transaction=[{"time_us": at(30), "event": "stop", "session": "1", "user": "u"}]))  # late
    store.bring_up_to(noon + timedelta(minutes=5))
    _, arrived = store.arrivals("transaction", 0)

    assert store.erase_user({"u", 'clear, "u"'}) == 4
    assert store.erase_user({"u", 'clear, "u"'}) == 0
    found = scanned(store, "transaction")
    assert sorted((row["time_us"], row["connector"], row["event"]) for row in found) == [
        (at(0), "1", "start"), (at(0), "2", "start"), (at(30), "1", "stop"), (at(60), "1", "start"),
        (at(90), "1", "stop"),
    ]  # fmt: skip
    identity = [{name: row[name] for name in ("user", "contract_id", "signed") if name in row} for row in found]
    assert [each for each in identity if each] == [{"user": "v", "contract_id": "d"}]
    assert next(row.get("group") for row in found if row["connector"] == "1") == "g"
    assert store.arrivals("transaction", arrived)[0].num_rows == 0


def test_a_user_is_erased_by_contract_too(store, batch, at, scanned, noon):
    rows = [
        {"time_us": at(0), "event": "start", "session": "1", "user": "card", "contract_id": "SE-ABC-C1"},
        {"time_us": at(60), "event": "start", "session": "2", "user": "app", "contract_id": "SE-ABC-C1"},
        {"time_us": at(90), "event": "start", "session": "3", "user": "v", "auth_reference": "r-3"},
    ]
    store.append(batch(transaction=rows))
    store.append(batch(transaction=[{"time_us": at(30), "event": "stop", "session": "1", "user": "card"}]))
    store.bring_up_to(noon + timedelta(minutes=5))
    assert store.erase_user({"SE-ABC-C1"}) == 3
    assert store.erase_user({"r-3"}) == 1
    found = scanned(store, "transaction")
    assert len(found) == 4
    assert [row for row in found if row.keys() & {"user", "contract_id", "auth_reference"}] == []


def test_users_are_forgotten_in_pieces_over_holes_and_years(store, batch, at, scanned, noon):
    if not isinstance(store, EmbeddedStore):
        pytest.skip("InfluxDB cannot clear one field of a row")
    days = [0, 1, 200, 4000, 4001]
    rows = [{"time_us": at(86_400 * day), "event": "start", "session": "1", "user": "u"} for day in days]
    store.append(batch(transaction=rows))

    pieces = list(keeping.forget_users(store, noon + timedelta(days=4001)))
    assert sum(pieces) == 4
    assert len(pieces) > 10
    assert [row.get("user") for row in scanned(store, "transaction")] == [None] * 4 + ["u"]


def test_forgetting_in_pieces_takes_the_same_over_holes(forgetful, batch, at, scanned, noon):
    hours = [0, 1, 2, 30, 31, 24 * 400]
    forgetful.append(batch(meter=[{"time_us": at(3600 * hour), "power_w": 1.0} for hour in hours]))

    pieces = list(keeping.forget(forgetful, "meter", noon + timedelta(hours=31)))
    assert sum(pieces) == 4
    assert len(pieces) > 1
    assert [row["time_us"] for row in scanned(forgetful, "meter")] == [at(3600 * 31), at(3600 * 24 * 400)]
    assert list(keeping.forget(forgetful, "meter", noon)) == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300])
def test_a_number_that_cannot_be_stored_is_refused_with_its_batch(store, batch, at, scanned, value):
    bad = batch(meter=[{"time_us": at(0), "power_w": 1.0}, {"time_us": at(1), "power_w": value}])

    with pytest.raises(InputError, match=r"meter\.power_w"):
        store.append(bad)
    assert scanned(store, "meter") == []


def test_columns_and_measurements_that_do_not_exist_are_refused(store, batch, at, noon):
    with pytest.raises(InputError, match="no column 'colour'"):
        store.append(batch(meter=[{"time_us": at(0), "colour": 1.0}]))
    with pytest.raises(InputError, match="no measurement 'weather'"):
        store.append(Batch({"weather": pa.table({"time_us": [at(0)]})}, noon))
    with pytest.raises(InputError, match="start, stop"):
        store.append(batch(transaction=[{"time_us": at(0), "event": "pause"}]))
    with pytest.raises(InputError, match="needs 'event'"):
        store.append(batch(transaction=[{"time_us": at(0)}]))


def test_a_restart_keeps_everything_and_goes_on(open_store, batch, at, scanned, noon):
    first = open_store()
    first.append(
        batch(meter=[{"time_us": at(10), "power_w": 1.0}], transaction=[{"time_us": at(10), "event": "start"}])
    )
    first.bring_up_to(noon)  # the rows lie ahead of it
    first.append(batch(meter=[{"time_us": at(0), "power_w": 2.0}]))
    first.close()

    second = open_store()
    second.append(batch(meter=[{"time_us": at(10), "soc": 5.0}, {"time_us": at(20), "power_w": 3.0}],
                        transaction=[{"time_us": at(10), "event": "start", "session": "9"}]))  # fmt: skip
    second.bring_up_to(noon + timedelta(minutes=1))
    assert [(row["time_us"], row.get("power_w"), row.get("soc")) for row in scanned(second, "meter")] == [
        (at(0), 2.0, None), (at(10), 1.0, 5.0), (at(20), 3.0, None)]  # fmt: skip
    assert [row["session"] for row in scanned(second, "transaction")] == ["9"]
    second.close()


def test_a_closed_store_says_so(open_store, batch, at):
    store = open_store()
    store.close()
    store.close()

    with pytest.raises(StoreUnavailable, match="closed"):
        store.append(batch(meter=[{"time_us": at(0), "power_w": 1.0}]))
    with pytest.raises(StoreUnavailable, match="closed"):
        list(store.scan("meter"))


def test_many_connectors(store, noon, at, scanned):
    many = 10_000
    table = pa.table(
        {
            "site": [f"site {i % 100}" for i in range(many)],
            "station": [f"st-{i}" for i in range(many)],
            "connector": ["1"] * many,
            "time_us": [at(0)] * many,
            "power_w": [float(i) for i in range(many)],
        }
    )
    store.append(Batch({"meter": table}, noon))
    store.bring_up_to(noon)

    with store.snapshot() as snapshot:
        answer = snapshot.query(
            "SELECT count(*) AS n, sum(power_mw)::BIGINT AS mw FROM latest_meter JOIN connectors USING (connector_key)"
        )
    assert answer.to_pylist() == [{"n": many, "mw": 1000 * many * (many - 1) // 2}]
    assert [row["power_w"] for row in scanned(store, "meter", place=Place("site 7", "st-1007"))] == [1007.0]


EXAMPLES = count()
point_writes = st.tuples(st.integers(0, 5), st.sampled_from(["power_w", "soc"]), st.integers(0, 9))
writes = st.lists(st.lists(point_writes, min_size=1, max_size=4), min_size=1, max_size=6)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=writes, merges=st.sets(st.integers(0, 5)))
def test_whatever_the_order_of_writes_the_last_one_of_each_field_counts(
    *, store, batch, at, scanned, noon, batches, merges
):
    example = str(next(EXAMPLES))  # a connector of its own for each example
    expected: dict[int, dict[str, float]] = {}
    for number, points in enumerate(batches):
        store.append(
            batch(
                meter=[
                    {"connector": example, "time_us": at(second), field: float(value)}
                    for second, field, value in points
                ]
            )
        )
        for second, field, value in points:
            expected.setdefault(at(second), {})[field] = float(value)
        if number in merges:
            store.bring_up_to(noon)

    rows = scanned(store, "meter", place=Place("s", "x", example))
    found = {row["time_us"]: {name: row[name] for name in ("power_w", "soc") if name in row} for row in rows}
    assert found == expected
    assert [row["time_us"] for row in rows] == sorted(expected)
