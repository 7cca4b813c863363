"""Questions to a real server, answers in Arrow: what was written comes back as it was."""

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pyarrow as pa
import pytest
import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient

from monitor.config import InfluxDB, MappedMeasurement, Mapping
from monitor.errors import InputError, StoreUnavailable
from monitor.ids import Place
from monitor.readings.influx import lines
from monitor.readings.influx.mapping import namings
from monitor.readings.influx.refusal import Missing, Unusable
from monitor.readings.influx.server import InfluxServer
from monitor.readings.store import Batch
from tests import influx
from tests.conftest import missing

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
NOON_US = 1_777_636_800_000_000
HOSTILE = (
    "Malmö C", "a,b", "a=b", "it's", '"quoted"', "back\\slash", "back\\\\slash", "充电站😀", "null", "true", "1", "%",
    "/", "'; DROP DATABASE x; --", "#1",
)  # fmt: skip
TEXTS = ("two\nlines", 'say "hi"', "a\\b", "ends in \\", "comma, and = sign", " ", "null", "true", "1.0", "å")


@pytest.fixture(scope="module", params=["1.6", "1.6 with users", "named"])
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    if request.param == "named":
        if not influx.others():
            pytest.skip("LADDVAKT_TEST_INFLUX_URL names no server")
        yield influx.others()["named"]
        return
    if influx.installed() is None:
        missing("no influxd 1.x on PATH (Debian: apt-get install influxdb)")
    with influx.influxd_1(tmp_path_factory.mktemp("influxd"), users="users" in request.param) as running:
        yield running.settings


@pytest.fixture
def server(settings: InfluxDB) -> Iterator[InfluxServer]:
    fresh = settings.model_copy(update={"bucket": f"test {uuid4().hex[:8]}"})
    with closing(InfluxServer(fresh)) as made:
        yield made


def batch(received_at: datetime = NOON, **rows: list[dict[str, Any]]) -> Batch:
    tables = {}
    for measurement, each in rows.items():
        place = {"site": "s", "station": "x"} | ({} if measurement == "link" else {"connector": "1"})
        full = [place | row for row in each]
        names = {name: None for row in full for name in row}
        tables[measurement] = pa.table({name: pa.array([row.get(name) for row in full]) for name in names})
    return Batch(tables, received_at)


def given(table: pa.Table) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if value is not None} for row in table.to_pylist()]


def test_rows_come_back_with_their_types_and_what_is_missing_stays_missing(server):
    rows = [
        {"time_us": NOON_US, "power_w": 11000.0, "energy_wh": 0.5, "session": "7"},
        {"time_us": NOON_US + 1, "soc": 80.0},
    ]
    server.write(batch(meter=rows))
    place = {"site": "s", "station": "x", "connector": "1", "received_us": NOON_US}
    assert given(server.read("meter", None, None)) == [place | row for row in rows]
    assert given(server.read("meter", NOON_US + 1, None)) == [place | rows[1]]
    assert given(server.read("meter", None, NOON_US + 1)) == [place | rows[0]]
    assert given(server.read("meter", None, None, newest_first=True, limit=1)) == [place | rows[1]]
    assert server.read("status", None, None).num_rows == 0


def test_names_and_texts_of_every_kind(server):
    places = [
        {"site": name, "station": name, "connector": name, "time_us": NOON_US, "power_w": 1.0} for name in HOSTILE
    ]
    statuses = [{"time_us": NOON_US + n, "status": "Faulted", "info": text} for n, text in enumerate(TEXTS)]
    server.write(batch(meter=places, status=statuses))
    table = server.read("meter", None, None)
    assert sorted(table["station"].to_pylist()) == sorted(HOSTILE)
    for name in HOSTILE:
        found = server.read("meter", None, None, place=Place(name, name, name))
        assert found["connector"].to_pylist() == [name]
    assert server.read("status", None, None)["info"].to_pylist() == list(TEXTS)


@pytest.mark.parametrize("name", ["ends\\", "ends\\\\", "a\\,b", "two\nlines"])
def test_a_name_that_line_protocol_cannot_say_is_refused_and_nothing_is_written(server, name):
    with pytest.raises(InputError, match="cannot store a site that has|cannot store a station that has"):
        server.write(
            batch(meter=[{"time_us": NOON_US, "power_w": 1.0}, {"time_us": 1, "station": name, "power_w": 1.0}])
        )
    assert server.read("meter", None, None).num_rows == 0


