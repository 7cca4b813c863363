"""What servers of 1.6.7, 2.9 and 3.6 answered (../shared/influx), given to the readers of their formats."""

import base64
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from monitor.config import InfluxDB
from monitor.errors import InputError, LaddvaktError, StoreUnavailable
from monitor.readings.influx import answers
from monitor.readings.influx.generation import of_ping
from monitor.readings.influx.refusal import Missing, Unusable, refused

AFTERWARDS = {"bad", "conflict"}
"""Sites of the bad batches, of which each server kept other lines."""
SERVERS = ("1.6.7", "2.9", "3.6")
KINDS = {
    name: pa.float64() if name in {"power_w", "energy_wh", "soc", "meter_wh", "nofield", "count"} else pa.string()
    for name in ("power_w", "energy_wh", "soc", "session", "meter_wh", "user", "event", "status", "error_code", "count",
                 "nofield", "site", "station", "connector")
}  # fmt: skip


@pytest.fixture(scope="module")
def recorded(shared: Path) -> dict[tuple[str, str], dict[str, Any]]:
    lines = (shared / "influx" / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    exchanges = [json.loads(line) for line in lines]
    return {(each["server"], each["case"]): each.get("response", {}) for each in exchanges}


def body_of(response: dict[str, Any]) -> bytes:
    if "body_base64" in response:
        return base64.b64decode(response["body_base64"])
    return str(response.get("body", "")).encode()


def table_of(recorded: dict[tuple[str, str], dict[str, Any]], server: str, case: str, *names: str) -> pa.Table:
    read = answers.from_parquet if server == "3.6" else answers.from_csv
    return read(body_of(recorded[server, case]), {name: KINDS[name] for name in names})


@pytest.mark.parametrize(("server", "major", "by_client"), [("1.6.7", 1, False), ("2.9", 2, True), ("3.6", 3, True)])
def test_the_generation_is_told_by_ping(recorded, server, major, by_client):
    response = recorded[server, "ping"]
    generation = of_ping(dict(response["headers"]), body_of(response))
    assert (generation.major, generation.by_client) == (major, by_client)


def test_all_generations_give_the_same_readings(recorded):
    names = ("power_w", "energy_wh", "soc", "session", "site", "station", "connector")
    first, second, third = (
        [row for row in table_of(recorded, server, "all_meter", *names).drop_columns("time_us").to_pylist()
         if row["site"] not in AFTERWARDS]
        for server in SERVERS
    )  # fmt: skip
    assert len(first) == 7
    assert first == second
    for row in third:  # 3.x resolves a backslash that escapes itself in a tag, 1.x and 2.x keep both
        row["site"] = row["site"].replace("back\\slash", "back\\\\slash")
    assert sorted(third, key=str) == sorted(first, key=str)  # 3.x orders rows of one time freely


@pytest.mark.parametrize("case", ["all_status", "transaction"])
def test_texts_and_names_of_every_kind(recorded, case):
    names = {"all_status": ("status", "error_code"), "transaction": ("event", "session", "user", "meter_wh")}[case]
    tables = [table_of(recorded, server, case, *names, "site", "station", "connector") for server in SERVERS]
    first, second, third = (sorted(map(str, each.drop_columns("time_us").to_pylist())) for each in tables)
    assert first == second
    assert len(third) == len(first)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("case", ["no_rows", "unknown_field", "unknown_measurement"])
def test_nothing_is_an_empty_table(recorded, server, case):
    table = table_of(recorded, server, case, "power_w", "site")
    assert (table.num_rows, table.column_names) == (0, ["time_us", "power_w", "site"])


@pytest.mark.parametrize("server", SERVERS)
def test_a_field_that_nobody_wrote_is_missing_in_every_row(recorded, server):
    table = table_of(recorded, server, "some_unknown_field", "power_w", "nofield")
    assert table.num_rows > 0
    assert table["nofield"].null_count == table.num_rows


@pytest.mark.parametrize(
    ("case", "names"),
    [
        ("all_meter", ("power_w", "energy_wh", "soc", "session", "site", "station", "connector")),
        ("all_status", ("status", "error_code", "site", "station", "connector")),
        ("transaction", ("event", "session", "user", "meter_wh", "site")),
        ("some_unknown_field", ("power_w", "nofield")),
        ("count_per_minute", ("count",)),
        ("no_rows", ("power_w",)),
        ("unknown_field", ("power_w",)),
        ("unknown_measurement", ("power_w",)),
    ],
)
def test_json_of_3_gives_what_its_parquet_gives(recorded, case, names):
    kinds = {name: KINDS[name] for name in names}
    json_s = answers.from_json(body_of(recorded["3.6", f"{case}_v1_json"]), kinds)
    parquet_s = answers.from_parquet(body_of(recorded["3.6", case]), kinds)
    assert json_s.schema.remove_metadata() == parquet_s.schema.remove_metadata()
    thousands = [row | {"time_us": row["time_us"] * 1000} for row in json_s.to_pylist()]  # recorded in milliseconds
    assert sorted(thousands, key=str) == sorted(parquet_s.to_pylist(), key=str)
    assert answers.from_json(b"", kinds).num_rows == 0


def test_json_lists_names_and_says_what_it_is_not(recorded):
    body = body_of(recorded["3.6", "show_field_keys_v1_json"])
    assert {"power_w", "status", "user"} <= set(answers.column_from_json(body, "fieldKey"))
    kinds = {"session": pa.float64(), "meter_wh": pa.string()}
    odd = answers.from_json(body_of(recorded["3.6", "transaction_v1_json"]), kinds).to_pylist()
    assert [(row["session"], row["meter_wh"]) for row in odd] == [(None, "12.0")]
    for wrong in (b"<html>", b"[]", b'{"results":[{"error":"query timeout"}]}'):
        with pytest.raises(StoreUnavailable):
            answers.from_json(wrong, kinds)


@pytest.mark.parametrize("server", SERVERS)
def test_text_in_a_field_of_numbers_is_missing_and_costs_no_other_column(recorded, server):
    read = answers.from_parquet if server == "3.6" else answers.from_csv
    table = read(body_of(recorded[server, "transaction"]), {"session": pa.float64(), "meter_wh": pa.float64()})
    assert table["session"].to_pylist() == [None]
    assert table["meter_wh"].to_pylist() == [12.0]


@pytest.mark.parametrize("server", SERVERS)
def test_counts(recorded, server):
    table = table_of(recorded, server, "count_per_minute", "count")
    assert table["count"].null_count == 0
    assert table.num_rows >= 9


def test_databases_are_listed(recorded):
    for server in ("1.6.7", "2.9"):
        assert "rec" in answers.column_from_csv(body_of(recorded[server, "show_databases"]), "name")


def test_fields_are_listed(recorded):
    first, second = (answers.column_from_csv(body_of(recorded[s, "show_field_keys"]), "fieldKey") for s in SERVERS[:2])
    third = answers.column_from_parquet(body_of(recorded["3.6", "show_field_keys"]), "fieldKey")
    assert {"power_w", "energy_wh", "status"} <= set(first) & set(second) & set(third)


@pytest.mark.parametrize(
    ("server", "case", "kind", "says"),
    [
        *((server, "wrong_credentials", Unusable, r"set influxdb\.token") for server in SERVERS),
        *((server, "no_credentials", Unusable, r"set influxdb\.token") for server in SERVERS),
        ("1.6.7", "write_unknown_database", Missing, "create it"),
        ("2.9", "write_unknown_database", Missing, "create it"),
        ("3.6", "unknown_database", Missing, "create it"),
        ("1.6.7", "write_type_conflict", InputError, "field type conflict"),
        ("2.9", "write_type_conflict", InputError, "field type confli"),
        ("3.6", "write_type_conflict", InputError, "line protocol"),
        ("1.6.7", "write_one_line_unreadable", InputError, "missing field value"),
        ("2.9", "syntax_error", InputError, "failed to parse query"),
        ("3.6", "syntax_error", StoreUnavailable, "answers 500"),
        ("3.6", "two_statements", StoreUnavailable, "only one"),
    ],
)
def test_what_went_wrong_is_told_with_its_remedy(recorded, server, case, kind, says):
    response = recorded[server, case]
    error = refused(InfluxDB(bucket="rec"), response["status"], body_of(response), dict(response["headers"]))
    assert isinstance(error, LaddvaktError)
    assert type(error) is kind
    with pytest.raises(kind, match=says):
        raise error


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'error\n"query timeout"\n', "broke off its answer: .*query timeout"),
        (b"name,tags,time,power_w\nmeter,,1,2\n\nerror\nengine closed\n", "cannot be read as CSV"),
        (b"<html>Please log in</html>\n", "is not InfluxDB, check the address: <html>"),
    ],
    ids=["instead of rows", "after some rows", "of a proxy"],
)
def test_an_answer_without_rows_of_its_own_is_no_empty_answer(body, told):
    with pytest.raises(StoreUnavailable, match=told):
        answers.from_csv(body, {"power_w": pa.float64()})
