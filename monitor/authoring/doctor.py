"""`laddvakt doctor`: what the service needs, looked at from where it runs; each finding says what to do."""

import asyncio
import shutil
import socket
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from monitor.authoring.check import check_paths
from monitor.config import Settings
from monitor.errors import DeliveryUnavailable, InputError, StoreUnavailable
from monitor.notify.smtp import Connection, Limits
from monitor.readings import running
from monitor.readings.database import open_file
from monitor.readings.influx.server import InfluxServer

Kind = Literal["fine", "warning", "wrong", "down"]
"""`wrong`: the configuration has to change (exit 1); `down`: something does not answer (exit 3)."""

_CLOCKS_APART = timedelta(minutes=5)
_LITTLE_ROOM = 2**30
"""Bytes free under which the disk is worth a warning: room for a full spool of the default limit."""
_SHOWN = 10


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `rows`: readings as they arrive here, where some are shown."""

    part: str
    kind: Kind
    message: str
    rows: tuple[dict[str, Any], ...] = ()


def examine(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Everything, one finding after another as it is found out."""
    yield from _files(settings)
    yield from _influx(settings, now) if settings.store.kind == "influxdb" else _embedded(settings)
    yield _disk(settings)
    yield _mail(settings)
    yield _address(settings)


def _files(settings: Settings) -> Iterable[Finding]:
    problems = check_paths((settings.paths.rules,), settings)
    for problem in problems:
        yield Finding("files", "wrong" if problem.severity == "error" else "warning", str(problem))
    if not problems:
        yield Finding("files", "fine", f"rules, tariffs, sites and routes in {settings.paths.rules}")


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
            for name, rest in server.unmapped().items():
                left = f"{name}: not read: {', '.join(rest)}; name them in [mapping.{name}]"
                yield Finding("mapping", "warning", left)
            yield _newest(server)
    except StoreUnavailable as error:
        yield Finding("readings", "down", str(error))
    except InputError as error:
        yield Finding("readings", "wrong", str(error))


def _clock(offset: timedelta | None) -> Finding:
    if offset is None:
        return Finding("clock", "warning", "InfluxDB does not tell its time: compare the clocks by hand")
    way = "ahead of" if offset > timedelta(0) else "behind"
    apart = f"InfluxDB's clock is {abs(offset.total_seconds()):.0f} s {way} ours"
    if abs(offset) > _CLOCKS_APART:
        return Finding("clock", "warning", f"{apart}: let both machines take their time from NTP")
    return Finding("clock", "fine", apart)


def _newest(server: InfluxServer) -> Finding:
    rows = server.read("meter", None, None, newest_first=True, limit=_SHOWN).to_pylist()
    if not rows:
        return Finding("mapping", "warning", "no meter readings are found; look at [mapping.meter] and influxdb.bucket")
    shown = ({name: value for name, value in row.items() if value is not None} for row in rows)
    return Finding("mapping", "fine", "the newest meter readings, as they arrive here", tuple(shown))


def _disk(settings: Settings) -> Finding:
    folder = settings.paths.var.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    said = f"{free / 2**30:.1f} GiB free for {settings.paths.var}"
    if free < _LITTLE_ROOM:
        return Finding("disk", "warning", f"{said}: free some, or move paths.var")
    return Finding("disk", "fine", said)


def _mail(settings: Settings) -> Finding:
    mail = settings.mail
    if not mail.host:
        return Finding("mail", "warning", "no mail.host: mails wait in the outbox")
    try:
        asyncio.run(_greet(settings))
    except DeliveryUnavailable as error:
        return Finding("mail", "down", str(error))
    return Finding("mail", "fine", f"{mail.host}:{mail.port} greets us{' and lets us in' if mail.username else ''}")


async def _greet(settings: Settings) -> None:
    connection = Connection(settings.mail, Limits(answer=10, mail=15))
    try:
        await connection.open()
    finally:
        await connection.close()


def _address(settings: Settings) -> Finding:
    listen = settings.web.listen
    try:
        host, port = settings.listen_address
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            return Finding("web", "fine", f"{listen} is free")
    except (ValueError, OverflowError):
        return Finding("web", "wrong", f"web.listen is {listen!r}, no address and port like 127.0.0.1:8080")
    except OSError as error:
        if _is_ours(settings, port):
            return Finding("web", "fine", f"{listen} is used by the running service")
        return Finding("web", "down", f"{listen}: {error.strerror}; choose another web.listen")


def _is_ours(settings: Settings, port: int) -> bool:
    try:
        service = running.find(settings.readings_file)
    except StoreUnavailable:  # the finding about the readings says so
        return False
    return service is not None and service.address.endswith(f":{port}")
