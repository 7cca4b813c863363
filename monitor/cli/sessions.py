"""`laddvakt sessions`: finished sessions as OCPI CDRs."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from monitor import register
from monitor.cli.settings import config_option, load
from monitor.errors import InputError
from monitor.service import RealClock
from monitor.sessions.cdr import credit as credit_cdr
from monitor.sessions.cdr import export as export_cdr
from monitor.sessions.model import Session
from monitor.state.database import Database
from monitor.state.sessions import SessionStore
from monitor.state.tariffs import TariffStore
from monitor.tariffs import exact_json
from monitor.tariffs.history import version_of
from monitor.tariffs.rounding import policy_of
from monitor.tariffs.versions import Version

PAGE = 500


@click.group()
def sessions() -> None:
    """Charging sessions."""


@sessions.command()
@click.option("--ocpi", type=click.Choice(["2.2.1", "2.3.0"]), default="2.2.1", show_default=True)
@click.option("--session", "session_id", help="only this session")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="first day of plug-in")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="day before which plug-ins end")
@click.option("--credit", is_flag=True, help="the credit CDRs that take the CDRs back")
@config_option
def export(
    *,
    ocpi: Version,
    session_id: str | None,
    first: datetime | None,
    last: datetime | None,
    credit: bool,
    config_file: Path | None,
) -> None:
    """Priced sessions as an array of OCPI CDRs; what OCPI requires and nobody told us is named on standard error."""
    settings = load(config_file)
    sites = register.load(settings.paths.rules / "sites.yaml", settings.sessions.zone)
    until, policy, now = settings.sessions.bill_until, policy_of(settings), RealClock().now()
    zone = ZoneInfo(settings.sessions.zone)
    start, end = (day.replace(tzinfo=zone) if day else None for day in (first, last))
    database = Database(settings.state_url)
    try:
        history = TariffStore(database).history()
        made = []
        for session in _chosen(SessionStore(database), session_id, start, end):
            bill = session.bill
            if bill is None or session.closed_at is None:
                continue
            tariff = version_of(history, bill.tariff_id, bill.tariff_version)
            if tariff is None:
                click.echo(
                    f"{session.id}: version {bill.tariff_version} of its tariff was not kept: left out", err=True
                )
                continue
            exported = export_cdr(session, tariff, sites, until, policy=policy, now=now, version=ocpi)
            made.append(credit_cdr(exported.cdr, now) if credit else exported.cdr)
            if exported.missing:
                click.echo(f"{session.id}: missing {', '.join(exported.missing)}", err=True)
    finally:
        database.close()
    click.echo(exact_json.dumps(made))


def _chosen(
    store: SessionStore, session_id: str | None, start: datetime | None, end: datetime | None
) -> Iterator[Session]:
    """Sessions with their periods, newest first."""
    if session_id:
        session = store.get(session_id)
        if session is None:
            raise InputError(f"there is no session {session_id!r}")
        yield session
        return
    before = None
    while page := store.list(start=start, end=end, before=before, limit=PAGE):
        for each in page:
            if session := store.get(each.id):
                yield session
        before = page[-1].id
