"""A small network in the middle of a working day: real stores, real rules, real tariffs; only the picture is made up.

Used by the tests of pages and by the browser tests, which take their screenshots of it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

import pyarrow as pa

from monitor.authoring import in_force
from monitor.authoring.comparing import Comparisons
from monitor.authoring.in_force import InForce
from monitor.authoring.why import why
from monitor.config import Evaluate, Paths, Settings, State
from monitor.ids import Place
from monitor.ingest.intake import Intake
from monitor.insight.picture import SCHEMA, Picture
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.store import Batch
from monitor.register import Register
from monitor.rules.answer import Answer, Evaluation, Flow
from monitor.sessions.billing import bill
from monitor.sessions.model import Diagnosis, Period, Session
from monitor.state.alerts import AlertStore
from monitor.state.database import Database
from monitor.state.exclusions import ExclusionStore
from monitor.state.insight import InsightStore
from monitor.state.outbox import Outbox
from monitor.state.remarks import RemarkStore
from monitor.state.responses import ResponseStore
from monitor.state.review_queue import ReviewStore
from monitor.state.rollups import Rollups
from monitor.state.sessions import SessionStore
from monitor.state.tick import record_tick
from monitor.state.tokens import TokenStore
from monitor.state.trend import KeyFigures, Trend
from monitor.state.users import UserStore
from monitor.tariffs.files import TariffBook
from monitor.tariffs.model import Usage, UsagePeriod
from monitor.tariffs.pricing import price
from monitor.ticks import Tick
from monitor.units import to_us

RULES = Path(__file__).parent.parent.parent / "rules"
NOW = datetime(2026, 3, 4, 12, 42, 7, tzinfo=UTC)
SLOW = Place("malmo-central", "mc-1", "1")
HOSTILE = Place("<script>alert(1)</script>", "a/b 100%", "'\"><img src=x onerror=alert(2)>")


@dataclass
class Ticks:
    """As the service's."""

    count: int = 1
    missed: int = 0
    failed: int = 0
    total_s: float = 0.21
    last_at: datetime | None = NOW
    last_good_at: datetime | None = NOW
    last_duration_s: float | None = 0.21
    last_error: str = ""
    recent: tuple[Tick, ...] = tuple(
        Tick(NOW - n * timedelta(seconds=30), 0.2 + 0.01 * (n % 3), False) for n in (2, 1, 0)
    )


class Sender(NamedTuple):
    """As the service's workers."""

    channel: str
    sent: int
    failures: int


@dataclass(frozen=True)
class Run:
    """As the service's."""

    at: datetime
    matches: int
    unknown: int
    error: str = ""
    duration_s: float = 0.02


@dataclass
class Rules:
    """As the service's."""

    in_force: InForce
    runs: dict[str, Run] = field(default_factory=dict)


@dataclass
class SampleService:
    """What `dashboards.sources.Service` asks for, standing still at NOW."""

    settings: Settings
    database: Database
    store: EmbeddedStore
    rules: Rules
    demo: bool = False
    speed: float = 1.0
    picture: Picture | None = None
    flow: Flow | None = None
    ticks: Ticks = field(default_factory=Ticks)
    workers: tuple[Sender, ...] = (Sender("mail", 7, 2),)
    at: datetime = NOW

    def __post_init__(self) -> None:
        self.intake = Intake(self.store, self.now)
        self.alerts = AlertStore(self.database)
        self.sessions = SessionStore(self.database)
        self.reviews = ReviewStore(self.database)
        self.trend = Trend(self.database)
        self.insight, self.exclusions = InsightStore(self.database), ExclusionStore(self.database)
        self.outbox = Outbox(self.database)
        self.users, self.tokens = UserStore(self.database), TokenStore(self.database)
        self.responses, self.remarks = ResponseStore(self.database), RemarkStore(self.database)
        self.key = b"a key for tests, never used elsewhere"
        self.comparisons = Comparisons(self.settings.state_url, self.now)

    def session(self, session_id: str) -> Session | None:
        found = self.sessions.get(session_id)
        return bill(found, self.tariffs, self.register, "plug_out") if found and found.under_way else found

    def session_at(self, place: Place) -> Session | None:
        found = next((session for session in self.sessions.under_way() if session.place == place), None)
        if found is None:
            return None
        return bill(self.sessions.get(found.id) or found, self.tariffs, self.register, "plug_out")

    def why(self, rule: str, subject: str, at: datetime | None = None) -> dict[str, Any]:
        files = self.rules.in_force
        return why(files, self.store, self.database, rule=rule, subject=subject, at=at or self.at)

    def now(self) -> datetime:
        return self.at

    @property
    def register(self) -> Register:
        return self.rules.in_force.register

    @property
    def tariffs(self) -> TariffBook:
        return self.rules.in_force.tariffs


