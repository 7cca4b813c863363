"""One charger whose rows are written into a real store, and the assembler that reads them."""

import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from monitor.ids import Place
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.schema import MEASUREMENTS
from monitor.readings.store import Batch
from monitor.register import Register, RegisterFile
from monitor.sessions.assembler import Assembler
from monitor.sessions.classes import AS_DESIGNED, TimeRules
from monitor.sessions.history import ConnectorHistory
from monitor.sessions.model import Session
from monitor.sessions.outlet import outlet_of
from monitor.sessions.rows import Row, key_of, rows_by_place
from monitor.sessions.summary import BillUntil, summarise
from monitor.sessions.track import Track
from monitor.state.database import Database
from monitor.state.sessions import SessionStore
from monitor.tariffs.files import TariffBook, load_files
from monitor.units import to_us

TARIFFS = """
tariffs:
  - id: ac
    currency: SEK
    elements:
      - price_components:
          - {type: ENERGY, price: 3.0, vat: 25, step_size: 1}
          - {type: TIME, price: 6.0, vat: 25, step_size: 1}
          - {type: PARKING_TIME, price: 12.0, vat: 25, step_size: 1}
          - {type: FLAT, price: 4.0, vat: 25}
assign:
  - {site: s, station: ac, group: staff, tariff: ac}
"""
NOON = datetime(2026, 1, 9, 12, tzinfo=UTC)
GRACE = timedelta(minutes=10)
AC, DC = Place("s", "ac", "1"), Place("s", "dc", "1")


@dataclass(frozen=True)
class Said:
    """One row as a charger said it: `minute` after noon; it came `delay` minutes later."""

    measurement: str
    place: Place
    minute: float
    delay: float
    fields: dict[str, Any]
    claimed: datetime | None = None

    @property
    def time_us(self) -> int:
        return to_us(NOON + timedelta(minutes=self.minute))

    @property
    def received_at(self) -> datetime:
        return NOON + timedelta(minutes=self.minute + self.delay, seconds=1)


@dataclass
class Charger:
    """Words for what one connector says; minutes count from noon."""

    place: Place = AC
    rows: list[Said] = field(default_factory=list)
    delay: float = 0.0

    def say(self, measurement: str, minute: float, place: Place | None = None, **fields: Any) -> "Charger":
        claimed = fields.pop("claimed", None)
        self.rows.append(Said(measurement, place or self.place, minute, self.delay, fields, claimed))
        return self

    def status(self, minute: float, status: str) -> "Charger":
        return self.say("status", minute, status=status)

    def station_status(self, minute: float, status: str) -> "Charger":
        return self.say("status", minute, self.place._replace(connector="0"), status=status)

    def link(self, minute: float, event: str = "heartbeat") -> "Charger":
        return self.say("link", minute, self.place._replace(connector=None), event=event)

    def start(self, minute: float, wh: float | None = 0.0, session: str = "7", **fields: Any) -> "Charger":
        return self.say("transaction", minute, event="start", session=session, meter_wh=wh, **fields)

    def stop(self, minute: float, wh: float | None = None, session: str = "7", **fields: Any) -> "Charger":
        return self.say("transaction", minute, event="stop", session=session, meter_wh=wh, **fields)

    def meter(self, minute: float, wh: float | None = None, kw: float | None = None, **fields: Any) -> "Charger":
        return self.say("meter", minute, energy_wh=wh, power_w=None if kw is None else kw * 1000, **fields)

    def charge(self, start: int, end: int, wh: float, kw: float, **fields: Any) -> "Charger":
        """Meter values every minute from `start` to `end` inclusive, register at `wh` first."""
        for minute in range(start, end + 1):
            self.meter(minute, wh + kw * 1000 * (minute - start) / 60, kw, **fields)
        return self

    def visit(self, minute: int = 0, wh: float = 1_000.0, session: str = "7") -> "Charger":
        """A plain visit: plugged in, 60 min at 11 kW, 20 min full, 30 min after the stop, gone after 112 min."""
        (
            self.status(minute, "Preparing")
            .start(minute + 2, wh, session, user="u1", group="staff")
            .status(minute + 2, "Charging")
            .charge(minute + 3, minute + 62, wh + 11_000 / 60, 11.0, phases=3, offered_a=16.0, current_a=16.0)
            .status(minute + 62, "SuspendedEV")
            .meter(minute + 72, wh + 11_000, 0.0)
            .stop(minute + 82, wh + 11_000, session, reason="EVDisconnected")
            .status(minute + 82, "Finishing")
        )
        return self.status(minute + 112, "Available")


def batch(said: list[Said]) -> Batch:
    """Rows as one batch, received when the last of them was."""
    tables = {}
    for name, measurement in MEASUREMENTS.items():
        own = [row for row in said if row.measurement == name]
        if own:
            tables[name] = _table(own, [f.name for f in measurement.fields], name)
    return Batch(tables, max(row.received_at for row in said))


