"""`laddvakt doctor`: what the service needs, looked at from where it runs; each finding says what to do."""

import asyncio
import platform
import shutil
import socket
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from importlib import metadata
from pathlib import Path

from monitor import __version__
from monitor.alerts.notify_shapes import mail_address
from monitor.alerts.routes import Receiver
from monitor.authoring import doctor_store
from monitor.authoring.check import check_paths
from monitor.authoring.finding import Finding
from monitor.config import Settings
from monitor.errors import DeliveryUnavailable, InputError, StateUnavailable, StoreUnavailable
from monitor.notify.mail import MailChannel
from monitor.notify.smtp import Connection, Limits
from monitor.notify.trial import try_receiver
from monitor.readings import running
from monitor.state.database import Database

LITTLE_ROOM = 2**30
"""Bytes free under which the disk is worth a warning: room for a full spool of the default limit."""


def examine(settings: Settings, now: datetime, send_to: str = "") -> Iterator[Finding]:
    """Everything, one finding after another as it is found out; a test message to `send_to`, when that is given."""
    yield _versions()
    yield from _files(settings)
    yield from doctor_store.examine(settings, now)
    yield _state(settings)
    yield _disk(settings)
    yield _mail(settings)
    if send_to:
        yield asyncio.run(_test_mail(settings, send_to, now))
    yield _address(settings)


def _files(settings: Settings) -> Iterable[Finding]:
    problems = check_paths((settings.paths.rules,), settings)
    for problem in problems:
        yield Finding("files", "wrong" if problem.severity == "error" else "warning", str(problem))
    if not problems:
        yield Finding("files", "fine", f"rules, tariffs, sites and routes in {settings.paths.rules}")


def _versions() -> Finding:
    named = ("duckdb", "pyarrow", "influxdb-client", "sqlalchemy")
    libraries = ", ".join(f"{name} {metadata.version(name)}" for name in named)
    return Finding("versions", "fine", f"Laddvakt {__version__}, Python {platform.python_version()}, {libraries}")


def _state(settings: Settings) -> Finding:
    try:
        with closing(Database(settings.state_url)) as database:
            if database.file is not None and not database.file.exists():
                return Finding("state", "fine", f"{database.file} is not there yet: the service makes it")
            schema = database.schema()
    except StateUnavailable as error:
        return Finding("state", "down", str(error))
    except InputError as error:
        return Finding("state", "wrong", str(error))
    where = f"{database.shown} has schema {schema.found or 'none'}"
    if schema.is_newer:
        return Finding("state", "wrong", f"{where}, which is of a newer Laddvakt: install that")
    later = "" if schema.found == schema.ours else f"; the service makes it {schema.ours} when it starts"
    return Finding("state", "fine", where + later)


def free_bytes(folder: Path) -> int:
    """What the disk of a folder has left, also of one that is not there yet."""
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    return shutil.disk_usage(there).free


def _disk(settings: Settings) -> Finding:
    free = free_bytes(settings.paths.var)
    said = f"{free / 2**30:.1f} GiB free for {settings.paths.var}"
    if free < LITTLE_ROOM:
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


async def _test_mail(settings: Settings, address: str, now: datetime) -> Finding:
    try:
        mail_address(address)
    except ValueError as error:
        return Finding("test mail", "wrong", str(error))
    asked = Receiver("doctor", (address,), "en")
    channel = MailChannel(settings.mail, settings.public_url)
    [outcome] = [each async for each in try_receiver(asked, [channel], now, settings.sessions.zone)]
    if outcome.error:
        return Finding("test mail", "down", f"{address}: {outcome.error}")
    return Finding("test mail", "fine", f"sent to {address}: {outcome.answer}")


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
