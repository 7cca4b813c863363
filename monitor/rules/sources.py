"""What rules about the service itself are judged by: no readings, so that they go on while the store is away."""

from datetime import datetime, timedelta

import pyarrow as pa

from monitor.rules.answer import Flow
from monitor.units import to_us

SCHEMA = pa.schema([
    ("slot_us", pa.int64()), ("source", pa.string()), ("reachable", pa.bool_()), ("silent", pa.bool_()),
    ("lag", pa.float64()), ("rows_1m", pa.float64()), ("last_tick_age", pa.float64()),
    ("oldest_message_age", pa.float64()), ("unbilled_age", pa.float64()),
])  # fmt: skip
"""One row a part of the service; what does not concern it is null, and so are times nobody knows. Times in seconds."""

SOURCE_BASE = "base AS (SELECT * FROM sources)"


def sources_table(
    now: datetime,
    *,
    flow: Flow | None,
    newest: datetime | None,
    last_tick: datetime | None,
    oldest_message: timedelta | None,
    unbilled_since: datetime | None,
) -> pa.Table:
    """The parts of the service at `now`, as SCHEMA.

    `flow` None: the store is away, and `newest` is the newest row that was seen before. `oldest_message` and
    `unbilled_since` None: nothing waits.
    """
    rows: list[dict[str, object]] = [
        {
            "source": "store",
            "reachable": flow is not None,
            "silent": flow.silent if flow else None,
            "lag": _seconds(now, newest),
            "rows_1m": flow.rows_1m if flow else None,
        },
        {"source": "evaluation", "last_tick_age": _seconds(now, last_tick)},
        {"source": "mail", "oldest_message_age": oldest_message.total_seconds() if oldest_message else 0.0},
        {"source": "billing", "unbilled_age": _seconds(now, unbilled_since) or 0.0},
    ]
    return pa.Table.from_pylist([{"slot_us": to_us(now), **row} for row in rows], SCHEMA)


def _seconds(now: datetime, since: datetime | None) -> float | None:
    return None if since is None else max((now - since).total_seconds(), 0.0)