def _table(rows: list[Said], names: list[str], measurement: str) -> pa.Table:
    columns: dict[str, Any] = {
        "site": [row.place.site for row in rows],
        "station": [row.place.station for row in rows],
        "time_us": pa.array([row.time_us for row in rows], pa.int64()),
    }
    if measurement != "link":
        columns["connector"] = [row.place.connector for row in rows]
    if measurement == "transaction":
        columns["event"] = [row.fields["event"] for row in rows]
        if any(row.claimed for row in rows):
            columns["claimed_us"] = pa.array([to_us(r.claimed) if r.claimed else None for r in rows], pa.int64())
        names = [name for name in names if name != "event"]
    for name in names:
        values = [row.fields.get(name) for row in rows]
        if any(value is not None for value in values):
            kind = pa.string() if any(isinstance(value, str) for value in values) else pa.float64()
            columns[name] = pa.array(values, kind)
    return pa.table(columns)


@dataclass
class Depot:
    """A store with the assembler over it; `read` brings it up to a minute and keeps what changed."""

    store: EmbeddedStore
    register: Register
    past: ConnectorHistory = field(default_factory=ConnectorHistory)
    assembler: Assembler = field(init=False)
    sessions: dict[str, Session] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.assembler = self.fresh()

    def fresh(self, position: int = 0, under_way: Sequence[Session] = ()) -> Assembler:
        """An assembler to which every connector has the same past."""
        return Assembler(
            self.store,
            GRACE,
            "plug_out",
            self.register,
            position=position,
            under_way=under_way,
            history_before=lambda _place, _moment: self.past,
        )

    def write(self, *chargers: Charger) -> "Depot":
        """All rows, in batches of up to four minutes: none is late but those that are said to be."""
        rows = sorted((row for charger in chargers for row in charger.rows), key=lambda row: row.received_at)
        while rows:
            until = rows[0].received_at + timedelta(minutes=4)
            self.store.append(batch([row for row in rows if row.received_at <= until]))
            rows = [row for row in rows if row.received_at > until]
        return self

    def write_rows(self, rows: list[Said]) -> None:
        """Rows as one batch that came when the last of them did."""
        self.store.append(batch(rows))

    def write_in_order(self, rows: list[Said], pieces: int) -> Iterator[int]:
        """Rows in the order given, in `pieces` batches; yields after each. Each row keeps the time it was received."""
        for piece in range(pieces):
            some = rows[piece * len(rows) // pieces : (piece + 1) * len(rows) // pieces]
            for received in sorted({row.received_at for row in some}):
                self.store.append(batch([row for row in some if row.received_at == received]))
            yield piece

    def read(self, minute: float) -> list[Session]:
        """Sessions after `minute`, oldest first."""
        now = NOON + timedelta(minutes=minute)
        self.store.bring_up_to(now)
        changed = self.assembler.update(now)
        for name in self.assembler.renamed:
            self.sessions.pop(name, None)
        for place, since in self.assembler.reassembled.items():
            for name, session in list(self.sessions.items()):
                if session.place == place and session.began >= since:
                    del self.sessions[name]
        self.sessions |= {session.id: session for session in changed}
        for seen in self.assembler.under_way():
            self.sessions[seen.glance.id] = seen.session(now, GRACE, "plug_out")
        return sorted(self.sessions.values(), key=lambda session: (session.plug_in, session.id))

    def restart(self, *, clean: bool = False) -> None:
        """As after kill -9: a fresh assembler that knows what was saved; `clean`: and what a clean stop kept."""
        known = pickle.dumps(self.assembler.known())
        open_ones = [session for session in self.sessions.values() if session.closed_at is None]
        self.assembler = self.fresh(self.assembler.position, open_ones)
        if clean:
            self.assembler.recall(pickle.loads(known))


@dataclass
class Paper:
    """The fold alone: rows of one connector in the order of their times, as if all had been there from the start."""

    register: Register
    rows: list[Said] = field(default_factory=list)
    bill_until: BillUntil = "plug_out"
    time_rules: TimeRules = AS_DESIGNED

    def write(self, *chargers: Charger) -> "Paper":
        for charger in chargers:
            self.rows += charger.rows
        return self

    def read(self, minute: float) -> list[Session]:
        """Sessions as of `minute`, oldest first."""
        place = next(row.place for row in self.rows if row.place.connector not in {None, "0"})
        outlet, track = outlet_of(self.register, place, self.time_rules), Track()
        touched = track.fold(sorted(self._folded(), key=key_of), outlet, GRACE // timedelta(microseconds=1))
        assert touched is not None
        state = track.state
        sessions = [
            summarise(
                place,
                visit,
                state.effective if visit is state.current else None,
                outlet,
                now=NOON + timedelta(minutes=minute),
                grace=GRACE,
                bill_until=self.bill_until,
            )
            for visit in touched.values()
        ]
        return sorted(sessions, key=lambda session: (session.plug_in, session.id))

    def _folded(self) -> Iterator[Row]:
        for said in self.rows:
            tables = batch([said]).tables
            for name, table in tables.items():
                missing = [field.name for field in MEASUREMENTS[name].fields if field.name not in table.schema.names]
                whole = table.append_column("received_us", pa.array([to_us(said.received_at)], pa.int64()))
                for column in missing:
                    whole = whole.append_column(column, pa.nulls(1))
                yield from (row for _, row in rows_by_place(name, whole))


@pytest.fixture(scope="session")
def register() -> Register:
    dc = {"current": "DC", "rated": "180 kW"}
    stations = {
        "ac": {"connectors": {"1": {"current": "AC", "rated": "22 kW", "phases": 3}}},
        "dc": {"max_power": "180 kW", "connectors": {"1": dc, "2": dc}},
    }
    return Register(RegisterFile.model_validate({"sites": {"s": {"stations": stations}}}))


class Shelf:
    """Just enough of a readings store, in memory, for laws that are tried on many examples.

    The same laws run on the real store too, on a few.
    """

    def __init__(self) -> None:
        self._points: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {name: {} for name in MEASUREMENTS}
        self._seq = 0

    def append(self, rows: Batch) -> None:
        self._seq += 1
        for name, table in rows.tables.items():
            for row in table.to_pylist():
                tags = tuple(row.get(tag) for tag in ("site", "station", "connector", "event", "time_us"))
                key = tags if name == "transaction" else (*tags[:3], tags[4])
                known = self._points[name].setdefault(key, {"received_us": to_us(rows.received_at)})
                known |= {field: value for field, value in row.items() if value is not None} | {"seq": self._seq}

    def bring_up_to(self, now: datetime) -> None:
        """There is nothing to merge here."""

    arrivals_are_all = True

    def arrivals(self, measurement: str, after: int, upto: int | None = None) -> tuple[pa.Table, int]:
        last = self._seq if upto is None else upto
        return self._table(measurement, [row for row in self._all(measurement) if after < row["seq"] <= last]), last

    def scan(
        self,
        measurement: str,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        place: Place,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[pa.RecordBatch]:
        rows = [
            row
            for row in self._all(measurement)
            if (start is None or row["time_us"] >= to_us(start))
            and (end is None or row["time_us"] < to_us(end))
            and Place(row["site"], row["station"], row.get("connector")).within(place)
        ]
        chosen = (rows[::-1] if newest_first else rows)[:limit]
        yield from self._table(measurement, chosen).to_batches()

    def _all(self, measurement: str) -> list[dict[str, Any]]:
        return sorted(self._points[measurement].values(), key=lambda row: row["time_us"])

    def _table(self, measurement: str, rows: list[dict[str, Any]]) -> pa.Table:
        names = ["site", "station", *MEASUREMENTS[measurement].tags]
        columns = [(name, pa.string()) for name in names]
        columns += [(name, pa.int64()) for name in ("time_us", "received_us", "seq")]
        kinds = {"number": pa.float64(), "text": pa.string()}
        columns += [(field.name, kinds[field.kind]) for field in MEASUREMENTS[measurement].fields]
        return pa.Table.from_pylist(rows, pa.schema(columns))


@contextmanager
def _depot(folder: Path, register: Register) -> Iterator[Depot]:
    store = EmbeddedStore(folder / "readings.duckdb", timedelta(minutes=30))
    try:
        yield Depot(store, register)
    finally:
        store.close()


@pytest.fixture(scope="session")
def new_depot(register: Register) -> Callable[[Path], AbstractContextManager[Depot]]:
    """Makes depots inside a test: hypothesis runs many examples in one."""
    return lambda folder: _depot(folder, register)


@pytest.fixture(scope="session")
def new_shelf(register: Register) -> Callable[[], Depot]:
    def make() -> Depot:
        shelf: Any = Shelf()
        return Depot(shelf, register)

    return make


@pytest.fixture(scope="session")
def new_paper(register: Register) -> Callable[[], Paper]:
    return lambda: Paper(register)


@pytest.fixture(scope="session")
def new_charger() -> type[Charger]:
    return Charger


@pytest.fixture
def depot(tmp_path: Path, register: Register) -> Iterator[Depot]:
    with _depot(tmp_path, register) as made:
        yield made


@pytest.fixture
def paper(register: Register) -> Paper:
    return Paper(register)


@pytest.fixture
def charger() -> Charger:
    return Charger()


@pytest.fixture
def dc_charger() -> Charger:
    return Charger(DC)


@pytest.fixture
def noon() -> datetime:
    return NOON


@pytest.fixture
def state_database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'state.sqlite'}")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def saved(state_database: Database) -> SessionStore:
    return SessionStore(state_database)


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> TariffBook:
    path = tmp_path_factory.mktemp("tariffs") / "public.yaml"
    path.write_text(TARIFFS, encoding="utf-8")
    return load_files({"public.yaml": path})