def test_a_start_and_a_stop_in_one_second_and_an_event_of_a_link(server):
    rows = [{"time_us": NOON_US, "event": event, "session": "1", "user": "u"} for event in ("start", "stop")]
    server.write(batch(transaction=rows, link=[{"time_us": NOON_US, "event": "heartbeat", "interval_s": 60.0}]))
    assert sorted(server.read("transaction", None, None)["event"].to_pylist()) == ["start", "stop"]
    assert given(server.read("link", None, None))[0]["event"] == "heartbeat"


def test_a_point_written_again_is_merged_field_by_field(server):
    server.write(batch(meter=[{"time_us": NOON_US, "power_w": 1.0, "soc": 5.0}]))
    server.write(batch(meter=[{"time_us": NOON_US, "power_w": 2.0}]))
    [row] = given(server.read("meter", None, None))
    assert (row["power_w"], row["soc"]) == (2.0, 5.0)


def test_the_last_status_of_every_connector(server):
    rows = [
        {"time_us": NOON_US - 86_400_000_000, "status": "Available", "error_code": "NoError"},
        {"time_us": NOON_US, "info": "no status in this one"},
        {"time_us": NOON_US, "connector": "2", "status": "Charging"},
        {"time_us": NOON_US + 1, "connector": "2", "status": "Faulted", "error_code": "true"},
    ]
    server.write(batch(status=rows))
    found = {row["connector"]: row for row in given(server.last_status())}
    assert (found["1"]["status"], found["1"]["time_us"]) == ("Available", NOON_US - 86_400_000_000)
    assert (found["2"]["status"], found["2"]["error_code"]) == ("Faulted", "true")


def test_values_are_counted_per_minute_and_per_station_and_hour(server):
    rows = [{"time_us": NOON_US + n * 1_000_000, "power_w": 1.0, "session": "1"} for n in (0, 59, 60)]
    server.write(batch(meter=[*rows, {"time_us": NOON_US, "station": "y, z", "soc": 1.0}]))
    minutes = server.counts("meter", NOON_US, NOON_US + 120_000_000, 60)
    assert minutes.to_pylist() == [
        {"time_us": NOON_US, "values": 5},
        {"time_us": NOON_US + 60_000_000, "values": 2},
    ]
    hours = server.counts("meter", NOON_US, NOON_US + 3_600_000_000, 3600, by_station=True)
    assert sorted((row["station"], row["values"]) for row in hours.to_pylist()) == [("x", 6), ("y, z", 1)]
    assert server.counts("link", NOON_US, NOON_US + 1_000_000, 60).num_rows == 0


def test_rows_before_a_moment_are_deleted(server):
    server.write(batch(meter=[{"time_us": NOON_US + n * 1_000_000, "power_w": 1.0} for n in range(3)]))
    if not server.connect().can_delete:
        with pytest.raises(InputError, match="retention period"):
            server.delete("meter", NOON_US)
        return
    server.delete("meter", NOON_US + 1_000_000)
    assert server.read("meter", None, None)["time_us"].to_pylist() == [NOON_US + 1_000_000, NOON_US + 2_000_000]


def test_rows_before_a_moment_are_counted_where_they_stand(server):
    server.write(batch(meter=[{"time_us": NOON_US + n, "power_w": 1.0, "soc": 2.0} for n in range(3)]))
    server.write(batch(meter=[{"time_us": NOON_US + 4, "session": "1"}, {"time_us": NOON_US + 5, "soc": None}]))
    assert [server.at_least("meter", NOON_US + n) for n in (0, 3, 5, 6)] == [0, 3, 4, 5]
    assert server.at_least("link", NOON_US) == 0


def test_a_field_of_another_type_is_told_with_the_server_s_words(server):
    numbers = batch(meter=[{"time_us": NOON_US, "power_w": 1.0}])
    server.write(numbers)
    body = lines.of_batch(numbers, namings(Mapping())).replace(b"power_w=1", b'power_w="text"')
    with pytest.raises(InputError, match="(?i)field type conflict|parsing for line protocol failed"):
        server.write_lines(body)


