"""Stored sessions for the commands about tariffs, and what one costs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from monitor import register
from monitor.cli.tariffs.options import zone_of
from monitor.config import Settings
from monitor.errors import InputError
from monitor.register import Register
from monitor.sessions.billing import review_reasons, usage_of
from monitor.sessions.model import Session
from monitor.state.database import Database
from monitor.state.sessions import SessionStore
from monitor.state.tariffs import TariffStore
from monitor.tariffs.files import TariffBook, is_valid, load
from monitor.tariffs.history import History
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.priced_cdr import bill_to_json
from monitor.tariffs.pricing import price
from monitor.tariffs.rounding import Policy

Tariffs = tuple[Sequence[Tariff], tuple[str, ...]]
"""Tariffs of a file, and what was left out of them."""


def stored_session(settings: Settings, session_id: str) -> Session:
    """The session of the state database with its periods; raises InputError when there is none of this id."""
    return _read(settings, session_id)[0]


def _read(settings: Settings, session_id: str) -> tuple[Session, History]:
    database = Database(settings.state_url)
    try:
        session, history = SessionStore(database).get(session_id), TariffStore(database).history()
    finally:
        database.close()
    if session is None:
        raise InputError(f"there is no session {session_id!r}")
    return session, history


def price_session(
    settings: Settings, session_id: str, given: Tariffs | None, zone_name: str | None, policy: Policy
) -> dict[str, Any]:
    """A session's price as `tariffs price` says it: under `given`, else under the version that held at plug-in.

    Raises InputError where it cannot be priced: under way, or of unknown energy, or without a tariff.
    """
    session, history = _read(settings, session_id)
    if session.closed_at is None:
        raise InputError(f"session {session_id!r} is under way: its page has the price so far")
    if session.energy_wh is None:
        raise InputError(f"session {session_id!r} has no energy that can be priced; its page says why")
    sites = register.load(settings.paths.rules / "sites.yaml", settings.sessions.zone)
    zone = zone_of(zone_name, settings) if zone_name else sites.zone(session.place.site)
    warnings: list[str] = []
    if given:
        tariff = _chosen(session, *given, warnings)
    else:
        tariff = _its_own(session, replace(load(settings.paths.rules), history=history), sites)
    warnings += [f"in review ({reason}): not billed before a person has looked" for reason in _doubts(session)]
    bill = price(usage_of(session, settings.sessions.bill_until), tariff, zone, policy)
    return bill_to_json(session.id, bill, tariff, policy, [*warnings, *bill.warnings])


def _its_own(session: Session, book: TariffBook, sites: Register) -> Tariff:
    """The version that its bill names, else the one that is assigned to it."""
    if session.bill and (named := book.version(session.bill.tariff_id, session.bill.tariff_version)):
        return named
    outlet, zone = sites.connectors.get(session.place), sites.zone(session.place.site)
    current = outlet.current if outlet else None
    assigned = book.tariff_for(session.place, current, session.group, session.plug_in, zone)
    if assigned is None:
        raise InputError(f"no tariff is assigned to session {session.id!r}; give one with --tariff")
    return assigned.tariff


def _doubts(session: Session) -> Iterator[str]:
    return review_reasons(session) if session.needs_review else iter(())


def _chosen(session: Session, tariffs: Sequence[Tariff], said: tuple[str, ...], warnings: list[str]) -> Tariff:
    """The first that is valid at plug-in, else the first."""
    warnings += said
    valid = [tariff for tariff in tariffs if is_valid(tariff, session.plug_in)]
    tariff = (valid or tariffs)[0]
    if not valid:
        warnings.append(f"tariff {tariff.id!r} is not valid at {session.plug_in:%Y-%m-%dT%H:%M:%SZ}: used anyway")
    if len(valid) > 1:
        warnings.append(f"{len(valid)} tariffs of the file are valid then: {tariff.id!r} was used")
    return tariff
