"""Priced, doubtful and late sessions, and what decides about them, for tests of billing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.ids import Place
from monitor.register import Register
from monitor.sessions.billing import bill, priced
from monitor.sessions.cdr import Exported, export
from monitor.sessions.model import Period, Session
from monitor.state import audit
from monitor.state.database import Database
from monitor.state.reviewing import Case, Decision, case_of, decide
from monitor.state.sealing import Sealing
from monitor.state.sessions import SessionStore
from monitor.state.tariffs import TariffStore
from monitor.tariffs import files
from monitor.tariffs.files import TariffBook
from monitor.tariffs.rounding import PER_TOTAL
from monitor.tariffs.versions import Version

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=1)
TARIFF = """
tariffs:
  - id: t
    currency: SEK
    elements: [{price_components: [{type: ENERGY, price: 3, vat: 25}, {type: PARKING_TIME, price: 6, vat: 25}]}]
assign: [{tariff: t}]
"""


def book_of(folder: Any, text: str = TARIFF) -> TariffBook:
    (folder / "t.yaml").write_text(text, encoding="utf-8")
    return files.load_files({"t.yaml": folder / "t.yaml"})


def visit(name: str = "s1", *, kwh: float | None = 10.0, **changes: Any) -> Session:
    """An hour of charging from noon on and half an hour of idling; 30 SEK and 3 SEK without VAT."""
    stopped, left = NOON + timedelta(hours=1), NOON + timedelta(minutes=90)
    wh = (kwh or 0.0) * 1000
    periods = (
        Period(NOON, stopped, "charging", "Charging", wh, wh, None),
        Period(stopped, left, "parking", "SuspendedEV", 0.0, 0.0, None),
    )
    session = Session(
        id=name, place=Place("s", "t", "1"), transaction=name, plug_in=NOON, started=NOON, stopped=stopped,
        plug_out=left, closed_at=left + timedelta(minutes=10), user="u-1", group=None, stop_reason=None,
        energy_wh=None if kwh is None else wh, register_start_wh=0.0, register_stop_wh=wh, integrated_wh=None,
        charging_time=timedelta(hours=1), idle_time=timedelta(minutes=30), average_power_w=None, peak_power_w=None,
        soc_in=None, soc_out=None, phases=None, flags=frozenset(), diagnosis=None, state="open", periods=periods,
    )  # fmt: skip
    return replace(session, **changes)


class Office:
    """A billing department with a database: sessions come in from readings, people decide, exports go out."""

    def __init__(self, database: Database, folder: Any) -> None:
        self.database, self.book, self.register = database, book_of(folder), Register()
        self.store = SessionStore(database)
        TariffStore(database).note(self.book.tariffs.values(), NOON - timedelta(days=1))

    def arrives(self, *sessions: Session, **options: Any) -> None:
        """What a tick saves; `reassembled` names where sessions were cut anew."""
        self.store.save([bill(each, self.book, self.register, "plug_out") for each in sessions], now=LATER, **options)

    def price(self, session: Session) -> Session:
        return priced(session, self.book, self.register, "plug_out")

    def decides(self, name: str, action: Any, reason: str = "looked at the meter", **options: Any) -> Session:
        decision = Decision(action, reason, options.pop("actor", "anna"), options.pop("at", LATER), **options)
        return decide(self.database, name, decision, self.price)

    def case(self, name: str = "s1") -> Case:
        with self.database.read() as connection:
            case = case_of(connection, name)
        assert case is not None
        return case

    def sealing(self, ocpi: Version = "2.2.1", **options: Any) -> Sealing:
        def making(session: Session, cdr_id: str, at: datetime) -> Exported:
            return export(
                session, self.book.tariffs["t"], self.register, "plug_out", policy=PER_TOTAL, now=at, version=ocpi,
                cdr_id=cdr_id,
            )  # fmt: skip

        return Sealing(making, ocpi, "finance", LATER, **options)

    def audited(self) -> list[tuple[str, str, str]]:
        with self.database.read() as connection:
            return [(entry.actor, entry.action, entry.subject) for entry in reversed(audit.list(connection))]