def test_a_bucket_that_is_missing_is_made_only_where_that_is_allowed(settings):
    strict = settings.model_copy(update={"bucket": f"none {uuid4().hex[:8]}", "create": False})
    with closing(InfluxServer(strict)) as server:
        if settings.version.startswith("3"):
            pytest.skip("3.x makes it by the first write")
        with pytest.raises(StoreUnavailable, match="create it, set influxdb.create = true"):
            server.connect()


def test_a_retention_policy_is_named_behind_the_database_and_made_with_it(settings):
    database = f"test {uuid4().hex[:8]}"
    rows = [{"time_us": NOON_US + n * 1_000_000, "power_w": 1.0, "session": "1"} for n in range(2)]
    with closing(InfluxServer(settings.model_copy(update={"bucket": f"{database}/two years"}))) as server:
        if server.connect().major == 3:
            pytest.skip("3.x has no retention policies")
        assert server.read("meter", None, None).num_rows == 0
        server.write(batch(meter=rows, status=[{"time_us": NOON_US, "status": "Faulted"}]))
        assert server.read("meter", None, None)["time_us"].to_pylist() == [NOON_US, NOON_US + 1_000_000]
        assert server.last_status()["status"].to_pylist() == ["Faulted"]
        assert server.counts("meter", NOON_US, NOON_US + 60_000_000, 60)["values"].to_pylist() == [4]
        assert server.unmapped() == {}
        if server.connect().major == 1:  # there its statement is about all policies of a database
            with pytest.raises(InputError, match="has several: give the policy of the readings a duration"):
                server.delete("meter", NOON_US + 1_000_000)
        else:
            server.delete("meter", NOON_US + 1_000_000)
            assert server.read("meter", None, None).num_rows == 1
    missing_policy = settings.model_copy(update={"bucket": f"{database}/other", "create": False})
    with closing(InfluxServer(missing_policy)) as server, pytest.raises(Missing, match="knows no database or bucket"):
        server.read("meter", None, None)
    if not settings.org:
        with closing(InfluxServer(settings.model_copy(update={"bucket": database}))) as server:
            assert server.read("meter", None, None).num_rows == 0  # the default policy has its own


def test_a_name_that_no_database_can_have_is_told_with_the_server_s_words(settings):
    if settings.org:
        pytest.skip("a bucket may be called so")
    odd = settings.model_copy(update={"bucket": "a\\b"})
    with closing(InfluxServer(odd)) as server, pytest.raises(Unusable, match="invalid name"):
        server.connect()


def test_wrong_credentials_name_the_settings(settings):
    if not (settings.username or settings.token):
        pytest.skip("this server has no users")
    wrong = settings.model_copy(update={"password": "wrong", "token": "wrong"})
    with closing(InfluxServer(wrong)) as server, pytest.raises(StoreUnavailable, match=r"set influxdb\.token"):
        server.connect()


def test_a_server_that_is_not_there(free_port: int):
    away = InfluxDB(url=f"http://127.0.0.1:{free_port}")
    with closing(InfluxServer(away)) as server, pytest.raises(StoreUnavailable, match="does not answer"):
        server.read("meter", None, None)


def test_a_server_that_takes_the_call_and_never_answers_is_given_up_in_time():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings = InfluxDB(url=url, timeout=timedelta(milliseconds=300))
        with closing(InfluxServer(settings)) as server, pytest.raises(StoreUnavailable, match="does not answer"):
            server.read("meter", None, None)


def test_the_server_s_clock_is_compared_with_ours(server):
    now = datetime.now(UTC)
    offset = server.clock_offset(now - timedelta(hours=1))
    assert abs(offset - timedelta(hours=1)) < timedelta(seconds=10)


FOREIGN = Mapping(
    meter=MappedMeasurement(
        measurement="ev charger",
        tags={"station": "charger id", "connector": "outlet"},
        constants={"site": "malmo"},
        fields={"power_w": "power kW", "session": "tx"},
        factors={"power_w": 1000.0},
    )
)


