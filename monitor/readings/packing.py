"""A batch as bytes and back: one Arrow stream a table, behind a line of JSON that names them."""

import json
from itertools import accumulate, pairwise

import pyarrow as pa

from monitor.readings.store import Batch
from monitor.units import from_us, to_us

_PACKED = pa.ipc.IpcWriteOptions(compression="zstd")


def pack(batch: Batch) -> bytes:
    """All of a batch; `unpack` gives it back."""
    streams = {name: _stream(table) for name, table in batch.tables.items()}
    head = {
        "received_us": to_us(batch.received_at),
        "tables": [[name, len(stream)] for name, stream in streams.items()],
    }
    return b"\n".join([json.dumps(head).encode(), b"".join(streams.values())])


def unpack(payload: bytes) -> Batch:
    """The batch of `pack`."""
    line, _, streams = payload.partition(b"\n")
    head = json.loads(line)
    names = [name for name, _ in head["tables"]]
    borders = pairwise(accumulate((size for _, size in head["tables"]), initial=0))
    return Batch(
        {
            name: pa.ipc.open_stream(streams[start:end]).read_all()
            for name, (start, end) in zip(names, borders, strict=True)
        },
        from_us(head["received_us"]),
    )


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_PACKED) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())
