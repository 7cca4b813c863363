"""A batch in wire units -> tables in stored units, checked before anything touches the file."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitor.errors import InputError
from monitor.readings.schema import CLOCK_STANDS_IN, MEASUREMENTS, TRANSACTION_EVENTS, Field, Measurement
from monitor.readings.store import Batch
from monitor.readings.tables import CLAIMED, arrow_type
from monitor.units import to_us


def stage(batch: Batch) -> Mapping[str, pa.Table]:
    """One table per measurement that has rows: names of the place, times, then every stored column, null where missing.

    Raises InputError naming the measurement and column that cannot be stored.
    """
    received_us = to_us(batch.received_at)
    return {
        name: _stage_table(_known(name), table, received_us) for name, table in batch.tables.items() if table.num_rows
    }


def _known(name: str) -> Measurement:
    measurement = MEASUREMENTS.get(name)
    if measurement is None:
        raise InputError(f"there is no measurement {name!r}; there are {', '.join(MEASUREMENTS)}")
    return measurement


def _stage_table(measurement: Measurement, table: pa.Table, received_us: int) -> pa.Table:
    names = ("site", "station", *measurement.tags)
    clock = (CLAIMED,) if measurement.name in CLOCK_STANDS_IN else ()
    fields = {field.name: field for field in measurement.fields}
    for name in table.column_names:
        if name not in {*names, "time_us", "received_us", *clock, *fields}:
            raise InputError(f"{measurement.name} has no column {name!r}")
    staged: dict[str, pa.Array | pa.ChunkedArray] = {
        name: _required(measurement, table, name, pa.string()) for name in names
    }
    if "event" in names and not pc.all(pc.is_in(table["event"], pa.array(TRANSACTION_EVENTS))).as_py():
        raise InputError(f"{measurement.name}: event is one of {', '.join(TRANSACTION_EVENTS)}")
    staged["time_us"] = _required(measurement, table, "time_us", pa.int64())
    staged["received_us"] = (
        _required(measurement, table, "received_us", pa.int64())
        if "received_us" in table.column_names
        else pa.array(np.full(table.num_rows, received_us))
    )
    for name in clock:
        staged[name] = (
            table[name].cast(pa.int64()) if name in table.column_names else pa.nulls(table.num_rows, pa.int64())
        )
    for field in fields.values():
        staged[field.column] = _stored(measurement, field, table)
    return pa.table(staged)


def _required(measurement: Measurement, table: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    if name not in table.column_names or table[name].null_count:
        raise InputError(f"{measurement.name}: every row needs {name!r}")
    return table[name].cast(kind)


def _stored(measurement: Measurement, field: Field, table: pa.Table) -> pa.Array | pa.ChunkedArray:
    if field.name not in table.column_names:
        return pa.nulls(table.num_rows, arrow_type(field))
    column = table[field.name]
    if field.kind == "text":
        return column.cast(pa.string())
    values = pc.fill_null(column.cast(pa.float64()), 0.0).to_numpy()
    # `not (x <= limit)` rather than `x > limit`: NaN has to end here too.
    if not (np.abs(values) <= field.largest).all():
        raise InputError(f"{measurement.name}.{field.name} holds a value that is not finite or too large to store")
    return pa.array(
        np.rint(values * field.scale).astype(np.int64), mask=column.is_null().to_numpy() if column.null_count else None
    )
