"""A range of rows in pages, so that its length does not matter: forward or backward in time, up to a limit."""

from collections.abc import Iterator
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from monitor.ids import Place
from monitor.readings.influx.server import InfluxServer
from monitor.readings.schema import MEASUREMENTS
from monitor.units import to_us

PAGE_ROWS = 50_000


def scan(
    server: InfluxServer,
    measurement: str,
    start: datetime | None,
    end: datetime | None,
    *,
    place: Place | None = None,
    newest_first: bool = False,
    limit: int | None = None,
) -> Iterator[pa.RecordBatch]:
    """What `ReadingStore.scan` gives, of a server."""
    between = (None if start is None else to_us(start), None if end is None else to_us(end))
    for table in pages(server, measurement, between, place, newest_first=newest_first, limit=limit):
        yield from table.to_batches()


def pages(
    server: InfluxServer,
    measurement: str,
    between: tuple[int | None, int | None],
    place: Place | None = None,
    *,
    newest_first: bool = False,
    limit: int | None = None,
    page_rows: int = PAGE_ROWS,
) -> Iterator[pa.Table]:
    """Rows with start <= time < end, in pages as `ReadingStore.scan` has them.

    A page that is full may end in the middle of a moment: its last moment is left out and asked for as a whole.
    """
    start_us, end_us = between
    left = limit
    if place is not None and place.connector is not None and "connector" not in MEASUREMENTS[measurement].tags:
        return
    while left is None or left > 0:
        asked = page_rows if left is None else min(left, page_rows)
        page = server.read(measurement, start_us, end_us, place=place, newest_first=newest_first, limit=asked)
        full = page.num_rows == asked
        if full and asked != left:
            last_us = page["time_us"][-1].as_py()
            page = page.filter(pc.not_equal(page["time_us"], last_us))
            moment = server.read(measurement, last_us, last_us + 1, place=place, newest_first=newest_first)
            page = pa.concat_tables([page, moment])
            start_us, end_us = (start_us, last_us) if newest_first else (last_us + 1, end_us)
        if page.num_rows:
            yield _received(page if left is None else page.slice(0, left))
        if left is not None:
            left -= page.num_rows
        if not full:
            return


def _received(page: pa.Table) -> pa.Table:
    """Rows that others wrote do not say when they came: their own time stands in."""
    index = page.schema.get_field_index("received_us")
    return page.set_column(index, "received_us", pc.coalesce(page["received_us"], page["time_us"])).combine_chunks()
