"""Batches -> line protocol with microseconds, column by column."""

import pyarrow as pa
import pyarrow.compute as pc

from monitor.errors import InputError
from monitor.readings.influx.questions import RECEIVED, tags_of
from monitor.readings.schema import MEASUREMENTS, Measurement
from monitor.readings.store import Batch

_UNWRITABLE = r"(^|[^\\])(\\\\)*\\[, =]|\\$|\n"
"""In 1.x and 2.x a backslash in a tag is itself, but at the end or before a comma, a space or an equals sign."""


def of_batch(batch: Batch, *, resolves: bool = False) -> bytes:
    """All rows, a line each; raise InputError for a name that line protocol has no way to write.

    `resolves`: whether the server takes two backslashes in a tag for one, as 3.x does.
    """
    received = batch.received_at.timestamp()
    found = [
        of_table(MEASUREMENTS[name], table, received, resolves=resolves)
        for name, table in batch.tables.items()
        if table.num_rows
    ]
    return b"\n".join(found)


def of_table(measurement: Measurement, table: pa.Table, received_s: float, *, resolves: bool) -> bytes:
    """The rows of one measurement."""
    tags = [_tag(measurement, table, name, resolves=resolves) for name in tags_of(measurement)]
    fields = [
        _field(table[field.name], field.name, field.kind)
        for field in measurement.fields
        if field.name in table.column_names
    ]
    head = pc.binary_join_element_wise(measurement.name, *tags, ",")
    # A row always has this field, so that one without any other is a point too.
    body = pc.binary_join_element_wise(f"{RECEIVED}={received_s!r}", *fields, ",", null_handling="skip")
    lines = pc.binary_join_element_wise(head, body, table["time_us"].cast(pa.string()), " ")
    joined: bytes = (
        pc.binary_join(pa.ListArray.from_arrays([0, table.num_rows], lines.combine_chunks()), "\n")[0]
        .as_buffer()
        .to_pybytes()
    )
    return joined


def _tag(measurement: Measurement, table: pa.Table, name: str, *, resolves: bool) -> pa.ChunkedArray:
    values = table[name].cast(pa.string())
    unwritable = r"\n" if resolves else _UNWRITABLE
    if pc.any(pc.match_substring_regex(values, unwritable)).as_py():
        raise InputError(
            f"{measurement.name}: InfluxDB cannot store a {name} that has a line break, or a backslash at its end or "
            "before a comma, a space or an equals sign"
        )
    special = r"([, =\\])" if resolves else r"([, =])"
    return pc.binary_join_element_wise(name, pc.replace_substring_regex(values, special, r"\\\1"), "=")


def _field(column: pa.ChunkedArray, name: str, kind: str) -> pa.ChunkedArray:
    if kind == "number":
        return pc.binary_join_element_wise(name, column.cast(pa.float64()).cast(pa.string()), "=")
    escaped = pc.replace_substring_regex(column.cast(pa.string()), r'(["\\])', r"\\\1")
    return pc.binary_join_element_wise(f'{name}="', escaped, '"', "")
