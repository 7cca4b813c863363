"""A small network on the real store, in the words of the domain: readings by minute, then what the rules answer."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from monitor import documents
from monitor.ids import Place
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.schema import MEASUREMENTS
from monitor.readings.store import Batch, Snapshot
from monitor.register import Register, RegisterFile
from monitor.rules import files, frame
from monitor.rules.answer import Answer, Evaluation
from monitor.rules.evaluate import Facts, evaluate
from monitor.rules.model import Rule
from monitor.rules.program import compile_rules
from monitor.units import to_us

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SHIPPED = Path(__file__).parents[2] / "rules"

REGISTER = """
sites:
  malmo:
    stations:
      dc-1:
        max_power: 200 kW
        connectors:
          1: {current: DC, rated: 150 kW}
          2: {current: DC, rated: 150 kW}
      dc-2:
        connectors:
          1: {current: DC, rated: 50 kW, evse: A}
          2: {current: DC, rated: 50 kW, evse: A}
          3: {current: DC, rated: 50 kW, retired: true}
      ac-1:
        connectors:
          1: {current: AC, rated: 22 kW, phases: 3}
"""


class Network:
    """Readings are noted by minute after START and written to a store when something is asked of it."""

    start = START

    def __init__(self, folder: Path, register: str = REGISTER) -> None:
        self.store = EmbeddedStore(folder / "readings.duckdb", timedelta(minutes=30))
        self.register = Register(documents.validate(documents.parse(register, "sites.yaml"), RegisterFile))
        self.sessions: list[dict[str, Any]] = []
        self.history: list[dict[str, Any]] = []
        self._rows: dict[str, list[dict[str, Any]]] = {name: [] for name in MEASUREMENTS}
        self.store.register([place for place, _ in self.register])

    def meter(self, minute: float, subject: str = "malmo/dc-1/1", **fields: float) -> None:
        self._note("meter", minute, subject, **fields)

    def power(self, minutes: tuple[float, float], kw: float, subject: str = "malmo/dc-1/1", **fields: float) -> None:
        """A reading every half minute of (from, to]."""
        for half in range(int(minutes[0] * 2) + 1, int(minutes[1] * 2) + 1):
            self.meter(half / 2, subject, power_w=kw * 1000, **fields)

    def status(self, minute: float, status: str, subject: str = "malmo/dc-1/1", error: str = "NoError") -> None:
        self._note("status", minute, subject, status=status, error_code=error)

    def transaction(self, minute: float, event: str, subject: str = "malmo/dc-1/1") -> None:
        self._note("transaction", minute, subject, event=event, session="t-1")

    def link(
        self, minute: float, event: str = "heartbeat", station: str = "malmo/dc-1", interval_s: float = 300
    ) -> None:
        self._note("link", minute, station, event=event, interval_s=interval_s if event == "heartbeat" else None)

    def heartbeats(self, until: float, station: str = "malmo/dc-1") -> None:
        for minute in range(-120, int(until) + 1, 5):
            self.link(minute, station=station)

    def charging(self, minute: float, subject: str = "malmo/dc-1/1", **facts: Any) -> None:
        """A session under way since `minute`, with its status; `facts` are columns of the sessions table."""
        self.status(minute, "Charging", subject)
        place = Place.parse(subject)
        self.sessions.append({
            "site": place.site, "station": place.station, "connector": place.connector, "session": f"s-{subject}",
            "started_us": at_us(minute), "peak_w": None, "energy_wh": None, "flags": [], **facts,
        })  # fmt: skip

    def _note(self, measurement: str, minute: float, subject: str, **fields: Any) -> None:
        place = {key: name for key, name in Place.parse(subject)._asdict().items() if name is not None}
        self._rows[measurement].append({**place, "time_us": at_us(minute), **fields})

    def write(self) -> None:
        """Store what was noted since the last time."""
        tables = {name: pa.Table.from_pylist(rows, _schema(name)) for name, rows in self._rows.items() if rows}
        if tables:
            self.store.append(Batch(tables, START))
        self._rows = {name: [] for name in MEASUREMENTS}

    @property
    def facts(self) -> Facts:
        return Facts(
            self.register,
            pa.Table.from_pylist(self.sessions, frame.SESSIONS),
            pa.Table.from_pylist(self.history, frame.HISTORY),
        )

    def evaluate(
        self, minute: float, rules: tuple[Rule, ...], active: frozenset[tuple[str, str]] = frozenset()
    ) -> Evaluation:
        self.write()
        now = START + timedelta(minutes=minute)
        self.store.bring_up_to(now)
        with self.store.snapshot() as snapshot:
            return evaluate(compile_rules(rules), snapshot, self.facts, now, active, every_unknown=True)

    def answers(self, minute: float, rule: Rule) -> Mapping[str, Answer]:
        """The rule's answers by subject; a subject that is not there does not match."""
        evaluation = self.evaluate(minute, (rule,))
        assert not evaluation.failures
        return {answer.subject: answer for answer in evaluation.answers if answer.rule == rule.id}

    def picture(self, minute: float) -> dict[str, dict[str, Any]]:
        rows = self.evaluate(minute, ()).picture.to_pylist()
        return {f"{row['site']}/{row['station']}/{row['connector']}": row for row in rows}

    def snapshot(self, minute: float) -> "Reading":
        self.write()
        self.store.bring_up_to(START + timedelta(minutes=minute))
        return Reading(self.store)


class Reading:
    """`with network.snapshot(5) as snapshot`."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store, self._stack = store, ExitStack()

    def __enter__(self) -> Snapshot:
        return self._stack.enter_context(self._store.snapshot())

    def __exit__(self, *exc: object) -> None:
        self._stack.close()


def at_us(minute: float) -> int:
    return to_us(START + timedelta(minutes=minute))


def _schema(name: str) -> pa.Schema:
    measurement = MEASUREMENTS[name]
    columns = [("site", pa.string()), ("station", pa.string()), *((tag, pa.string()) for tag in measurement.tags)]
    fields = [(f.name, pa.float64() if f.kind == "number" else pa.string()) for f in measurement.fields]
    return pa.schema([*columns, ("time_us", pa.int64()), *fields])


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    built = Network(tmp_path)
    yield built
    built.store.close()


@pytest.fixture(scope="session")
def shipped() -> Mapping[str, Rule]:
    """The rules of the repository by id."""
    return {rule.id: rule for rule in files.load(SHIPPED).rules}


@pytest.fixture
def rule_of():
    """A rule of one condition."""

    def build(when: str, on: str = "connector", **more: Any) -> Rule:
        lines = [f"{key}: {value}" for key, value in more.items()]
        text = "\n    ".join(["rules:\n  - id: tried", "title: Tried", f"on: {on}", f"when: >\n      {when}",
                              *lines, "message: {summary: tried}"])  # fmt: skip
        return files.parse_rules(documents.parse(text + "\n", "tried.yaml"))[0]

    return build
