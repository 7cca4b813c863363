"""Visits played through the OCPP reader, the real store, the assembler and the price; and what came of each of them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path

from monitor.ids import Place
from monitor.ingest.ocpp.reader import Reader
from monitor.readings.embedded import EmbeddedStore
from monitor.register import Register, RegisterFile
from monitor.sessions.assembler import Assembler
from monitor.sessions.billing import bill, review_reasons
from monitor.sessions.model import Session
from monitor.tariffs.files import TariffBook, load_files
from tests.evidence.defects import Defect, Tolerance
from tests.evidence.visits import Said, Visit, start

GRACE = timedelta(minutes=10)
AT_ONCE = timedelta(days=10)
"""How much is read at once: the law that the pieces do not matter has its own test (tests/sessions/test_order.py)."""

NEXT = 99_999
"""The transaction of the next car, a day after a station's last visit: it ends what nothing else has ended."""

TARIFF = """
tariffs:
  - id: dc
    currency: SEK
    elements:
      - price_components:
          - {type: ENERGY, price: 5.0, vat: 25, step_size: 1}
          - {type: TIME, price: 1.2, vat: 25, step_size: 1}
          - {type: PARKING_TIME, price: 12.0, vat: 25, step_size: 1}
assign:
  - {tariff: dc}
"""


def register() -> Register:
    """The two chargers."""
    connector = {"1": {"current": "DC", "rated": "172.5 kW"}}
    stations = {name: {"connectors": connector} for name in ("ccs1", "ccs2")}
    return Register(RegisterFile.model_validate({"sites": {"evidence": {"stations": stations}}}))


def book(folder: Path) -> TariffBook:
    """One tariff with a price for each kind of time."""
    path = folder / "tariff.yaml"
    path.write_text(TARIFF, encoding="utf-8")
    return load_files({"tariff.yaml": path})


def played(said: Iterable[tuple[str, Said]], folder: Path) -> list[Session]:
    """All sessions, priced, of what was said by stations; `folder` is empty and gets the store."""
    outlets = register()
    reader = Reader(lambda: outlets)
    store = EmbeddedStore(folder / "readings.duckdb", timedelta(minutes=30))
    sessions: dict[str, Session] = {}
    assembler = Assembler(store, GRACE, "plug_out", outlets)
    try:
        for now, lines in _pieces(said):
            parsed = reader.read(lines, now)
            if parsed.batch.rows:
                store.append(parsed.batch)
            _update(store, assembler, sessions, now)
        _update(store, assembler, sessions, now + timedelta(days=1))
    finally:
        store.close()
    prices = book(folder)
    return [bill(session, prices, outlets, "plug_out") for session in sessions.values()]


def _update(store: EmbeddedStore, assembler: Assembler, sessions: dict[str, Session], now: datetime) -> None:
    store.bring_up_to(now)
    changed = assembler.update(now)
    for name in assembler.renamed:
        sessions.pop(name, None)
    for place, since in assembler.reassembled.items():
        for name, session in list(sessions.items()):
            if session.place == place and session.began >= since:
                del sessions[name]
    sessions |= {session.id: session for session in changed}