def test_a_foreign_schema_is_read_and_written_as_ours(server):
    server.connect()
    server.write_lines(
        rf'ev\ charger,charger\ id=a\ 1,outlet=2 power\ kW=11.5,tx="7",rpm=3 {NOON_US}'.replace("\\\\", "\\").encode()
    )
    with closing(InfluxServer(server.settings, FOREIGN)) as mapped:
        [row] = given(mapped.read("meter", None, None))
        place = {"site": "malmo", "station": "a 1", "connector": "2"}
        assert row == {**place, "time_us": NOON_US, "power_w": 11500.0, "session": "7"}
        assert mapped.read("meter", None, None, place=Place("malmo", "a 1")).num_rows == 1
        assert mapped.read("meter", None, None, place=Place("lund")).num_rows == 0
        assert mapped.unmapped() == {"meter": ["rpm"]}
        mapped.write(batch(meter=[{**place, "time_us": NOON_US, "power_w": 500.0}]))
        assert mapped.read("meter", None, None)["power_w"].to_pylist() == [500.0]
        hours = mapped.counts("meter", NOON_US, NOON_US + 1, 3600, by_station=True)
        assert hours.to_pylist() == [{"time_us": NOON_US, "station": "a 1", "site": "malmo", "values": 2}]


def test_a_mapping_of_a_name_that_we_do_not_have_names_the_key_and_the_nearest():
    wrong = Mapping(meter=MappedMeasurement(fields={"power_v": "p"}))
    with pytest.raises(InputError, match=r"mapping\.meter\.fields: meter has no 'power_v'; did you mean 'power_w'"):
        InfluxServer(InfluxDB(), wrong)


def drop(server: InfluxServer) -> None:
    settings = server.settings
    if server.connect().major == 1:
        pool, headers = urllib3.PoolManager(), {}
        if settings.username:
            headers = urllib3.make_headers(basic_auth=f"{settings.username}:{settings.password}")
        question = urlencode({"q": f'DROP DATABASE "{settings.bucket}"'})
        assert pool.request("POST", f"{settings.url}/query?{question}", headers=headers).status == 200
        return
    with InfluxDBClient(settings.url, settings.token, org=settings.org) as client:
        client.buckets_api().delete_bucket(client.buckets_api().find_bucket_by_name(settings.bucket))


def test_a_bucket_that_is_gone_is_told_and_not_taken_for_one_without_rows(server):
    if server.connect().major == 3:
        pytest.skip("3.x makes it by the first write")
    rows = batch(meter=[{"time_us": NOON_US, "power_w": 1.0}])
    server.write(rows)
    drop(server)
    with pytest.raises(StoreUnavailable, match="knows no database or bucket"):
        server.read("meter", None, None)
    assert server.read("meter", None, None).num_rows == 0  # made again
    drop(server)
    with pytest.raises(StoreUnavailable, match="knows no database or bucket"):
        server.write(rows)
    server.write(rows)
    assert server.read("meter", None, None).num_rows == 1


def test_what_is_too_large_for_one_request_is_sent_in_pieces(server):
    rows = 1000  # of 30 kB: 1.x takes 25 MB
    status = pa.table({
        "site": ["s"] * rows, "station": ["x"] * rows, "connector": ["1"] * rows,
        "time_us": range(NOON_US, NOON_US + rows), "status": ["Available"] * rows, "info": ["x" * 30_000] * rows,
    })  # fmt: skip
    server.write(Batch({"status": status}, NOON))
    assert server.counts("status", NOON_US, NOON_US + 60_000_000, 60)["values"].to_pylist() == [2 * rows]


def test_an_organisation_need_be_set_only_where_there_are_several(settings):
    if not settings.org:
        pytest.skip("1.x has no organisations")
    fresh = f"test {uuid4().hex[:8]}"
    with closing(InfluxServer(settings.model_copy(update={"org": "", "bucket": fresh}))) as server:
        server.write(batch(meter=[{"time_us": NOON_US, "power_w": 1.0}]))
        assert server.read("meter", None, None).num_rows == 1
    other = settings.model_copy(update={"org": "another", "bucket": fresh})
    told = r"no organisation 'another': set influxdb\.org"
    with closing(InfluxServer(other)) as server, pytest.raises(StoreUnavailable, match=told):
        server.write(batch(meter=[{"time_us": NOON_US, "power_w": 1.0}]))