@cache
def files_in_force(rules: Path) -> InForce:
    """Rules, tariffs and register as shipped, compiled once for all tests."""
    return in_force.load(Settings(paths=Paths(rules=rules)))


@contextmanager
def empty_service(folder: Path, rules: Path = RULES) -> Iterator[SampleService]:
    """A service that has just started: files in force, nothing measured, nothing evaluated."""
    settings = Settings(
        paths=Paths(rules=rules, var=folder),
        evaluate=Evaluate(interval=timedelta(seconds=30)),
        state=State(url=f"sqlite:///{folder / 'state.sqlite'}"),
    )
    database = Database(settings.state_url)
    database.migrate()
    store = EmbeddedStore(folder / "readings.duckdb", settings.evaluate.window)
    ticks = Ticks(count=0, last_at=None, last_good_at=None, last_duration_s=None)
    service = SampleService(settings, database, store, Rules(files_in_force(rules)), ticks=ticks)
    try:
        yield service
    finally:
        service.comparisons.stop()
        store.close()
        database.close()


@contextmanager
def busy_service(folder: Path) -> Iterator[SampleService]:
    """The same after a morning."""
    with empty_service(folder) as service:
        _measure(service)
        _charge(service)
        service.picture = Picture(NOW - timedelta(seconds=5), picture_table(service.register))
        _alarm(service)
        _remember(service)
        service.rules.runs = {
            rule.id: Run(NOW - timedelta(seconds=5), matches=n, unknown=3)
            for n, rule in enumerate(service.rules.in_force.rules.rules)
        }
        service.ticks = Ticks(count=2880, missed=1)
        yield service


