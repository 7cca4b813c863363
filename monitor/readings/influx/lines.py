"""Batches -> line protocol with microseconds, column by column."""

import re
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from monitor.errors import InputError
from monitor.readings.influx.mapping import CLAIMED, RECEIVED, Naming
from monitor.readings.store import Batch
from monitor.readings.tables import CLAIMED as CLAIMED_US

_UNWRITABLE = r"(^|[^\\])(\\\\)*\\[, =]|\\$|[\n\x00]"
"""In 1.x and 2.x a backslash in a tag is itself, but at the end or before a comma, a space or an equals sign.

A nul could be written, but InfluxQL has no way to ask for it again."""


def of_batch(batch: Batch, namings: Mapping[str, Naming], *, resolves: bool = False) -> bytes:
    """All rows, a line each; raise InputError for a name that line protocol has no way to write.

    `resolves`: whether the server takes two backslashes in a tag for one, as 3.x does.
    """
    received = batch.received_at.timestamp()
    found = [
        of_table(namings[name], table, received, resolves=resolves)
        for name, table in batch.tables.items()
        if table.num_rows
    ]
    return b"\n".join(found)


def halved(batch: Batch) -> list[Batch]:
    """Two batches of the first and the last rows of every table, or none of a batch that cannot be cut."""
    if all(table.num_rows < 2 for table in batch.tables.values()):
        return []
    cuts = {name: (table.num_rows + 1) // 2 for name, table in batch.tables.items()}
    first = {name: table.slice(0, cuts[name]) for name, table in batch.tables.items()}
    last = {name: table.slice(cuts[name]) for name, table in batch.tables.items()}
    return [Batch(first, batch.received_at), Batch(last, batch.received_at)]


def of_table(naming: Naming, table: pa.Table, received_s: float, *, resolves: bool) -> bytes:
    """The rows of one measurement."""
    tags = [_tag(naming, table, name, resolves=resolves) for name in naming.tags]
    fields = [_field(naming, table[name], name) for name in naming.columns if _is_field(naming, table, name)]
    head = pc.binary_join_element_wise(_key(naming.called), *tags, ",")
    # A row always has `received_at`, so that one without any other is a point too.
    body = pc.binary_join_element_wise(*_times(naming, table, received_s), *fields, ",", null_handling="skip")
    lines = pc.binary_join_element_wise(head, body, table["time_us"].cast(pa.string()), " ")
    whole = pa.ListArray.from_arrays([0, table.num_rows], lines.combine_chunks())
    joined: bytes = pc.binary_join(whole, "\n")[0].as_buffer().to_pybytes()
    return joined


def _times(naming: Naming, table: pa.Table, received_s: float) -> Iterator[pa.ChunkedArray | str]:
    own = "received_us" in table.column_names
    yield _seconds(RECEIVED, table["received_us"]) if own else f"{RECEIVED}={received_s!r}"
    if CLAIMED in naming.times and CLAIMED_US in table.column_names:
        yield _seconds(CLAIMED, table[CLAIMED_US])


def _seconds(name: str, epoch_us: pa.ChunkedArray) -> pa.ChunkedArray:
    seconds = pc.divide(epoch_us.cast(pa.float64()), 1e6)
    return pc.binary_join_element_wise(name, seconds.cast(pa.string()), "=")


def _is_field(naming: Naming, table: pa.Table, name: str) -> bool:
    return name in table.column_names and naming.measurement.field(name) is not None


def _key(name: str) -> str:
    """A measurement's, tag's or field's name."""
    return re.sub(r"([, =])", r"\\\1", name)


def _tag(naming: Naming, table: pa.Table, name: str, *, resolves: bool) -> pa.ChunkedArray:
    values = table[name].cast(pa.string())
    unwritable = r"[\n\x00]" if resolves else _UNWRITABLE
    if pc.any(pc.match_substring_regex(values, unwritable)).as_py():
        raise InputError(
            f"{naming.measurement.name}: InfluxDB cannot store a {name} that has a line break or a nul, or a backslash "
            "at its end or before a comma, a space or an equals sign"
        )
    special = r"([, =\\])" if resolves else r"([, =])"
    escaped = pc.replace_substring_regex(values, special, r"\\\1")
    return pc.binary_join_element_wise(_key(naming.theirs(name)), escaped, "=")


def _field(naming: Naming, column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    field = naming.measurement.field(name)
    assert field is not None
    key = _key(naming.theirs(name))
    if field.kind == "number":
        numbers = pc.divide(column.cast(pa.float64()), naming.factors.get(name, 1.0))
        return pc.binary_join_element_wise(key, numbers.cast(pa.string()), "=")
    escaped = pc.replace_substring_regex(column.cast(pa.string()), r'(["\\])', r"\\\1")
    return pc.binary_join_element_wise(f'{key}="', escaped, '"', "")
