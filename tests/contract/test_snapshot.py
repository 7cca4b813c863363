"""The relations that rules compile against."""

from datetime import timedelta
from itertools import count

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import InputError, LaddvaktError
from monitor.ids import Place
from monitor.readings.schema import MEASUREMENTS


def query(store, sql, *args, **tables):
    with store.snapshot() as snapshot:
        return snapshot.query(sql, *args, **tables).to_pylist()


def test_relations_have_stored_units_and_keys(store, batch, at):
    store.append(batch(meter=[{"time_us": at(0), "power_w": 1.5}]))

    [row] = query(store, "SELECT * FROM meter JOIN connectors USING (connector_key) JOIN stations USING (station_key)")
    assert (row["power_mw"], row["site"], row["station"], row["connector"]) == (1500, "s", "x", "1")
    columns = {each.column for each in MEASUREMENTS["meter"].fields}
    assert columns | {"time_us", "received_us", "seq"} <= set(row)


def test_a_query_takes_parameters_and_arrow_tables(store, batch, at):
    store.append(batch(meter=[{"time_us": at(0), "power_w": 1.5}]))
    limits = pa.table({"connector": ["1"], "limit_mw": [1000]})

    sql = """SELECT power_mw > limit_mw AS above FROM meter
             JOIN connectors USING (connector_key) JOIN limits USING (connector) WHERE time_us <= $now"""
    assert query(store, sql, {"now": at(0)}, limits=limits) == [{"above": True}]
    assert query(store, "SELECT ? + 1 AS n", [1]) == [{"n": 2}]


def test_a_wrong_statement_is_the_callers_fault(store):
    with pytest.raises(InputError, match="no_such_column"):
        query(store, "SELECT no_such_column FROM meter")


def test_a_snapshot_does_not_move(store, batch, at):
    store.append(batch(meter=[{"time_us": at(0), "power_w": 1.0}]))
    with store.snapshot() as snapshot:
        store.append(batch(meter=[{"time_us": at(1), "power_w": 2.0}]))
        assert snapshot.query("SELECT count(*) AS n FROM meter").to_pylist() == [{"n": 1}]
    assert query(store, "SELECT count(*) AS n FROM meter") == [{"n": 2}]


def test_a_snapshot_cannot_write(store, batch, at):
    store.append(batch(meter=[{"time_us": at(0), "power_w": 1.0}]))

    for statement in ("DELETE FROM meter", "DROP TABLE meter", "COMMIT; DELETE FROM meter; SELECT 1"):
        with pytest.raises(LaddvaktError):
            query(store, statement)
    assert query(store, "SELECT count(*) AS n FROM meter") == [{"n": 1}]


def test_registered_connectors_are_there_before_they_send(store, batch, at):
    store.register([Place("s", "x", "1"), Place("s", "y", "1"), Place("s", "x", "1")])
    store.append(batch(meter=[{"time_us": at(0), "power_w": 1.0}]))

    assert query(store, "SELECT site, station, connector FROM connectors ORDER BY ALL") == [
        {"site": "s", "station": "x", "connector": "1"}, {"site": "s", "station": "y", "connector": "1"}]  # fmt: skip
    assert query(store, "SELECT count(*) AS n FROM stations") == [{"n": 2}]


def test_latest_meter_has_the_last_value_of_each_column(store, batch, at, noon):
    store.append(batch(meter=[{"time_us": at(0), "power_w": 1.0, "soc": 10.0}]))
    store.bring_up_to(noon + timedelta(seconds=5))
    store.append(batch(meter=[{"time_us": at(10), "power_w": 2.0}]))
    store.append(batch(meter=[{"time_us": at(5), "power_w": 9.0, "soc": 11.0}]))  # late
    store.bring_up_to(noon + timedelta(seconds=10))

    [row] = query(store, "SELECT power_mw, power_mw_us, soc_mpct, soc_mpct_us, energy_mwh FROM latest_meter")
    assert row == {"power_mw": 2000, "power_mw_us": at(10), "soc_mpct": 11000, "soc_mpct_us": at(5), "energy_mwh": None}


def test_latest_is_as_of_now_and_not_later(store, batch, at, noon):
    store.append(batch(meter=[{"time_us": at(0), "power_w": 1.0}, {"time_us": at(10), "power_w": 2.0}]))

    for now, expected in ((5, 1000), (9.999, 1000), (10, 2000)):
        store.bring_up_to(noon + timedelta(seconds=now))
        assert query(store, "SELECT power_mw FROM latest_meter") == [{"power_mw": expected}]


def test_a_status_older_than_the_window_is_still_the_last_one_after_a_restart(open_store, batch, at, noon):
    store = open_store()
    store.append(batch(status=[{"time_us": at(-86400), "status": "Faulted", "error_code": "GroundFailure"}]))
    store.bring_up_to(noon)
    store.close()

    store = open_store()
    store.bring_up_to(noon + timedelta(hours=1))
    expected = {"status": "Faulted", "error_code": "GroundFailure", "since_us": at(-86400)}
    assert query(store, "SELECT status, error_code, since_us FROM latest_status") == [expected]
    store.close()


