"""What the commands about sessions share: the state database with prices and places, and who gives the command."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from monitor import register
from monitor.cli.settings import load
from monitor.config import Settings
from monitor.register import Register
from monitor.service import RealClock
from monitor.state.database import Database
from monitor.state.reviewing import Pricing, pricing
from monitor.state.sealing import Making, making
from monitor.state.tariffs import TariffStore
from monitor.tariffs import files
from monitor.tariffs.rounding import policy_of
from monitor.tariffs.versions import Version

F = TypeVar("F", bound=Callable[..., Any])
DAY = click.DateTime(["%Y-%m-%d"])


@dataclass(frozen=True)
class Office:
    """The database and what bills are made with."""

    settings: Settings
    database: Database
    register: Register
    now: datetime

    def pricing(self) -> Pricing:
        """Prices with the tariffs of the files, in the versions that they had."""
        book = files.load(self.settings.paths.rules)
        history = TariffStore(self.database).note(book.tariffs.values(), self.now)
        book = replace(book, policy=policy_of(self.settings), history=history)
        return pricing(book, self.register, self.settings.sessions.bill_until)

    def making(self, ocpi: Version) -> Making:
        """Makes CDRs by the tariffs that priced the sessions."""
        history, until = TariffStore(self.database).history(), self.settings.sessions.bill_until
        return making(history, self.register, until, policy_of(self.settings), ocpi)

    def midnight(self, day: datetime | None) -> datetime | None:
        """The beginning of a day in the zone of `[sessions]`."""
        return None if day is None else day.replace(tzinfo=ZoneInfo(self.settings.sessions.zone))


@contextmanager
def opened(config_file: Path | None) -> Iterator[Office]:
    """The state database of the configuration, brought up to this version; closed at the end."""
    settings = load(config_file)
    database = Database(settings.state_url)
    try:
        database.migrate()
        places = register.load(settings.paths.rules / "sites.yaml", settings.sessions.zone)
        yield Office(settings, database, places, RealClock().now())
    finally:
        database.close()


def range_options(command: F) -> F:
    """`--from DAY --to DAY`, of plug-in."""
    last = click.option("--to", "last", type=DAY, help="day before which plug-ins end")
    return click.option("--from", "first", type=DAY, help="first day of plug-in")(last(command))
