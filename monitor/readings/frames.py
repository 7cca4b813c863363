"""Rows of a scan as people read them: times as times, the same columns in Arrow, Parquet, CSV and a DataFrame."""

import pyarrow as pa

from monitor.readings.schema import Measurement

_TIME = pa.timestamp("us", "UTC")


def schema(measurement: Measurement) -> pa.Schema:
    """`time`, the tags, every field by wire name (its unit is in the name), `received_at`."""
    texts = [(name, pa.string()) for name in ("site", "station", *measurement.tags)]
    fields = [(field.name, pa.float64() if field.kind == "number" else pa.string()) for field in measurement.fields]
    return pa.schema([("time", _TIME), *texts, *fields, ("received_at", _TIME)])


def framed(batch: pa.RecordBatch, measurement: Measurement) -> pa.RecordBatch:
    """A batch of `ReadingStore.scan` in the columns of `schema`."""
    stored = {"time": "time_us", "received_at": "received_us"}
    wanted = schema(measurement)
    columns = [batch[stored.get(field.name, field.name)].cast(field.type) for field in wanted]
    return pa.record_batch(columns, schema=wanted)
