"""Readings for scripts: pages by time, and the whole range for a stream."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import pyarrow as pa

from dashboards.parameters import BadParameter, Parameters
from dashboards.sources import Service
from monitor.ids import Place
from monitor.readings import frames
from monitor.readings.schema import LINK, MEASUREMENTS, Measurement
from monitor.units import from_us

_CURSOR = re.compile(r"(\d{1,17})\.(\d{1,7})")


@dataclass(frozen=True)
class ReadingFilters:
    """What the address selects. `cursor`: the time (epoch us) at which the page begins, and how many rows of exactly
    that time came before.
    """

    measurement: Measurement
    place: Place | None
    start: datetime | None
    end: datetime | None
    cursor: tuple[int, int] | None
    newest_first: bool


def read_filters(parameters: Parameters) -> ReadingFilters:
    """From the query string.

    Unless `sort` says otherwise a range is read from its start; without one the newest rows are what is asked for.
    """
    name = parameters.choice("measurement", tuple(MEASUREMENTS)) or "meter"
    start, end = parameters.range()
    found = _CURSOR.fullmatch(parameters.text("cursor") or "0.0")
    if not found:
        raise BadParameter("cursor", "is not one that an answer's 'next' held")
    cursor = (int(found[1]), int(found[2])) if parameters.text("cursor") else None
    sort = parameters.choice("sort", ("time", "-time")) or ("-time" if start is None else "time")
    return ReadingFilters(MEASUREMENTS[name], _place(parameters, name), start, end, cursor, sort == "-time")


def _place(parameters: Parameters, measurement: str) -> Place | None:
    site, station, connector = (parameters.text(field) for field in ("site", "station", "connector"))
    if station is not None and site is None:
        raise BadParameter("station", "needs 'site' too")
    if connector is not None and station is None:
        raise BadParameter("connector", "needs 'station' too")
    if connector is not None and measurement == LINK.name:
        raise BadParameter("connector", "link has none")
    return Place(site, station, connector) if site is not None else None


def columns(measurement: Measurement) -> tuple[str, ...]:
    """Names of a row's values, in order."""
    return tuple(frames.schema(measurement).names)


def rows(source: Service, filters: ReadingFilters) -> Iterator[dict[str, Any]]:
    """Every row that the filters select, read batch by batch."""
    return (_row(row, filters.measurement) for row in _rows(source, filters, None))


def batches(source: Service, filters: ReadingFilters) -> Iterator[pa.RecordBatch]:
    """The same in the columns of `frames.schema`."""
    return (frames.framed(batch, filters.measurement) for batch in _scan(source, filters, None))


def page(source: Service, filters: ReadingFilters, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """At most `limit` rows and the cursor of the next page."""
    at, seen = filters.cursor or (None, 0)
    found = list(islice(_rows(source, filters, limit + seen + 1), seen, None))
    kept = found[:limit]
    following = None
    if len(found) > limit:
        last = kept[-1]["time_us"]
        same = sum(row["time_us"] == last for row in kept)
        following = f"{last}.{same + (seen if last == at else 0)}"
    return [_row(row, filters.measurement) for row in kept], following


def _rows(source: Service, filters: ReadingFilters, limit: int | None) -> Iterator[dict[str, Any]]:
    return (row for batch in _scan(source, filters, limit) for row in batch.to_pylist())


def _scan(source: Service, filters: ReadingFilters, limit: int | None) -> Iterator[pa.RecordBatch]:
    start, end = filters.start, filters.end
    if filters.cursor:
        at = filters.cursor[0]
        start, end = (start, from_us(at + 1)) if filters.newest_first else (from_us(at), end)
    return source.store.scan(
        filters.measurement.name, start, end, place=filters.place, newest_first=filters.newest_first, limit=limit
    )


def _row(stored: Mapping[str, Any], measurement: Measurement) -> dict[str, Any]:
    row = {name: stored.get(name) for name in columns(measurement)}
    return row | {"time": from_us(stored["time_us"]), "received_at": from_us(stored["received_us"])}
