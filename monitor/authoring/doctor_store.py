"""`laddvakt doctor` on the readings: the store, its clock, its mapping, and what waits for it."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

from monitor.authoring.finding import Finding
from monitor.config import Settings
from monitor.errors import InputError, StoreUnavailable
from monitor.readings import running, spool
from monitor.readings.database import open_file
from monitor.readings.influx.mapping import all_tags
from monitor.readings.influx.refusal import Unusable
from monitor.readings.influx.server import InfluxServer, wrong_clock
from monitor.readings.schema import METER

_SHOWN = 10


def examine(settings: Settings, now: datetime) -> Iterator[Finding]:
    """The store that the settings name."""
    if settings.store.kind == "embedded":
        yield from _embedded(settings)
        return
    yield from _influx(settings, now)
    yield _spool(settings)


def _embedded(settings: Settings) -> Iterator[Finding]:
    file = settings.readings_file
    try:
        if service := running.find(file):
            yield Finding("readings", "fine", f"{file} is in use by the service at {service.address}")
        elif not file.exists():
            yield Finding("readings", "fine", f"{file} is not there yet: the service makes it")
        else:
            open_file(file).close()
            yield Finding("readings", "fine", f"{file} can be opened")
    except StoreUnavailable as error:
        yield Finding("readings", "down", str(error))


def _influx(settings: Settings, now: datetime) -> Iterator[Finding]:
    try:
        server = InfluxServer(settings.influxdb, settings.mapping)
    except InputError as error:
        yield Finding("readings", "wrong", str(error))
        return
    try:
        with closing(server):
            found = server.connect()
            waited = f"{server.ping() * 1000:.0f} ms"
            yield Finding("readings", "fine", f"InfluxDB {found.major} at {settings.influxdb.url} answers in {waited}")
            yield _clock(server.clock_offset(now))
            yield from _mapping(server)
    except (Unusable, InputError) as error:
        yield Finding("readings", "wrong", str(error))
    except StoreUnavailable as error:
        yield Finding("readings", "down", str(error))


def _clock(offset: timedelta | None) -> Finding:
    if offset is None:
        return Finding("clock", "warning", "InfluxDB does not tell its time: compare the clocks by hand")
    if wrong := wrong_clock(offset):
        return Finding("clock", "warning", wrong)
    return Finding("clock", "fine", "InfluxDB's clock agrees with ours")


def _mapping(server: InfluxServer) -> Iterator[Finding]:
    """What arrives, and what stands there and does not."""
    if others := server.unread():
        left = f"measurements that are not read: {', '.join(others)}; name those with readings in [mapping]"
        yield Finding("mapping", "warning", left)
    for name, rest in server.unmapped().items():
        left = f"{name}: not read: {', '.join(rest)}; name them in [mapping.{name}]"
        yield Finding("mapping", "warning", left)
    yield from _newest(server)


def _newest(server: InfluxServer) -> Iterator[Finding]:
    rows = server.read("meter", None, None, newest_first=True, limit=_SHOWN).to_pylist()
    if not rows:
        yield Finding("mapping", "warning", "no meter readings are found; look at [mapping.meter] and influxdb.bucket")
        return
    shown = ({name: value for name, value in row.items() if value is not None} for row in rows)
    yield Finding("mapping", "fine", "the newest meter readings, as they arrive here", tuple(shown))
    for tag in all_tags(METER):
        if without := sum(not row[tag] for row in rows):
            yield Finding(
                "mapping",
                "wrong",
                f"{without} of these have no {tag} and are not taken: name theirs in [mapping.meter.tags], or give all "
                "one in [mapping.meter.constants]",
            )


def _spool(settings: Settings) -> Finding:
    try:
        waiting = spool.contents(settings.paths.var / "spool")
    except StoreUnavailable as error:
        return Finding("spool", "down", str(error))
    if not waiting.batches:
        return Finding("spool", "fine", "nothing waits for InfluxDB")
    said = f"{waiting.rows:,} rows in {waiting.batches:,} batches wait for InfluxDB, {waiting.size_bytes:,} bytes"
    return Finding("spool", "warning", f"{said} of {settings.spool.limit:,}; a running service drains them")
