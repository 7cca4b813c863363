"""Readings: their schema, the stores that keep them, the hot window and its snapshot.

`scan` is the way to a DataFrame; docs/readings.md shows it.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def scan(
    measurement: str = "meter",
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    store: Path | str = "var/readings.duckdb",
    site: str | None = None,
    station: str | None = None,
    connector: str | None = None,
) -> "pd.DataFrame":
    """Rows with start <= time < end in order of time, as a DataFrame, whether the service runs or not.

    `time` and `received_at` are timestamps in UTC, numbers are float64 in the unit of the column's name and NaN where
    missing. `start` and `end` need a zone. Raises InputError when there is no such store or measurement,
    StoreUnavailable when it cannot be read now.
    """
    # DuckDB and pandas take half a second to import; who only needs the schema need not wait for them.
    from monitor.ids import Place  # noqa: PLC0415
    from monitor.readings.access import table  # noqa: PLC0415

    if (station is not None and site is None) or (connector is not None and station is None):
        from monitor.errors import InputError  # noqa: PLC0415

        raise InputError("a connector needs its station, a station its site")
    place = Place(site, station, connector) if site is not None else None
    frame: pd.DataFrame = table(Path(store), measurement, start, end, place).to_pandas()
    return frame
