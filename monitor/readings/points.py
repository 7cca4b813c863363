"""Points written more than once in one batch, merged field by field before they reach a table."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Longs = npt.NDArray[np.int64]
KEPT_FROM_FIRST = frozenset({"received_us"})
"""When a point is written again it keeps when it was first received."""


def each_once(rows: pa.Table, slots: Longs, times: Longs) -> tuple[pa.Table, Longs, Longs]:
    """Rows with each (slot, time) once: the last value that is not null of every column, in the order of rows.

    `slots` and `times` belong to `rows`, row by row; all three come back shortened alike. Rows that are all different
    (nearly every batch) come back as they are, in their order.
    """
    order = np.lexsort((times, slots))  # stable: rows of one point stay in the order in which they were written
    starts_point = np.ones(len(order), dtype=bool)
    starts_point[1:] = (np.diff(slots[order]) != 0) | (np.diff(times[order]) != 0)
    if starts_point.all():
        return rows, slots, times
    starts = np.flatnonzero(starts_point)
    merged = {name: _merged(name, rows[name], order, starts) for name in rows.column_names}
    first = order[starts]
    return pa.table(merged), slots[first], times[first]


def _merged(name: str, column: pa.ChunkedArray, order: Longs, starts: Longs) -> pa.ChunkedArray:
    if name in KEPT_FROM_FIRST:
        return column.take(pa.array(order[starts]))
    present = ~column.is_null().to_numpy()[order]
    # The place, in `order`, of the last row of each point that has a value; -1 where none has.
    last = np.maximum.reduceat(np.where(present, np.arange(len(order)), -1), starts)
    taken = pa.array(order[np.maximum(last, 0)], mask=last < starts)
    return pc.take(column, taken)
