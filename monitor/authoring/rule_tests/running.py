"""A case run through the production code."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from monitor.authoring.histories import Histories
from monitor.authoring.playing import Play, Tables, slots_between
from monitor.authoring.replay import Files, replay_of
from monitor.authoring.rule_tests.cases import Case, Row, tables
from monitor.config import Settings
from monitor.ingest.plain import column_types
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.schema import MEASUREMENTS
from monitor.readings.store import Batch
from monitor.rules.explain import Explained, explain


class Run:
    """One case after all its slots; `explain` can be asked while the store is open."""

    def __init__(self, case: Case, store: EmbeddedStore, settings: Settings) -> None:
        self._case, self._store = case, store
        files = Files(case.rules, case.routes, case.register)
        replay = replay_of(files, settings.evaluate.interval)
        self._play = Play(files, replay, _Arriving(store), settings, Histories(case.history), every_unknown=True)
        slots = slots_between(case.start, case.start + case.lasts, settings.evaluate.interval)
        self.moments = [
            replace(moment, alerts=dict(moment.alerts)) for moment in self._play.go(_with_rows(case, slots))
        ]
        self.failures: Mapping[str, str] = self._play.failures

    def explain(self, rule: str, subject: str, at: datetime) -> Explained:
        """Every sub-expression of the rule at a slot, by what is known at the end of the case."""
        [chosen] = [each for each in self._case.rules if each.id == rule]
        with self._store.snapshot() as snapshot:
            return explain(chosen, subject, snapshot, self._play.facts([at]), at)


class _Arriving:
    """Implements `playing.Rows`: all rows go through the store, so that those of one point become one.

    A measurement of which nothing came at a slot is not looked for.
    """

    def __init__(self, store: EmbeddedStore) -> None:
        self.store = store
        self._came: frozenset[str] = frozenset()
        self._nothing = {name: store.arrivals(name, 0)[0] for name in MEASUREMENTS}
        self._position = 0
        self.arrivals_are_all = True
        self.scan = store.scan

    def take(self, slot: datetime, came: Tables) -> None:
        self._came = frozenset(came)
        if came:
            self.store.append(Batch(came, slot))
            _, self._position = self.store.arrivals("link", self._position)

    def flush(self) -> None:
        """They are."""

    def arrivals(self, measurement: str, after: int, upto: int | None = None) -> tuple[pa.Table, int]:
        """See `ReadingStore.arrivals`."""
        if measurement in self._came:
            return self.store.arrivals(measurement, after, upto)
        return self._nothing[measurement], max(after, self._position if upto is None else upto)


@contextmanager
def run(case: Case, settings: Settings) -> Iterator[Run]:
    """The case on a store of its own."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(EmbeddedStore(Path(folder) / "readings.duckdb", settings.evaluate.window)) as store,
    ):
        yield Run(case, store, settings)


def _with_rows(case: Case, slots: Iterator[datetime]) -> Iterator[tuple[datetime, Mapping[str, pa.Table]]]:
    """Each slot with the rows that came since the one before."""
    rows = list(reversed(case.rows))
    for slot in slots:
        came: list[Row] = []
        while rows and case.start + rows[-1].came <= slot:
            came.append(rows.pop())
        yield slot, {name: _table(name, values) for name, values in tables(came).items()}


def _table(name: str, values: Sequence[Mapping[str, object]]) -> pa.Table:
    there = {column for row in values for column in row}
    types = column_types(MEASUREMENTS[name]).items()
    return pa.Table.from_pylist(values, pa.schema([(column, kind) for column, kind in types if column in there]))