def _remember(service: SampleService) -> None:
    """Key figures of the last day, with an hour of which nothing is known."""
    for quarter in range(96, 0, -1):
        if not 40 <= quarter < 44:
            day = abs(quarter - 48) / 48
            sums = (2 + quarter // 8, 4e5 + 4e3 * quarter, 1500 + 20 * quarter)
            figures = KeyFigures(round(90 * day), 2.8e6 * day, 92 + 6 * day, *sums)
            service.trend.note(NOW - quarter * timedelta(minutes=15), figures)


def picture_row(place: Place, **known: Any) -> dict[str, Any]:
    """One row of a picture; what is not given is null, and a connector is registered and on line."""
    row = dict.fromkeys(SCHEMA.names) | {"registered": True, "online": True, "state": "Available"}
    return row | {"site": place.site, "station": place.station, "connector": place.connector} | known


def table_of(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """A picture's table of rows."""
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)


def picture_table(register: Register) -> pa.Table:
    """Every registered connector in some state, and one that nobody registered."""
    chance = Random(7)
    rows = []
    for place, connector in register:
        state = chance.choices(
            ["Available", "Charging", "SuspendedEV", "Finishing", "Preparing"], weights=[46, 38, 6, 4, 2]
        )[0]
        since = NOW - timedelta(minutes=chance.randint(2, 190))
        rated = connector.rated or 22_000
        known: dict[str, Any] = {
            "state": state, "status": state, "status_since_us": to_us(since), "current": connector.current,
            "rated_w": rated, "evse": connector.evse or place.connector, "error_code": "NoError",
            "seen_us": to_us(NOW - timedelta(seconds=chance.randint(4, 50))),
        }  # fmt: skip
        if state == "Charging":
            expected = rated * chance.uniform(0.4, 0.9)
            known |= {
                "power_w": expected * chance.uniform(0.8, 1.0), "expected_w": expected, "offered_w": rated,
                "soc": chance.randint(15, 85) if connector.current == "DC" else None, "session": f"tx-{len(rows)}",
                "session_started_us": to_us(since), "session_energy_wh": chance.uniform(2_000, 38_000),
                "reading_us": known["seen_us"], "energy_wh": chance.uniform(1e7, 9e7),
            }  # fmt: skip
        rows.append(picture_row(place, **known) | _planted(place, len(rows)))
    rows.append(
        picture_row(Place("lund-nova", "found-1", "1"), registered=False, seen_us=to_us(NOW), state="Available")
    )
    return table_of(rows)


def _planted(place: Place, number: int) -> dict[str, Any]:
    if place == SLOW:
        return {
            "state": "Charging", "status": "Charging", "status_since_us": to_us(NOW - timedelta(minutes=31)),
            "power_w": 11_200.0, "expected_w": 118_000.0, "offered_w": 150_000.0, "soc": 41.0, "session": "tx-4711",
            "session_started_us": to_us(NOW - timedelta(minutes=31)), "session_energy_wh": 16_200.0,
            "reading_us": to_us(NOW - timedelta(seconds=9)), "seen_us": to_us(NOW - timedelta(seconds=9)),
            "energy_wh": 48_211_530.0,
        }  # fmt: skip
    empty = {"power_w": None, "expected_w": None, "session": None, "session_started_us": None, "soc": None}
    long_ago = to_us(NOW - timedelta(hours=3))
    if number in {30, 31}:
        return empty | {"state": "Offline", "online": False, "seen_us": long_ago}
    if number in {50, 51, 52}:
        return empty | {"state": "Unknown", "online": None, "status": None, "status_since_us": None, "seen_us": None}
    if number in {20, 77}:
        return empty | {"state": "Faulted", "status": "Faulted", "error_code": "GroundFailure"}
    if number == 90:
        return empty | {"state": "Unavailable", "status": "Unavailable"}
    return {}


def meter_batch(place: Place, rows: Sequence[dict[str, Any]]) -> Batch:
    """Meter rows of one connector; each row has `at` and wire names."""
    names = dict.fromkeys(
        name for row in rows for name in row if name != "at"
    )  # from_pylist looks at the first row only
    table = pa.Table.from_pylist([
        {"site": place.site, "station": place.station, "connector": place.connector, "time_us": to_us(row["at"])}
        | {name: row.get(name) for name in names}
        for row in rows
    ])  # fmt: skip
    return Batch({"meter": table}, received_at=NOW)


def _measure(service: SampleService) -> None:
    chance = Random(11)
    start, rows, energy = NOW - timedelta(minutes=31), [], 48_195_330.0
    for step in range(62):
        at = start + timedelta(seconds=30 * step)
        full = 118_000 * min(1.0, step / 4) * chance.uniform(0.97, 1.0)
        power = full if step < 17 else 11_200 + chance.uniform(-400, 400)
        energy += power / 120
        soc = 18 + 23 * step / 62
        rows.append(
            {"at": at, "power_w": power, "offered_w": 150_000.0, "energy_wh": energy, "soc": soc, "session": "tx-4711"}
        )
    service.store.append(meter_batch(SLOW, rows))
    for number, session in enumerate(finished_sessions(service)[:4]):
        steps = int((session.stopped - session.started) / timedelta(seconds=60))
        curve = [
            {
                "at": session.started + timedelta(seconds=60 * step), "session": session.transaction,
                "power_w": 142_000 * min(1.0, step / 3) * (1.0 if step < steps * 0.55 else 1.55 - step / steps),
                "offered_w": 200_000.0, "soc": 12.0 + 70 * step / steps, "energy_wh": 1e7 * (number + 1) + 900.0 * step,
            }
            for step in range(steps)
        ]  # fmt: skip
        service.store.append(meter_batch(session.place, curve))
    statuses = [("Available", 190), ("Preparing", 32), ("Charging", 31)]
    table = pa.Table.from_pylist([
        {**SLOW._asdict(), "time_us": to_us(NOW - timedelta(minutes=ago)), "status": status, "error_code": "NoError"}
        for status, ago in statuses
    ])  # fmt: skip
    service.store.append(Batch({"status": table}, received_at=NOW))
    service.store.bring_up_to(NOW)


def finished_sessions(service: SampleService, count: int = 36) -> list[Session]:
    """Priced sessions of the morning, newest first."""
    chance = Random(3)
    places = [place for place, _ in service.register]
    found = []
    for number in range(count):
        place = places[1] if number < 4 else places[(number * 37) % len(places)]
        plug_in = NOW - timedelta(hours=2 + 2.1 * number, minutes=chance.randint(0, 20))
        found.append(_session(service, place, plug_in, number, chance))
    return found


def _session(service: SampleService, place: Place, plug_in: datetime, number: int, chance: Random) -> Session:
    connector = service.register.connectors[place]
    dc = connector.current == "DC"
    charging = timedelta(minutes=chance.randint(34, 52) if dc else chance.randint(70, 150))
    idle = timedelta(minutes=chance.randint(1, 25))
    started = plug_in + timedelta(seconds=70)
    stopped = started + charging + idle
    energy = Decimal(round((connector.rated or 22_000) * 0.45 * charging.total_seconds() / 3600))
    parts = ((started, started + charging, "charging", energy), (started + charging, stopped, "parking", Decimal(0)))
    usage = Usage(started, stopped, tuple(UsagePeriod(a, b, kind, wh) for a, b, kind, wh in parts))
    assigned = service.tariffs.tariff_for(place, connector.current, None, started)
    assert assigned is not None
    priced = price(usage, assigned.tariff, service.register.zone(place.site))
    review = number == 6
    flags = frozenset({"register_jump", "gap"}) if review else frozenset({"late"} if number % 9 == 4 else ())
    return Session(
        id=f"s-{number:04d}", place=place, transaction=f"tx-{4000 + number}", plug_in=plug_in, started=started,
        stopped=stopped, plug_out=stopped + timedelta(seconds=40), closed_at=stopped + timedelta(minutes=11),
        user=f"u{chance.getrandbits(32):08x}", group=None, stop_reason="EVDisconnected", energy_wh=float(energy),
        register_start_wh=1e7, register_stop_wh=1e7 + float(energy), integrated_wh=float(energy) * 0.998,
        charging_time=charging, idle_time=idle, average_power_w=(connector.rated or 22_000) * 0.45,
        peak_power_w=(connector.rated or 22_000) * 0.71, soc_in=12.0 if dc else None, soc_out=82.0 if dc else None,
        phases=None if dc else 3, flags=flags, state="review" if review else "priced",
        diagnosis=Diagnosis("tapering", {"en": "Above 70 % the car asks for less"}, {"soc_out": 82.0}) if dc else None,
        periods=tuple(Period(a, b, kind, "Charging", float(wh), None, None) for a, b, kind, wh in parts),
        bill=None if review else priced, tariff_reason=assigned.reason,
    )  # fmt: skip


def _charge(service: SampleService) -> None:
    started = NOW - timedelta(minutes=31)
    sessions = finished_sessions(service)
    under_way = replace(
        sessions[0], id="s-now", place=SLOW, transaction="tx-4711", plug_in=started - timedelta(seconds=50),
        started=started, stopped=None, plug_out=None, closed_at=None, energy_wh=16_200.0, register_stop_wh=None,
        charging_time=timedelta(minutes=31), idle_time=timedelta(0), soc_out=None, state="open", bill=None,
        peak_power_w=118_000.0, average_power_w=31_000.0, diagnosis=None, stop_reason=None,
        periods=(Period(started, NOW, "charging", "Charging", 16_200.0, None, None),), flags=frozenset(),
    )  # fmt: skip
    service.sessions.save([*sessions, under_way])
    Rollups(service.database).bring_up_to_date(service.register)


def _alarm(service: SampleService) -> None:
    """Four alerts that fire, one that has resolved, by the real lifecycle and planner."""
    files = service.rules.in_force
    slow = {
        "power_w": 11_200.0, "expected_w": 118_000.0, "avg(power_w, 5m)": 11_340.0, "soc": 41.0, "status": "Charging",
        "session_age": 1860.0, "connector": "1", "station": "mc-1", "site": "malmo-central", "rated_w": 200_000.0,
        "expected_by": "rating", "current": "DC",
    }  # fmt: skip
    places = [place for place, _ in service.register]
    faulted, healed, silent = places[20], places[77], places[30].station_place
    for minutes in range(40, -1, -2):
        at = NOW - timedelta(minutes=minutes, seconds=5)
        answers = [
            _answer("slow-charging", SLOW, at, "critical", slow, true=minutes <= 20),
            _answer("connector-faulted", faulted, at, "critical", {"status_for": 900.0}, true=minutes <= 15),
            _answer("connector-faulted", healed, at, "critical", {"status_for": 600.0}, true=minutes > 18),
            _answer("station-offline", silent, at, "warning", {"silent_for": 10_800.0}, true=minutes <= 30),
        ]
        record_tick(
            service.database, Evaluation(at, tuple(answers), {}, table_of([])), rules=files.rules.rules,
            routes=files.routes, register=files.register, interval=timedelta(minutes=2),
        )  # fmt: skip


def _answer(rule: str, place: Place, at: datetime, level: Any, values: dict[str, Any], *, true: bool) -> Answer:
    names = {name: value for name, value in place._asdict().items() if value is not None}
    return Answer(rule, place.subject, at, true, level if true else None, not true, values=names | values)


def mailbox_of(*mails: SimpleNamespace) -> SimpleNamespace:
    """A mailbox that holds these mails, newest first."""
    return SimpleNamespace(mails=mails, get=lambda number: next((m for m in mails if m.id == number), None))


def mail(number: int, subject: str, html: str, text: str = "Text of the mail\n") -> SimpleNamespace:
    """One mail as the mailbox gives it."""
    return SimpleNamespace(
        id=number, received_at=NOW, sender="laddvakt@localhost", recipients=("noc@example.org",), subject=subject,
        text=text, html=html, headers=(("Subject", subject), ("Message-ID", f"<{number}@laddvakt>")),
    )  # fmt: skip
