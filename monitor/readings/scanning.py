"""Readings for who is not the service: through the service while it runs, else from the store itself."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

import pandas as pd
import pyarrow as pa

from monitor import config
from monitor.config import Settings
from monitor.errors import InputError, StoreUnavailable
from monitor.ids import Place
from monitor.readings import frames, running
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.influx import ranges
from monitor.readings.influx.server import InfluxServer
from monitor.readings.running import Running
from monitor.readings.schema import MEASUREMENTS, Measurement
from monitor.units import EPOCH, from_us, to_us

ARROW = "application/vnd.apache.arrow.stream"
_PATIENCE_S = 600.0
"""How long the first row may take: a long range is sorted before."""


class Source(Protocol):
    """Whoever gives the rows."""

    def scan(
        self, measurement: Measurement, start: datetime | None, end: datetime | None, place: Place | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Rows with start <= time < end, oldest first, in the columns of `frames.schema`."""
        ...


@contextmanager
def source(settings: Settings) -> Iterator[Source]:
    """The running service, or the store opened for as long as the `with` lasts; of InfluxDB the server alone.

    Raises StoreUnavailable when neither answers, InputError when there is no store where the settings say.
    """
    service = running.find(settings.readings_file)
    if service is not None:
        yield _Asked(service)
        return
    if settings.store.kind == "influxdb":
        with closing(InfluxServer(settings.influxdb, settings.mapping)) as server:
            yield _Opened(partial(ranges.scan, server))
        return
    if not settings.readings_file.exists():
        raise InputError(f"there is no readings store {settings.readings_file}; name the configuration that has one")
    with closing(EmbeddedStore(settings.readings_file, settings.evaluate.window)) as store:
        yield _Opened(store.scan)


def scan(
    measurement: str,
    start: datetime | None,
    end: datetime | None,
    place: Place | None,
    settings: Settings | Path | str | None,
) -> pd.DataFrame:
    """What `monitor.readings.scan` does."""
    if measurement not in MEASUREMENTS:
        raise InputError(f"there is no measurement {measurement!r}; there are {', '.join(MEASUREMENTS)}")
    known = MEASUREMENTS[measurement]
    bounds = [_aware(name, moment) for name, moment in (("start", start), ("end", end))]
    with source(_settings(settings)) as rows:
        batches = list(rows.scan(known, bounds[0], bounds[1], place))
    frame: pd.DataFrame = pa.Table.from_batches(batches, frames.schema(known)).to_pandas()
    return frame


def place_of(site: str | None, station: str | None, connector: str | None) -> Place | None:
    """A site, station or connector, None for all; raises InputError when the one above is not named."""
    if (station is not None and site is None) or (connector is not None and station is None):
        raise InputError("a station needs its site, a connector its station")
    return None if site is None else Place(site, station, connector)


class _Asked:
    """The service over its API."""

    def __init__(self, service: Running) -> None:
        self._service = service

    def scan(
        self, measurement: Measurement, start: datetime | None, end: datetime | None, place: Place | None = None
    ) -> Iterator[pa.RecordBatch]:
        asked = {
            "measurement": measurement.name,
            "from": (start or EPOCH).isoformat(),  # without it the newest would come first
            **({"to": end.isoformat()} if end else {}),
            **{name: value for name, value in (place._asdict() if place else {}).items() if value is not None},
        }
        path = f"/api/v1/readings?{urlencode(asked)}"
        with self._service.ask(path, headers={"Accept": ARROW}, timeout_s=_PATIENCE_S) as answer:
            try:
                with pa.ipc.open_stream(answer) as stream:
                    yield from stream
            except pa.ArrowInvalid as error:
                raise StoreUnavailable(f"the service's answer cannot be read as Arrow: {error}") from error


class _Opened:
    """The store itself."""

    def __init__(self, scan: Callable[..., Iterator[pa.RecordBatch]]) -> None:
        """`scan`: as of `ReadingStore`."""
        self._scan = scan

    def scan(
        self, measurement: Measurement, start: datetime | None, end: datetime | None, place: Place | None = None
    ) -> Iterator[pa.RecordBatch]:
        for batch in self._scan(measurement.name, start, end, place=place):
            yield frames.framed(batch, measurement)


def _settings(given: Settings | Path | str | None) -> Settings:
    if isinstance(given, Settings):
        return given
    default = Path("laddvakt.toml")
    return config.load(Path(given) if given is not None else default if default.exists() else None)


def _aware(name: str, moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise InputError(f"{name} has no zone; write for example datetime(2026, 5, 1, tzinfo=UTC)")
    return from_us(to_us(moment))
