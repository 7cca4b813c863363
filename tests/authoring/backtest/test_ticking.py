"""Ticking equals backtesting (design.md, section 4): random readings and rules give the same episodes and mails."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor import documents, register
from monitor.alerts import notify_file
from monitor.authoring.backtest.running import Asked, backtest
from monitor.authoring.backtest.versions import Version
from monitor.authoring.replay import Files
from monitor.config import Evaluate, Sessions, Settings
from monitor.ingest.plain import column_types
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.frames import framed
from monitor.readings.schema import MEASUREMENTS, Measurement
from monitor.readings.store import Batch
from monitor.rules import files as rule_files
from monitor.rules.evaluate import Facts, evaluate
from monitor.rules.program import compile_rules
from monitor.state.alerts import AlertStore
from monitor.state.database import Database
from monitor.state.outbox import Outbox
from monitor.state.session_tick import SessionTick
from monitor.state.sessions import SessionStore
from monitor.state.tick import record_tick
from monitor.tariffs.files import TariffBook
from monitor.units import to_us

START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
MINUTES, LASTS = 12, 18
"""Of rows, and of evaluations, which outlast them."""
MINUTE = timedelta(minutes=1)
SITES = """
sites:
  s:
    stations:
      a: {connectors: {1: {current: DC, rated: 100 kW}, 2: {current: DC, rated: 100 kW}}}
      b: {connectors: {1: {current: DC, rated: 50 kW}}}
"""
NOTIFY = "receivers: {noc: {mail: [noc@x.se]}}\ndefault: {to: noc, group_wait: 0s, group_interval: 2m}\n"
RULES = """
rules:
  - {id: low, title: t, on: connector, when: 'avg(power_w, 5m) < 30 kW', for: 2m, message: {summary: s}}
  - {id: weak, title: t, on: connector, when: 'power_w < 0.5 * expected_w and session_age > 2m', keep_firing_for: 2m,
     message: {summary: s}}
  - {id: levels, title: t, on: connector, when: 'status == "Charging" and status_for > 3m',
     levels: {info: status_for > 3m, critical: power_w < 20 kW}, message: {summary: s}}
  - {id: old, title: t, on: connector, when: 'reading_age > 4m', no_data: {after: 5m, then: resolve},
     message: {summary: s}}
  - {id: part, title: t, on: connector, when: 'share(power_w < 40 kW, 10m) > 50 %',
     recover_when: 'share(power_w < 40 kW, 10m) < 20 %', inhibited_by: [nobody], message: {summary: s}}
  - {id: nobody, title: t, on: station, when: 'count(status == "Charging") >= 1 and not any(power_w > 50 kW)', for: 1m,
     message: {summary: s}}
  - {id: idle, title: t, on: connector, when: 'idle_for > 2m or "gap" in session_flags', message: {summary: s}}
  - {id: turns, title: t, on: connector, when: 'changes(status, 10m) >= 3', message: {summary: s}}
