"""Rules over stored readings, through the code of the service, in memory: nothing is saved and nobody is told."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitor.alerts.responses import Silence
from monitor.authoring.backtest.episodes import Collector, Found
from monitor.authoring.backtest.feeding import Feed
from monitor.authoring.backtest.streaming import Streamed
from monitor.authoring.backtest.versions import Version
from monitor.authoring.histories import Histories
from monitor.authoring.playing import Play
from monitor.authoring.replay import replay_of
from monitor.config import Evaluate, Settings
from monitor.errors import InputError
from monitor.ids import Place
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.scanning import Source
from monitor.sessions.history import Past
from monitor.units import EPOCH

KEPT = timedelta(hours=7)
"""Readings behind the slots that rules may look back on: `held` and arrivals look 6 hours back."""

Progress = Callable[[int, int], None]
"""Called with the slots that are done, and how many there are."""


@dataclass(frozen=True)
class Asked:
    """What is tried, from `start` to `end`. `silences`: those that were in force; `before`: by connector the finished
    sessions as of `start`, newest first.
    """

    version: Version
    start: datetime
    end: datetime
    silences: Sequence[Silence] = ()
    before: Mapping[Place, Sequence[Past]] = field(default_factory=dict)
    as_received: bool = False


def slots_of(start: datetime, end: datetime, evaluate: Evaluate) -> list[datetime]:
    """The moments at which the service's ticks would have evaluated: `settle` before the multiples of `interval`."""
    interval, offset = evaluate.interval, EPOCH - evaluate.settle
    first = -((offset - start) // interval)
    last = (end - offset) // interval
    return [offset + number * interval for number in range(first, last + 1)]


def backtest(asked: Asked, source: Source, settings: Settings, *, progress: Progress = lambda _, __: None) -> Found:
    """Play the readings of a source. Raises InputError where there is no evaluation between start and end."""
    slots = slots_of(asked.start, asked.end, settings.evaluate)
    if not slots:
        raise InputError("there is no evaluation between --from and --to")
    files, reported = asked.version.files, asked.version.reported
    collector = Collector(reported, files.rules)
    replay = replay_of(files, settings.evaluate.interval, silences=asked.silences, on_end=collector.end)
    feed = Feed(source, as_received=asked.as_received)
    with (
        tempfile.TemporaryDirectory(prefix="laddvakt-backtest-") as folder,
        closing(EmbeddedStore(Path(folder) / "readings.duckdb", settings.evaluate.window)) as store,
    ):
        rows = Streamed(store, feed)
        play = Play(files, replay, rows, settings, Histories(before=asked.before, known_until=slots[0]))
        _know(play, rows, feed, slots[0])
        forgotten = slots[0]
        for number, moment in enumerate(play.go(feed.slots(slots)), start=1):
            collector.see(moment.answers, replay.active)
            collector.tell(moment.messages)
            progress(number, len(slots))
            if moment.at - forgotten > KEPT:
                forgotten = moment.at
                play.forget(moment.at)
                for measurement in ("meter", "link", "transaction"):
                    store.forget(measurement, moment.at - KEPT)
        failures = play.failures
    episodes = sorted(
        [*collector.episodes, *collector.going_on(replay.active)],
        key=lambda one: (one.pending_at, one.rule, one.subject),
    )
    return Found(
        start=asked.start,
        end=asked.end,
        episodes=tuple(episodes),
        mails=tuple(collector.mails),
        nearly=collector.nearly,
        failures=failures,
        matches=tuple(collector.matches()),
        rules=tuple(rule for rule in files.rules if rule.id in reported),
    )


def _know(play: Play, rows: Streamed, feed: Feed, first: datetime) -> None:
    """What there was before the first slot: sessions of the last day; of statuses before that each place's last one."""
    last: pa.Table | None = None
    for at, tables in feed.statuses_before(first):
        rows.take(at, tables)
        rows.flush()
        last = _last_of_each(tables["status"] if last is None else pa.concat_tables([last, tables["status"]]))
    for at, tables in feed.before(first):
        both = tables if last is None else {**tables, "status": pa.concat_tables([last, tables["status"]])}
        play.know(at, both)
        last = None


def _last_of_each(statuses: pa.Table) -> pa.Table:
    """The last row of each place that says a status; the rows are in the order of time."""
    said = statuses.filter(pc.is_valid(statuses["status"]))
    numbered = said.append_column("row", pa.array(np.arange(said.num_rows)))
    last = numbered.group_by(["site", "station", "connector"]).aggregate([("row", "max")])
    return said.take(last["row_max"])