def _pieces(said: Iterable[tuple[str, Said]]) -> Iterator[tuple[datetime, bytes]]:
    """Lines of messages in the order in which they were heard, in pieces, with the time of the last of each."""
    in_order = sorted(enumerate(said), key=lambda entry: (entry[1][1].heard_at, entry[0]))
    heard = [(number, station, message) for number, (station, message) in in_order]
    begin = heard[0][2].heard_at
    for _, some in groupby(heard, key=lambda entry: (entry[2].heard_at - begin) // AT_ONCE):
        piece = list(some)
        lines = [line for number, station, message in piece for line in _lines(number, station, message)]
        yield piece[-1][2].heard_at + timedelta(seconds=1), "\n".join(lines).encode()


def _lines(number: int, station: str, message: Said) -> Iterator[str]:
    heard = message.heard_at.isoformat()
    yield json.dumps([heard, "evidence", station, [2, str(number), message.action, message.payload]])
    if message.answer is not None:
        yield json.dumps([heard, "evidence", station, [3, str(number), message.answer]])


@dataclass(frozen=True)
class Outcome:
    """What became of a visit: `equal`, `review`, or `wrong` with what is wrong about it."""

    verdict: str
    why: str
    flags: frozenset[str]


def outcome(visit: Visit, sessions: Sequence[Session], tolerance: Tolerance, doubts: frozenset[str]) -> Outcome:
    """How the sessions that overlap a visit compare with it; `doubts`: reasons for review of which one is right here.

    Sessions without energy that wait for a person do no harm beside the right one; any other beside it is wrong.
    """
    flags = frozenset(flag for session in sessions for flag in session.flags)
    waiting = [session for session in sessions if session.state == "review"]
    billed = [session for session in sessions if session.state != "review"]
    if waiting and not [session for session in billed if session.energy_wh]:
        reasons = {reason for session in waiting for reason in review_reasons(session)}
        fitting = reasons & doubts
        return Outcome("review" if fitting else "wrong", f"review for {sorted(reasons)}", flags)
    if len(billed) != 1:
        return Outcome("wrong", f"{len(billed)} sessions are billed", flags)
    (session,) = billed
    differences = list(_differences(visit, session, tolerance))
    return Outcome("wrong" if differences else "equal", ", ".join(differences), flags)


def _differences(visit: Visit, session: Session, tolerance: Tolerance) -> Iterator[str]:
    if session.state != "priced":
        yield f"is {session.state}: {session.tariff_reason}"
    energy = visit.energy_wh[-1]
    if session.energy_wh is None or abs(session.energy_wh - energy) > tolerance.energy_wh:
        yield f"{session.energy_wh} Wh instead of {energy}"
    expected = (visit.started, visit.gone)
    for name, found, was in zip(("started", "plug_out"), (session.started, session.plug_out), expected, strict=True):
        if found is None or abs(found - was) > tolerance.time:
            yield f"{name} {found} instead of {was}"
    charging = visit.stopped - visit.started
    if abs(session.charging_time - charging) > tolerance.time:
        yield f"{session.charging_time} of charging instead of {charging}"
    idle = visit.gone - visit.stopped
    if abs(session.idle_time - idle) > tolerance.time:
        yield f"{session.idle_time} idle instead of {idle}"


def outcomes(visits: Sequence[Visit], defect: Defect, folder: Path) -> list[Outcome]:
    """What becomes of each visit when all of them have the defect."""
    said = [(visit.station, message) for visit in visits for message in defect.plant(visit)]
    last = {visit.station: visit for visit in visits}
    said += [(station, start(visit.gone + timedelta(days=1), 0, NEXT)) for station, visit in last.items()]
    sessions = [session for session in played(said, folder) if session.transaction != str(NEXT)]
    found = by_visit(visits, sessions)
    return [outcome(visit, found[visit.name], defect.tolerance, defect.doubts) for visit in visits]


def by_visit(visits: Sequence[Visit], sessions: Iterable[Session]) -> dict[str, list[Session]]:
    """Sessions by the visit whose transaction they have, else by the one that they overlap most, or the nearest."""
    found: dict[str, list[Session]] = {visit.name: [] for visit in visits}
    for session in sessions:
        there = [visit for visit in visits if session.place == Place("evidence", visit.station, "1")]
        own = [visit for visit in there if session.transaction == str(visit.transaction)] or there
        found[max(own, key=partial(_overlap, session)).name].append(session)
    return found


def _overlap(session: Session, visit: Visit) -> timedelta:
    """How long both last; negative: how far they are apart."""
    begin = session.started or session.plug_in
    end = session.plug_out or datetime.max.replace(tzinfo=UTC)
    return min(end, visit.gone) - max(begin, visit.started)
