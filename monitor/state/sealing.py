"""Export as OCPI CDRs: what goes out is kept word for word, and the session's bill is sealed with it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, insert, select

from monitor.errors import InputError
from monitor.register import Register
from monitor.sessions.cdr import Exported, export
from monitor.sessions.fingerprint import fingerprint
from monitor.sessions.model import Session
from monitor.sessions.summary import BillUntil
from monitor.state import audit, session_saving
from monitor.state.billing_rows import (
    Change,
    StoredCdr,
    add_cdrs,
    add_event,
    cdrs_where,
    events_of,
    export_credits,
)
from monitor.state.billing_tables import cdrs, exports
from monitor.state.database import Database
from monitor.state.session_rows import periods_from_blob, session_of
from monitor.state.session_tables import sessions
from monitor.tariffs import exact_json
from monitor.tariffs.history import History, version_of
from monitor.tariffs.rounding import Policy
from monitor.tariffs.versions import Version

BATCH = 500
Making = Callable[[Session, str, datetime], Exported]
"""The CDR of a priced session under an id, as of a moment; raises InputError where there can be none."""


@dataclass(frozen=True)
class Selection:
    """Which sessions: start <= plug_in < end, or one by its id."""

    start: datetime | None = None
    end: datetime | None = None
    session: str | None = None


@dataclass(frozen=True)
class Sealing:
    """Who exports what, when, and how a CDR is made. `complete`: leave out what lacks something that OCPI requires."""

    making: Making
    ocpi: Version
    actor: str
    at: datetime
    complete: bool = False


@dataclass(frozen=True)
class Sent:
    """One CDR of an export: its text, what it lacks. Without a text it was left out, for the reason in `left_out`."""

    session: str
    text: str = ""
    missing: tuple[str, ...] = ()
    left_out: str = ""
    export: int | None = None


def preview(database: Database, chosen: Selection, sealing: Sealing) -> Iterator[Sent]:
    """What `seal` would export, oldest first; nothing is changed."""
    with database.read() as connection:
        waiting = _credits(connection, chosen)
    yield from (Sent(each.session, each.content) for each in waiting)
    for ids in _priced(database, chosen):
        with database.read() as connection:
            for made in _made(connection, ids, sealing, lock=False):
                yield made.sent


def seal(database: Database, chosen: Selection, sealing: Sealing) -> Iterator[Sent]:
    """Export credit CDRs that wait and priced sessions, oldest first. A piece is given out once it is sealed for good.

    Whoever stops in between, or is killed, has sealed whole pieces: `again` gives them once more.
    """
    number = None
    with database.begin() as tx:
        if waiting := _credits(tx, chosen):
            number = _begin(tx, chosen, sealing)
            export_credits(tx, number, [each.id for each in waiting])
    yield from (Sent(each.session, each.content, export=number) for each in waiting)
    for ids in _priced(database, chosen):
        with database.begin() as tx:
            found = list(_made(tx, ids, sealing, lock=True))
            kept = [made for made in found if made.sent.text]
            if kept and number is None:
                number = _begin(tx, chosen, sealing)
            if number is not None:
                _keep(tx, kept, sealing, number)
        for made in found:
            yield Sent(made.sent.session, made.sent.text, made.sent.missing, made.sent.left_out, number)


def again(database: Database, chosen: Selection, export: int | None = None) -> Iterator[Sent]:
    """CDRs as they were exported, word for word: of an export, or of sessions. Raises InputError for no such export."""
    last, known = 0, select(exports.c.id).where(exports.c.id == export)
    with database.read() as connection:
        if export is not None and connection.execute(known).scalar() is None:
            raise InputError(f"there is no export {export}")
    while True:
        statement = select(cdrs).where(cdrs.c.export.is_not(None), cdrs.c.number > last).order_by(cdrs.c.number)
        if export is not None:
            statement = statement.where(cdrs.c.export == export)
        if chosen.session is not None:
            statement = statement.where(cdrs.c.session == chosen.session)
        if chosen.start or chosen.end:
            statement = statement.where(cdrs.c.session.in_(_within(chosen)))
        with database.read() as connection:
            found = connection.execute(statement.limit(BATCH)).all()
        yield from (Sent(row.session, row.content, export=row.export) for row in found)
        if not found:
            return
        last = found[-1].number


def making(history: History, register: Register, bill_until: BillUntil, policy: Policy, ocpi: Version) -> Making:
    """Makes CDRs by the tariffs that priced the sessions."""

    def make(session: Session, cdr_id: str, at: datetime) -> Exported:
        bill = session.bill
        tariff = version_of(history, bill.tariff_id, bill.tariff_version) if bill else None
        if bill is None or tariff is None:
            version = f"version {bill.tariff_version} of its tariff was not kept" if bill else "it has no price"
            raise InputError(version)
        return export(session, tariff, register, bill_until, policy=policy, now=at, version=ocpi, cdr_id=cdr_id)

    return make


@dataclass(frozen=True)
class _Made:
    sent: Sent
    cdr: StoredCdr | None = None
    evidence: str = ""


def _within(chosen: Selection) -> Select[tuple[str]]:
    statement = select(sessions.c.id)
    if chosen.start is not None:
        statement = statement.where(sessions.c.plug_in_us >= chosen.start)
    return statement if chosen.end is None else statement.where(sessions.c.plug_in_us < chosen.end)


def _credits(connection: Connection, chosen: Selection) -> list[StoredCdr]:
    """Credit CDRs that no export has taken along yet."""
    conditions: list[ColumnElement[bool]] = [cdrs.c.export.is_(None)]
    if chosen.session is not None:
        conditions.append(cdrs.c.session == chosen.session)
    if chosen.start or chosen.end:
        conditions.append(cdrs.c.session.in_(_within(chosen)))
    return cdrs_where(connection, *conditions)


def _priced(database: Database, chosen: Selection) -> Iterator[list[str]]:
    """Ids of closed, priced sessions in pieces, oldest first."""
    after: tuple[datetime, str] | None = None
    while True:
        statement = select(sessions.c.plug_in_us, sessions.c.id).where(
            sessions.c.state == "priced", sessions.c.closed_us.is_not(None)
        )
        if chosen.session is not None:
            statement = statement.where(sessions.c.id == chosen.session)
        if chosen.start is not None:
            statement = statement.where(sessions.c.plug_in_us >= chosen.start)
        if chosen.end is not None:
            statement = statement.where(sessions.c.plug_in_us < chosen.end)
        if after is not None:
            plug_in, last = after
            later = (sessions.c.plug_in_us == plug_in) & (sessions.c.id > last)
            statement = statement.where(sessions.c.plug_in_us >= plug_in, (sessions.c.plug_in_us > plug_in) | later)
        with database.read() as connection:
            found = connection.execute(statement.order_by(sessions.c.plug_in_us, sessions.c.id).limit(BATCH)).all()
        if not found:
            return
        yield [row.id for row in found]
        after = found[-1].plug_in_us, found[-1].id


def _made(connection: Connection, ids: Sequence[str], sealing: Sealing, *, lock: bool) -> Iterator[_Made]:
    known = session_saving.rows(connection, ids, lock=lock)
    periods, events = session_saving.blobs(connection, ids), events_of(connection, ids)
    numbers = _numbers(connection, ids)
    for name in ids:
        row = known.get(name)
        if row is None or row["state"] != "priced":
            continue  # somebody else was quicker
        session = session_of(row, periods_from_blob(periods.get(name, b"")))
        cdr_id = name if name not in numbers else f"{name}-{numbers[name] + 1}"
        try:
            exported = sealing.making(session, cdr_id, sealing.at)
        except InputError as error:
            yield _Made(Sent(name, left_out=str(error)))
            continue
        if sealing.complete and exported.missing:
            yield _Made(Sent(name, missing=exported.missing, left_out="it is not complete"))
            continue
        text, decided = exact_json.dumps(exported.cdr), events.get(name, ())
        evidence = decided[-1].evidence if decided and decided[-1].action != "lapse" else fingerprint(session)
        cdr = StoredCdr(cdr_id, name, sealing.at, sealing.ocpi, None, None, text)
        yield _Made(Sent(name, text, exported.missing), cdr, evidence)


def _numbers(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """How many CDRs each session has had, of those that have had any."""
    found: dict[str, int] = {}
    for name in connection.execute(select(cdrs.c.session).where(cdrs.c.session.in_(ids), cdrs.c.credits.is_(None))):
        found[name.session] = found.get(name.session, 0) + 1
    return found


def _begin(tx: Connection, chosen: Selection, sealing: Sealing) -> int:
    row = insert(exports).values(at_us=sealing.at, actor=sealing.actor, ocpi=sealing.ocpi).returning(exports.c.id)
    number = int(tx.execute(row).scalar_one())
    said = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in vars(chosen).items()}
    audit.record(tx, sealing.at, sealing.actor, "cdr.export", str(number), {"ocpi": sealing.ocpi, **said})
    return number


def _keep(tx: Connection, made: Sequence[_Made], sealing: Sealing, number: int) -> None:
    add_cdrs(tx, [StoredCdr(**{**vars(each.cdr), "export": number}) for each in made if each.cdr])
    session_saving.set_state(tx, [each.sent.session for each in made], "sealed")
    for each in made:
        details = {"cdr": each.cdr.id if each.cdr else None, "export": number}
        change = Change("seal", "priced", "sealed", each.evidence, f"export {number}", details)
        add_event(tx, each.sent.session, sealing.at, sealing.actor, change)
