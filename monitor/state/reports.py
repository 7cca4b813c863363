"""Reports of the month put into the outbox when they are due: one to each address and site, once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from monitor.alerts.model import Message
from monitor.alerts.routes import Receiver, Routes, channel_of
from monitor.register import Register
from monitor.state.database import Database, chunks
from monitor.state.insight import InsightStore
from monitor.state.insight_tables import insight_due
from monitor.state.outbox import Outbox
from monitor.state.report_text import report_text
from monitor.state.site_month import SiteMonth, site_month
from monitor.state.tables import outbox


@dataclass(frozen=True)
class _Due:
    site: str
    month: date
    receiver: Receiver
    address: str

    @property
    def key(self) -> str:
        """What the message is called for ever: with another of this name in the outbox it is told already."""
        return f"report:{self.site}:{self.month:%Y-%m}:{self.address}"


class Reports:
    """Looks for what is due."""

    def __init__(self, database: Database, insight: InsightStore, messages: Outbox) -> None:
        self._database, self._insight, self._outbox = database, insight, messages

    def send_due(self, routes: Routes, register: Register, now: datetime) -> int:
        """Put in what is due and not there yet; how many. A site of which nothing is known has no report.

        While figures are still being made nothing is sent. Raises StateUnavailable when the database is away.
        """
        due = {each.key: each for each in _due(routes, register, now)}
        with self._database.read() as connection:
            for some in chunks(list(due)):
                for key in connection.execute(select(outbox.c.key).where(outbox.c.key.in_(some))).scalars():
                    del due[key]
            if not due or connection.execute(select(insight_due.c.id).limit(1)).first() is not None:
                return 0
        sent = 0
        months: dict[tuple[str, date], SiteMonth] = {}
        for each in due.values():
            of = (each.site, each.month)
            if of not in months:
                months[of] = site_month(self._insight, register, each.site, each.month, now)
            if months[of].now is not None:
                with self._database.begin() as tx:
                    self._outbox.add(tx, [_message(each, months[of], register, now)])
                sent += 1
        return sent


def _due(routes: Routes, register: Register, now: datetime) -> Iterator[_Due]:
    for monthly in routes.reports:
        receiver = routes.receivers[monthly.to]
        addresses = [address for address in receiver.reached(now) if channel_of(address) == "mail"]
        for site in monthly.of(register.file.sites):
            month = monthly.due(now, register.zone(site))
            if month is not None:
                yield from (_Due(site, month, receiver, address) for address in addresses)


def _message(due: _Due, found: SiteMonth, register: Register, now: datetime) -> Message:
    known = register.site(due.site)
    name = known.name if known else ""
    return Message(
        key=due.key, thread=due.key, receiver=due.receiver.name, address=due.address, language=due.receiver.language,
        group={"site": due.site, "report": f"{due.month:%Y-%m}"}, kind="report", at=now, firing=0, resolved=0, rows=(),
        zone=register.zone(due.site).key, site_name=name, report=report_text(found, name, due.receiver.language),
    )  # fmt: skip
