"""Readings: their schema, the stores that keep them, the hot window and its snapshot.

`scan` is the way from the store to a DataFrame for notebooks and scripts; docs/readings.md shows it.
"""

from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from monitor.config import Settings


def scan(
    measurement: str,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    site: str | None = None,
    station: str | None = None,
    connector: str | None = None,
    config: "Settings | Path | str | None" = None,
) -> "pd.DataFrame":
    """Rows of a measurement with start <= time < end (aware datetimes), oldest first.

    Columns: `time` and `received_at` (UTC), `site`, `station`, (`connector`), (`event`), every field by wire name with
    its unit in it; what is missing is missing. `config`: the configuration file [laddvakt.toml here, if there is one].
    Asks the service while it runs, else opens the store. Raises InputError for a question that cannot be meant,
    StoreUnavailable when the store does not answer.
    """
    # What it takes is loaded with the first call: every part of the service imports this package.
    scanning = import_module("monitor.readings.scanning")
    frame: pd.DataFrame = scanning.scan(measurement, start, end, scanning.place_of(site, station, connector), config)
    return frame
