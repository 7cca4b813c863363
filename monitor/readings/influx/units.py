"""Rows of an answer -> the columns and units that a scan has."""

import pyarrow as pa
import pyarrow.compute as pc

from monitor.readings.influx.answers import Kinds
from monitor.readings.influx.mapping import Naming, all_tags
from monitor.readings.tables import CLAIMED as CLAIMED_US


def kinds(naming: Naming) -> Kinds:
    """The columns of whole rows and their types."""
    fields = {
        field.name: pa.float64() if field.kind == "number" else pa.string() for field in naming.measurement.fields
    }
    return {**dict.fromkeys(naming.tags, pa.string()), **fields, **dict.fromkeys(naming.times, pa.float64())}


def in_our_units(naming: Naming, table: pa.Table) -> pa.Table:
    """In our units, to the digit that any store keeps, and in the order and with the names that a scan has."""
    placed = with_constants(naming, table)
    columns = {name: placed[name] for name in all_tags(naming.measurement)} | {"time_us": table["time_us"]}
    for name, column in zip(naming.times, ("received_us", CLAIMED_US), strict=False):
        columns[column] = pc.round(pc.multiply(table[name], 1e6)).cast(pa.int64())
    for field in naming.measurement.fields:
        values = table[field.name]
        if field.kind == "number":
            stored = pc.round(pc.multiply(values, naming.factors.get(field.name, 1.0) * field.scale))
            values = pc.divide(stored, field.scale)
        columns[field.name] = values
    return pa.table(columns)


def with_constants(naming: Naming, table: pa.Table) -> pa.Table:
    """With the tags that do not stand in their rows; a column of that name that was asked for has nothing in it."""
    for name, value in naming.constants.items():
        if name in table.column_names:
            table = table.drop_columns([name])
        table = table.append_column(name, pa.array([value] * table.num_rows, pa.string()))
    return table
