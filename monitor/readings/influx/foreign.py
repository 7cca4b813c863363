"""Rows as InfluxDB gave them -> staged rows: what anybody may have written there, made to fit the schema."""

import pyarrow as pa
import pyarrow.compute as pc

from monitor.readings.schema import MEASUREMENTS, TRANSACTION_EVENTS, Measurement
from monitor.readings.staging import stage
from monitor.readings.store import Batch
from monitor.units import EPOCH


def staged_rows(name: str, table: pa.Table, seen_us: int | None) -> pa.Table:
    """The rows that have a place and can be stored; values that cannot (infinite, too large) are missing.

    `seen_us` stands in where a row has no `received_us`; None: the row's own time does.
    """
    measurement = MEASUREMENTS[name]
    rows = table.filter(_placed(measurement, table))
    received_us = rows["received_us"]
    stands_in = rows["time_us"] if seen_us is None else pa.scalar(seen_us, pa.int64())
    rows = rows.drop_columns(["received_us"])
    for field in measurement.fields:
        if field.kind == "number":
            values = rows[field.name].cast(pa.float64())
            storable = pc.less_equal(pc.abs(values), field.largest)  # NaN is not
            index = rows.schema.get_field_index(field.name)
            rows = rows.set_column(index, field.name, pc.if_else(storable, values, pa.scalar(None, pa.float64())))
    if not rows.num_rows:
        return rows
    staged = stage(Batch({name: rows}, EPOCH))[name]
    index = staged.schema.get_field_index("received_us")
    return staged.set_column(index, "received_us", pc.coalesce(received_us, stands_in))


def _placed(measurement: Measurement, table: pa.Table) -> pa.ChunkedArray:
    """Whether a row has all its tags, and they say something."""
    known = pc.is_valid(table["time_us"])
    for name in ("site", "station", *measurement.tags):
        known = pc.and_(known, pc.not_equal(pc.fill_null(table[name], ""), ""))
    if "event" in measurement.tags:
        known = pc.and_(known, pc.is_in(table["event"], pa.array(TRANSACTION_EVENTS)))
    return known