"""
PLACES = (("a", "1"), ("a", "2"), ("b", "1"))


@dataclass(frozen=True)
class Row:
    """One row; `delay`: how many slots after its own it came in, 0: with the slot that it belongs to."""

    measurement: str
    second: int
    place: tuple[str, str]
    delay: int
    values: tuple[tuple[str, Any], ...]

    @property
    def slot(self) -> int:
        return -(-self.second // 60) + self.delay


def rows(delays: st.SearchStrategy[int]) -> st.SearchStrategy[list[Row]]:
    """Any rows of half an hour, in any order, each point once."""
    at = st.integers(0, MINUTES * 60)
    where = st.sampled_from(PLACES)
    powers = st.sampled_from([0.0, 10_000.0, 25_000.0, 45_000.0, 90_000.0])
    meter = st.builds(lambda p: (("power_w", p),), powers)
    status = st.builds(lambda s: (("status", s),), st.sampled_from(["Available", "Charging", "SuspendedEV", "Faulted"]))
    start = st.just((("event", "start"), ("session", "x"), ("meter_wh", 0.0)))
    stop = st.just((("event", "stop"), ("session", "x"), ("meter_wh", 9_000.0)))
    kinds = (("meter", meter), ("meter", meter), ("status", status), ("transaction", start), ("transaction", stop))
    each = st.one_of(*(st.builds(Row, st.just(name), at, where, delays, values) for name, values in kinds))
    return st.lists(each, min_size=5, max_size=60, unique_by=lambda row: (row.measurement, row.second, row.place))


ON_TIME = rows(st.just(0))
LATE = rows(st.sampled_from([0, 0, 0, 1, 4, 12]))


@given(said=ON_TIME)
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
def test_rows_that_were_there_before_their_slot(said: list[Row]) -> None:
    same(said, as_received=False)


@given(said=LATE)
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
def test_late_rows_each_known_from_when_it_came(said: list[Row]) -> None:
    same(said, as_received=True)


def same(said: Sequence[Row], *, as_received: bool) -> None:
    rules = rule_files.parse_rules(documents.parse(RULES, "r.yaml"))
    sites = register.parse(documents.parse(SITES, "sites.yaml"), "UTC")
    files = Files(rules, notify_file.parse(documents.parse(NOTIFY, "notify.yaml")), sites)
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(EmbeddedStore(Path(folder) / "r.duckdb", timedelta(minutes=30))) as store,
        closing(Database(f"sqlite:///{folder}/state.sqlite")) as database,
    ):
        database.migrate()
        episodes, mails = ticked(files, store, database, said)
        asked = Asked(
            Version(files, frozenset(rule.id for rule in rules)), START, START + LASTS * MINUTE, as_received=as_received
        )
        found = backtest(asked, Stored(store), SETTINGS)
    assert [
        (each.rule, each.subject, each.level, each.pending_at, each.firing_at, each.resolved_at)
        for each in found.episodes
    ] == episodes
    assert [(mail.at, mail.kind) for mail in found.mails] == mails


SETTINGS = Settings(evaluate=Evaluate(interval=MINUTE, settle=timedelta(0)))


def ticked(
    files: Files, store: EmbeddedStore, database: Database, said: Sequence[Row]
) -> tuple[list[tuple[Any, ...]], list[tuple[datetime, str]]]:
    """What the service's own tick made of it: episodes and mails, as `same` compares them."""
    program, alerts = compile_rules(files.rules), AlertStore(database)
    store.register([place for place, _ in files.register])
    tick = SessionTick(store, SessionStore(database), Sessions(), files.register)
    for number in range(LASTS + 1):
        now = START + number * MINUTE
        came = [row for row in said if row.slot == number]
        if came:
            store.append(Batch(tables(came), now))
        store.bring_up_to(now)
        facts = Facts(files.register, *tick.bring_up_to(now, files.register, TariffBook()))
        with store.snapshot() as snapshot:
            evaluation = evaluate(program, snapshot, facts, now, alerts.active_keys())
        record_tick(
            database, evaluation, rules=files.rules, routes=files.routes, register=files.register, interval=MINUTE
        )
    fired = [alert for alert in alerts.list(limit=500) if alert.firing_at is not None]
    episodes = [
        (each.rule, each.subject, each.level, each.pending_at, each.firing_at, each.resolved_at) for each in fired
    ]
    told = [(each.at, each.kind) for each in reversed(Outbox(database).list("waiting", 500))]
    return sorted(episodes, key=lambda each: (each[3], each[0], each[1])), told


def tables(said: Sequence[Row]) -> Mapping[str, pa.Table]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in said:
        tags = {"site": "s", "station": row.place[0], "connector": row.place[1]}
        at = to_us(START + timedelta(seconds=row.second))
        found.setdefault(row.measurement, []).append({**tags, "time_us": at, **dict(row.values)})
    return {
        name: pa.Table.from_pylist(values, pa.schema([
            (column, kind) for column, kind in column_types(MEASUREMENTS[name]).items()
            if any(column in value for value in values)
        ]))
        for name, values in found.items()
    }  # fmt: skip


@dataclass(frozen=True)
class Stored:
    """The store as a source."""

    store: EmbeddedStore

    def scan(
        self, measurement: Measurement, start: datetime | None, end: datetime | None, place: Any = None
    ) -> Iterator[pa.RecordBatch]:
        for batch in self.store.scan(measurement.name, start, end, place=place):
            yield framed(batch, measurement)