def test_forgetting_rows_does_not_forget_the_last_status(forgetful, batch, at, noon):
    forgetful.append(batch(status=[{"time_us": at(-86400), "status": "Faulted"}]))
    forgetful.bring_up_to(noon)
    forgetful.forget("status", noon)

    assert query(forgetful, "SELECT status FROM latest_status") == [{"status": "Faulted"}]


def test_since_is_the_begin_of_the_run_of_one_status(store, batch, at, noon):
    for second, status in ((0, "Available"), (10, "Charging"), (20, "Charging"), (30, "Charging")):
        store.append(batch(status=[{"time_us": at(second), "status": status}]))
        store.bring_up_to(noon + timedelta(seconds=second))
    assert query(store, "SELECT status, since_us, time_us FROM latest_status") == [
        {"status": "Charging", "since_us": at(10), "time_us": at(30)}]  # fmt: skip

    store.append(batch(status=[{"time_us": at(25), "status": "SuspendedEV"}]))
    store.bring_up_to(noon + timedelta(seconds=31))
    assert query(store, "SELECT status, since_us FROM latest_status") == [{"status": "Charging", "since_us": at(30)}]


def test_info_that_comes_alone_changes_no_status(store, batch, at, noon):
    store.append(batch(status=[{"time_us": at(0), "status": "Charging"}]))
    store.append(batch(status=[{"time_us": at(10), "info": "door open"}]))
    store.bring_up_to(noon + timedelta(minutes=1))

    assert query(store, "SELECT status, since_us, time_us, info FROM latest_status") == [
        {"status": "Charging", "since_us": at(0), "time_us": at(0), "info": None}]  # fmt: skip


def test_latest_link_tells_when_a_station_was_seen_at_all(store, batch, at, noon):
    events = [("connected", None), ("heartbeat", 300.0), ("disconnected", None), ("boot", None)]
    links = [{"time_us": at(s), "event": event, "interval_s": interval} for s, (event, interval) in enumerate(events)]
    meters = [{"time_us": at(5), "power_w": 1.0}, {"station": "y", "time_us": at(4), "power_w": 1.0}]
    store.append(batch(link=links, meter=meters))
    store.bring_up_to(noon + timedelta(minutes=1))

    rows = query(
        store, "SELECT station, latest_link.* FROM latest_link JOIN stations USING (station_key) ORDER BY station"
    )
    by_station = {row["station"]: row for row in rows}
    x, y = by_station["x"], by_station["y"]
    assert (x["connected_us"], x["heartbeat_us"], x["interval_ms"]) == (at(0), at(1), 300_000)
    assert (x["disconnected_us"], x["seen_us"]) == (at(2), at(5))
    assert (y["seen_us"], y["heartbeat_us"]) == (at(4), None)


EXAMPLES = count()
statuses = st.tuples(st.integers(0, 12), st.sampled_from(["Available", "Charging"]), st.sampled_from([None, 7.0]))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.lists(statuses, min_size=1, max_size=3), st.one_of(st.none(), st.integers(0, 12))),
        min_size=1,
        max_size=6,
    )
)
def test_latest_equals_what_all_rows_say(store, batch, at, noon, steps):
    """However rows and ticks follow each other, the maintained tables equal a computation from nothing."""
    example = next(EXAMPLES)
    connector, start = str(example), example * 1000  # time only goes on, from one example to the next as well
    for rows, now in [*steps, ([(0, "Available", None)], 12)]:
        points = [({"connector": connector, "time_us": at(start + s)}, status, soc) for s, status, soc in rows]
        store.append(batch(status=[{**point, "status": status} for point, status, _ in points],
                           meter=[{**point, "power_w": 1.5, "soc": soc} for point, _, soc in points]))  # fmt: skip
        if now is not None:
            store.bring_up_to(noon + timedelta(seconds=start + now))

    mine = "SEMI JOIN (FROM connectors WHERE connector = $me) USING (connector_key)"
    direct_status = f"""
        WITH runs AS (SELECT *, lag(status) OVER (ORDER BY time_us) AS before FROM status {mine})
        SELECT max(time_us) AS time_us, arg_max(status, time_us) AS status,
               max(time_us) FILTER (status IS DISTINCT FROM before) AS since_us FROM runs"""
    direct_meter = f"""
        SELECT arg_max(power_mw, time_us) AS power_mw, arg_max(soc_mpct, time_us) AS soc_mpct,
               max(time_us) FILTER (soc_mpct IS NOT NULL) AS soc_mpct_us FROM meter {mine}"""
    with store.snapshot() as snapshot:
        me = {"me": connector}
        assert snapshot.query(f"SELECT time_us, status, since_us FROM latest_status {mine}", me) == snapshot.query(
            direct_status, me
        )
        assert snapshot.query(f"SELECT power_mw, soc_mpct, soc_mpct_us FROM latest_meter {mine}", me) == snapshot.query(
            direct_meter, me
        )
