"""The frame: base names of every connector and station at the slots, as Arrow tables that statements join."""

import re
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from monitor.ids import Place
from monitor.readings.store import Snapshot
from monitor.register import Register
from monitor.rules.base_names import NAMES, needed
from monitor.rules.connectors import COLUMNS, Connectors
from monitor.rules.grid import Grid
from monitor.rules.meter_windows import Meter
from monitor.rules.numbering import PLACE, Numbering, numbered
from monitor.rules.program import Program
from monitor.rules.readings import READINGS, READINGS_US, Readings
from monitor.rules.stations import Stations
from monitor.rules.statuses import Statuses
from monitor.rules.under_way import UnderWay
from monitor.rules.windows import Windows
from monitor.units import to_us

SESSIONS = pa.schema([
    *PLACE, ("session", pa.string()), ("started_us", pa.int64()), ("stopped_us", pa.int64()), ("peak_w", pa.float64()),
    ("energy_wh", pa.float64()), ("idle_since_us", pa.int64()),
    ("flags", pa.list_(pa.string())), ("soc_in", pa.float64()), ("known_at_us", pa.int64()),
])  # fmt: skip
"""Sessions under way; `stopped_us` and `idle_since_us` null while charging. One row each, or, with `known_at_us`, one
for each slot at which it was under way: what was known of it then."""

HISTORY = pa.schema([
    *PLACE, ("usual_power_w", pa.float64()), ("slow_share_10", pa.float64()), ("failed_share_10", pa.float64()),
    ("users_10", pa.int64()), ("delivered_us", pa.int64()), ("usual_gap_us", pa.int64()),
    ("last_stop_reason", pa.string()), ("known_from_us", pa.int64()), ("known_until_us", pa.int64()),
])  # fmt: skip
"""What the finished sessions of a connector say of it (monitor.sessions.history); shares in percent. One row each, or,
with `known_from_us` and `known_until_us`, one for each time between two ends of sessions (from <= slot < until).
"""


@dataclass(frozen=True)
class Facts:
    """What an evaluation knows beside the readings: the register, the sessions under way, what is usual."""

    register: Register = field(default_factory=Register)
    sessions: pa.Table = field(default_factory=SESSIONS.empty_table)
    history: pa.Table = field(default_factory=HISTORY.empty_table)


LOOK_BACK = timedelta(minutes=30)
"""How far back power is derived from registers, at least: as far as the longest window."""


