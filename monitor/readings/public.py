"""Readings as Arrow tables for people: what the API's Arrow answer, a DataFrame and a Parquet file have as columns."""

from collections.abc import Iterable, Iterator

import pyarrow as pa

from monitor.readings.schema import Measurement

ARROW_STREAM = "application/vnd.apache.arrow.stream"
_MOMENT = pa.timestamp("us", tz="UTC")


def schema(measurement: Measurement) -> pa.Schema:
    """`time`, `site`, `station`, tags, every field by its wire name, `received_at`."""
    return pa.schema([
        ("time", _MOMENT),
        *((name, pa.string()) for name in ("site", "station", *measurement.tags)),
        *((field.name, pa.float64() if field.kind == "number" else pa.string()) for field in measurement.fields),
        ("received_at", _MOMENT),
    ])  # fmt: skip


def public(batches: Iterable[pa.RecordBatch], measurement: Measurement) -> Iterator[pa.RecordBatch]:
    """Batches of `ReadingStore.scan` in that schema."""
    wanted = schema(measurement)
    stored = {"time": "time_us", "received_at": "received_us"}
    for batch in batches:
        columns = [batch[stored.get(column.name, column.name)].cast(column.type) for column in wanted]
        yield pa.record_batch(columns, schema=wanted)


class _Sink:
    """What a stream's writer has written since it was last emptied."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> None:
        self._parts.append(bytes(part))

    def flush(self) -> None:
        pass

    def taken(self) -> bytes:
        """Everything written, and forgotten here."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def encoded(batches: Iterable[pa.RecordBatch], measurement: Measurement) -> Iterator[bytes]:
    """Public batches as the bytes of one Arrow IPC stream, piece by piece; a stream without rows has its schema."""
    sink = _Sink()
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), schema(measurement)) as writer:
        for batch in batches:
            writer.write_batch(batch)
            yield sink.taken()
    yield sink.taken()
