"""What the commands about alerts share: the state database, where they read and write also while the service runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from monitor.alerts.model import Alert
from monitor.cli.settings import load
from monitor.cli.terminal import moment
from monitor.errors import InputError
from monitor.service import RealClock
from monitor.state.alerts import AlertStore
from monitor.state.database import Database
from monitor.state.remarks import RemarkStore
from monitor.state.responses import ResponseStore


@dataclass(frozen=True)
class Desk:
    """The stores of one state database, and the moment of the command; `zone` is for times in text."""

    database: Database
    alerts: AlertStore
    responses: ResponseStore
    remarks: RemarkStore
    now: datetime
    zone: ZoneInfo

    def alert(self, number: int) -> Alert:
        """One alert; raises InputError when there is none of this number."""
        found = self.alerts.get(number) if number < 2**63 else None
        if found is None:
            raise InputError(f"there is no alert {number}; laddvakt alerts list --state all shows which there are")
        return found

    def local(self, at: datetime | None) -> str:
        """A time as text has it; a dash where there is none."""
        return "-" if at is None else f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S %Z}"


@contextmanager
def opened(config_file: Path | None) -> Iterator[Desk]:
    """The state database of the configuration; raises InputError when there is none, StateUnavailable when it is away.

    One that a command would only just make is none: it would show an empty list where alerts fire.
    """
    settings = load(config_file)
    database = Database(settings.state_url)
    if database.file is not None and not database.file.exists():
        raise InputError(f"there is no state database {database.file}; name the configuration that has one (--config)")
    try:
        database.migrate()
        yield Desk(
            database, AlertStore(database), ResponseStore(database), RemarkStore(database), RealClock().now(),
            ZoneInfo(settings.sessions.zone),
        )  # fmt: skip
    finally:
        database.close()


def end_of(desk: Desk, span: timedelta | None, until: str | None) -> datetime | None:
    """The moment that `--for` or `--until` names; None without either. Raises UsageError for both."""
    if span is not None and until:
        raise click.UsageError("--for and --until exclude one another")
    if span is not None:
        return desk.now + span
    return moment("--until", until, desk.zone) if until else None