_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Frame:
    """Tables by the names that statements use, and the bounds of the slots.

    `frame`, the connectors, has the columns that were named so far: those of `connectors` (monitor.rules.connectors),
    what follows from them (monitor.rules.base_names), and windows.
    """

    tables: Mapping[str, pa.Table]
    first: datetime
    last: datetime
    connectors: Connectors | None = None
    rows: pa.Array | None = None
    """Which of the connectors' rows are asked for; None: all."""
    _windows: Mapping[str, pa.Array] = field(default_factory=dict)
    _names: dict[str, pa.ChunkedArray] = field(default_factory=dict)

    def query(self, snapshot: Snapshot, sql: str, **more: pa.Table) -> pa.Table:
        """Run a SELECT over the snapshot and these tables. `$first` and `$last`: the bounds in epoch microseconds."""
        known = {**self.tables, **more}
        if self.connectors is not None and re.search(r"\bframe\b", sql):
            known["frame"] = self.table(sql)
        bounds = {"first": to_us(self.first), "last": to_us(self.last)}
        parameters = {key: value for key, value in bounds.items() if f"${key}" in sql}
        return snapshot.query(sql, parameters, **{name: table for name, table in known.items() if name in sql})

    def table(self, sql: str) -> pa.Table:
        """The connectors with the columns that a statement names."""
        assert self.connectors is not None
        words = frozenset(_WORD.findall(sql))
        named, stored = words & NAMES.keys(), (words & COLUMNS) | {"slot_us"}
        self._compute(named - self._names.keys(), self.connectors)
        table = pa.table({name: self.connectors.column(name) for name in sorted(stored)}
                         | {name: self._names[name] for name in sorted(named)})  # fmt: skip
        table = table if self.rows is None else table.take(self.rows)
        for name, column in self._windows.items():
            table = table.append_column(name, column) if name in words else table
        return table

    def numbers(self, places: Collection[Place]) -> list[int]:
        """The numbers of those of the places that are there, each among its kind."""
        assert self.connectors is not None
        if not places:
            return []
        known = self.connectors.numbering.numbers
        return [known[place] for place in places if place in known]

    def within(self, sites: AbstractSet[int]) -> "Frame":
        """The part of these sites, by their numbers."""
        assert self.connectors is not None
        numbers = pa.array(sorted(sites), pa.int64())
        rows = pc.indices_nonzero(pc.is_in(self.connectors.column("site_no"), numbers))
        places = {name: self.tables[name] for name in ("station_frame", "site_frame")}
        few = {name: table.filter(pc.is_in(table["site_no"], numbers)) for name, table in places.items()}
        return replace(self, tables={**self.tables, **few}, rows=rows)

    def _compute(self, names: AbstractSet[str], connectors: Connectors) -> None:
        """Names that no statement named before."""
        if not names:
            return
        stored, within = needed(names)
        connectors.readings.ask(stored & set(READINGS))
        known = pa.table({name: connectors.column(name) for name in sorted(stored)})
        columns = ", ".join(f"{NAMES[name]} AS {name}" for name in within)
        found = connectors.snapshot.query(f"SELECT {columns} FROM known", known=known)
        self._names.update({name: found[name] for name in names})

    def with_windows(self, windows: Windows) -> "Frame":
        """A frame with a column more for each of the windows over meter readings."""
        if not windows.meter_readings:
            return self
        assert self.connectors is not None
        snapshot = self.connectors.snapshot

        def condition(sql: str, rows: pa.Table) -> npt.NDArray[np.int8]:
            found = snapshot.query(f"SELECT coalesce(({sql})::TINYINT, -1::TINYINT) AS holds FROM rows m", rows=rows)
            truths: npt.NDArray[np.int8] = found["holds"].to_numpy()
            return truths

        asked = {name for share in windows.meter_shares for name in share.frame_names}
        return replace(self, _windows=self._meter.columns(windows, self.table(" ".join(asked)), condition))

    @cached_property
    def _meter(self) -> Meter:
        assert self.connectors is not None
        readings = self.connectors.readings
        frame = self.table("connector_key slot_us clip_us")
        return Meter(readings.samples(), frame, readings.derived, self.connectors.grid.width)


def build(snapshot: Snapshot, facts: Facts, slots: Sequence[datetime], program: Program | None = None) -> Frame:
    """Base names at each of `slots` (ascending), and the readings that windows of `program` look back on."""
    windows = program.windows if program else ()
    longest_us = max((each.longest_us for each in windows), default=0)
    grid = Grid(np.array([to_us(slot) for slot in slots], np.int64))
    numbering = numbered(snapshot, facts.register)
    under_way = UnderWay(snapshot, numbering, grid, facts.sessions.select(SESSIONS.names).cast(SESSIONS))
    columns = frozenset[str]().union(*(each.meter_readings for each in windows))
    if grid.width > 1 and program:
        columns |= needed(statement.sql for statement in program.statements)[0] & set(READINGS)
    back_us = longest_us if grid.width == 1 else max(longest_us, READINGS_US)
    derived_us = max(LOOK_BACK // timedelta(microseconds=1), longest_us)
    readings = Readings(snapshot, numbering, grid, columns, back_us, derived_us)
    stations = Stations(snapshot, numbering, grid, readings, under_way)
    history = facts.history.select(HISTORY.names).cast(HISTORY)
    statuses = Statuses(snapshot, numbering, grid)
    connectors = Connectors(snapshot, numbering, grid, stations, statuses, under_way, readings, history)
    tables = {
        "slots": pa.table({"slot_us": grid.slots}),
        "station_frame": stations.table(),
        "site_frame": _sites(numbering, grid),
    }
    return Frame(tables, slots[0], slots[-1], connectors)


def _sites(numbering: Numbering, grid: Grid) -> pa.Table:
    rows = pa.array(grid.spread(np.arange(numbering.sites.num_rows)))
    return numbering.sites.take(rows).append_column("slot_us", pa.array(grid.times(numbering.sites.num_rows)))
