"""Answers to a question -> Arrow, never row by row: CSV of 1.x and 2.x, Parquet of 3.x, JSON of its clusters."""

import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from monitor.errors import StoreUnavailable
from monitor.readings.influx.generation import Format

Kinds = Mapping[str, pa.DataType]
_NUMBER = r"^[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$"


def table(format_: Format, body: bytes, kinds: Kinds) -> pa.Table:
    """Columns `time_us` and `kinds`; raises StoreUnavailable for what is no answer.

    An empty text is missing in every format, as CSV has it: InfluxDB cannot take a field of a row back, only empty it.
    """
    readers = {"csv": from_csv, "parquet": from_parquet, "json": from_json}
    found = readers[format_](body, kinds)
    for position, kind in enumerate(found.schema):
        if format_ != "csv" and pa.types.is_string(kind.type):
            emptied = pc.if_else(pc.equal(found[position], ""), pa.scalar(None, pa.string()), found[position])
            found = found.set_column(position, kind, emptied)
    return found


def column(format_: Format, body: bytes, name: str) -> list[str]:
    """One column of SHOW DATABASES and the like."""
    readers = {"csv": column_from_csv, "parquet": column_from_parquet, "json": column_from_json}
    return readers[format_](body, name)


def from_csv(body: bytes, kinds: Kinds) -> pa.Table:
    """Columns `time_us` and `kinds`, of an answer with `epoch=u`.

    Types are given, not guessed: whole floats look like integers. Missing and an empty text are both empty.
    """
    if not body.strip():
        return _empty(kinds)
    _expect_rows(body)
    try:
        table = _read_csv(body, kinds)
    except pa.ArrowInvalid:
        table = _numbers_where_they_are(_read_csv_as_text(body, kinds), kinds)
    return table.rename_columns(["time_us", *kinds])


def from_parquet(body: bytes, kinds: Kinds) -> pa.Table:
    """The same of Parquet, whose body has no bytes at all when there are no rows."""
    if not body:
        return _empty(kinds)
    try:
        table = pq.read_table(BytesIO(body))
    except (pa.ArrowInvalid, OSError) as error:
        raise StoreUnavailable(f"InfluxDB's answer cannot be read as Parquet: {error}") from error
    columns = {
        "time_us": _microseconds(table, "time"),
        **{name: _column(table, name, kind) for name, kind in kinds.items()},
    }
    return pa.table(columns)


def from_json(body: bytes, kinds: Kinds) -> pa.Table:
    """The same of JSON with `epoch=u`, one series at most."""
    found = _series(body)
    if not found:
        return _empty(kinds)
    [one] = found
    named = dict(zip(one["columns"], zip(*one["values"], strict=True), strict=True))
    nothing = (None,) * len(one["values"])
    columns = {"time_us": pa.array(named["time"], pa.int64())}
    columns |= {name: _of_values(named.get(name, nothing), kind) for name, kind in kinds.items()}
    return pa.table(columns)


def column_from_csv(body: bytes, name: str) -> list[str]:
    """One column of SHOW DATABASES and the like; the last of its name, because the first may be the series' own."""
    if not body.strip():
        return []
    _expect_rows(body)
    names = body.partition(b"\n")[0].decode().strip().split(",")
    unique = [f"{each} {position}" for position, each in enumerate(names)]
    wanted = next(each for each in reversed(unique) if each.rpartition(" ")[0] == name)
    table = pa_csv.read_csv(
        BytesIO(body),
        read_options=pa_csv.ReadOptions(column_names=unique, skip_rows=1),
        convert_options=pa_csv.ConvertOptions(include_columns=[wanted], column_types={wanted: pa.string()}),
    )
    found: list[str] = table[wanted].to_pylist()
    return found


def column_from_parquet(body: bytes, name: str) -> list[str]:
    """The same of Parquet."""
    found: list[str] = _column(pq.read_table(BytesIO(body)), name, pa.string()).to_pylist() if body else []
    return found


def column_from_json(body: bytes, name: str) -> list[str]:
    """The same of JSON."""
    found = _series(body)
    return [str(row[each["columns"].index(name)]) for each in found for row in each["values"]]


def listed(body: bytes, key: str) -> list[dict[str, Any]]:
    """What an answer in JSON lists under `key`; raises StoreUnavailable when it does not, as of one that was cut."""
    try:
        found: list[dict[str, Any]] = json.loads(body)[key]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreUnavailable(f"InfluxDB's answer cannot be read as JSON: {body[:300]!r}") from error
    return found


def _series(body: bytes) -> list[dict[str, Any]]:
    if not body.strip():
        return []
    [result] = listed(body, "results")
    if "error" in result:
        raise StoreUnavailable(f"InfluxDB broke off its answer: {result['error']}")
    series: list[dict[str, Any]] = result.get("series", [])
    return series


def _of_values(values: Sequence[Any], kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    try:
        return pa.array(values, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        text = pa.array([None if value is None else str(value) for value in values], pa.string())
        return _numbers(text, kind) if pa.types.is_floating(kind) else text


def _expect_rows(body: bytes) -> None:
    """An error that comes after the status 200 was sent is a CSV too, of one column; and a proxy's page is not one."""
    if body.startswith(b"name,tags,"):
        return
    said = " ".join(body[:300].decode("utf-8", "replace").split())
    if body.startswith(b"error"):
        raise StoreUnavailable(f"InfluxDB broke off its answer: {said.removeprefix('error')}")
    raise StoreUnavailable(f"what answers at influxdb.url is not InfluxDB, check the address: {said}")


def _read_csv(body: bytes, kinds: Kinds) -> pa.Table:
    return pa_csv.read_csv(
        BytesIO(body),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types={"time": pa.int64(), **kinds},
            include_columns=["time", *kinds],
            include_missing_columns=True,
            null_values=[""],
            strings_can_be_null=True,
        ),
    )


def _read_csv_as_text(body: bytes, kinds: Kinds) -> pa.Table:
    try:
        return _read_csv(body, dict.fromkeys(kinds, pa.string()))
    except pa.ArrowInvalid as error:
        raise StoreUnavailable(f"InfluxDB's answer cannot be read as CSV: {error}") from error


def _numbers_where_they_are(table: pa.Table, kinds: Kinds) -> pa.Table:
    """Somebody wrote text or booleans to a field of numbers: those values are missing, the others are read."""
    for name, kind in kinds.items():
        if pa.types.is_floating(kind):
            table = table.set_column(table.column_names.index(name), name, _numbers(table[name], kind))
    return table


def _numbers(text: pa.ChunkedArray | pa.Array, kind: pa.DataType) -> pa.ChunkedArray | pa.Array:
    return pc.if_else(pc.match_substring_regex(text, _NUMBER), text, pa.scalar(None, pa.string())).cast(kind)


def _empty(kinds: Kinds) -> pa.Table:
    return pa.schema([("time_us", pa.int64()), *kinds.items()]).empty_table()


def _microseconds(table: pa.Table, name: str) -> pa.ChunkedArray:
    return table[name].cast(pa.timestamp("us"), safe=False).cast(pa.int64())


def _column(table: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray | pa.Array:
    if name not in table.column_names:
        return pa.nulls(table.num_rows, kind)
    column = table[name]
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    if pa.types.is_floating(kind) and (pa.types.is_string(column.type) or pa.types.is_boolean(column.type)):
        return _numbers(column.cast(pa.string()), kind)
    return column.cast(kind)
