"""The frame: base names of every connector and station at the slots, as Arrow tables that statements join."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from monitor.ids import STATION_CONNECTOR
from monitor.readings.samples import Samples
from monitor.readings.store import Snapshot
from monitor.register import Register
from monitor.rules.connectors import connectors_sql, derived_sql
from monitor.rules.meter_windows import Meter
from monitor.rules.stations import STATIONS
from monitor.rules.windows import Windows
from monitor.units import to_us

_PLACE = [("site", pa.string()), ("station", pa.string()), ("connector", pa.string())]
SESSIONS = pa.schema([
    *_PLACE, ("session", pa.string()), ("started_us", pa.int64()), ("stopped_us", pa.int64()), ("peak_w", pa.float64()),
    ("energy_wh", pa.float64()), ("idle_since_us", pa.int64()),
    ("flags", pa.list_(pa.string())), ("soc_in", pa.float64()), ("known_at_us", pa.int64()),
])  # fmt: skip
"""Sessions under way; `stopped_us` and `idle_since_us` null while charging. One row each, or, with `known_at_us`, one
for each slot at which it was under way: what was known of it then."""

HISTORY = pa.schema([
    *_PLACE, ("usual_power_w", pa.float64()), ("slow_share_10", pa.float64()), ("failed_share_10", pa.float64()),
    ("users_10", pa.int64()), ("delivered_us", pa.int64()), ("usual_gap_us", pa.int64()),
    ("last_stop_reason", pa.string()), ("known_from_us", pa.int64()), ("known_until_us", pa.int64()),
])  # fmt: skip
"""What the finished sessions of a connector say of it (monitor.sessions.history); shares in percent. One row each, or,
with `known_from_us` and `known_until_us`, one for each time between two ends of sessions (from <= slot < until).
"""

REGISTER = pa.schema([
    *_PLACE, ("current", pa.string()), ("rated_w", pa.float64()), ("rated_phases", pa.int32()), ("evse", pa.string()),
    ("power_group", pa.string()), ("group_max_w", pa.float64()), ("station_max_w", pa.float64()),
    ("load_managed", pa.bool_()), ("bidirectional", pa.bool_()), ("offline_after_s", pa.float64()),
])  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """What an evaluation knows beside the readings: the register, the sessions under way, what is usual."""

    register: Register = field(default_factory=Register)
    sessions: pa.Table = field(default_factory=SESSIONS.empty_table)
    history: pa.Table = field(default_factory=HISTORY.empty_table)


LOOK_BACK = timedelta(minutes=30)
"""How far back power is derived from registers, at least: as far as the longest window."""


@dataclass(frozen=True)
class Frame:
    """Tables by the names that statements use, the bounds of the slots, and the readings that windows look back on."""

    tables: Mapping[str, pa.Table]
    first: datetime
    last: datetime
    samples: Samples | None = None

    def query(self, snapshot: Snapshot, sql: str, **more: pa.Table) -> pa.Table:
        """Run a SELECT over the snapshot and these tables. `$first` and `$last`: the bounds in epoch microseconds."""
        known = {**self.tables, **more}
        bounds = {"first": to_us(self.first), "last": to_us(self.last)}
        parameters = {key: value for key, value in bounds.items() if f"${key}" in sql}
        return snapshot.query(sql, parameters, **{name: table for name, table in known.items() if name in sql})

    def with_windows(self, windows: Windows, snapshot: Snapshot) -> "Frame":
        """A frame with a column more for each of the windows over meter readings."""
        if not windows.meter_readings:
            return self

        def condition(sql: str, rows: pa.Table) -> npt.NDArray[np.int8]:
            found = snapshot.query(f"SELECT coalesce(({sql})::TINYINT, -1::TINYINT) AS holds FROM rows m", rows=rows)
            truths: npt.NDArray[np.int8] = found["holds"].to_numpy()
            return truths

        table = self.tables["frame"]
        for name, column in self._meter.columns(windows, condition).items():
            table = table.append_column(name, column)
        return replace(self, tables={**self.tables, "frame": table})

    @cached_property
    def _meter(self) -> Meter:
        assert self.samples is not None
        return Meter(self.samples, self.tables["frame"], self.tables["derived"])


def build(snapshot: Snapshot, facts: Facts, slots: Sequence[datetime], windows: Sequence[Windows]) -> Frame:
    """Base names at each of `slots` (ascending), and the readings that `windows` look back on."""
    longest = timedelta(microseconds=max((each.longest_us for each in windows), default=0))
    tables = {
        "slots": pa.table({"slot_us": pa.array([to_us(slot) for slot in slots], pa.int64())}),
        "sessions": facts.sessions.select(SESSIONS.names).cast(SESSIONS),
        "history": facts.history.select(HISTORY.names).cast(HISTORY),
        **_register_tables(facts.register),
    }
    frame = Frame(tables, slots[0], slots[-1])
    tables["station_frame"] = frame.query(snapshot, STATIONS)
    tables["derived"] = frame.query(snapshot, derived_sql(max(LOOK_BACK, longest) // timedelta(microseconds=1)))
    tables["frame"] = _numbered(frame.query(snapshot, connectors_sql()))
    readings = frozenset[str]().union(*(each.meter_readings for each in windows))
    if not readings:
        return frame
    return replace(frame, samples=snapshot.samples(readings, to_us(slots[0] - longest), to_us(slots[-1])))


def _numbered(table: pa.Table) -> pa.Table:
    """With `row_id`, one number for (slot, connector), which windows over statuses are grouped and joined by."""
    return table.append_column("row_id", pa.array(np.arange(table.num_rows)))


_MEMO: list[tuple[Register, dict[str, pa.Table]]] = []
"""The tables of the last register: it changes when a person edits it, ticks come every few seconds."""


def _register_tables(register: Register) -> dict[str, pa.Table]:
    for known, tables in _MEMO:
        if known is register:
            return tables
    tables = {"register": pa.Table.from_pylist(register.rows(), schema=REGISTER), **_retired(register)}
    _MEMO[:] = [(register, tables)]
    return tables


def _retired(register: Register) -> dict[str, pa.Table]:
    """Connectors out of service, and stations of which nothing else is left."""
    connectors, stations = [], []
    for site_key, site in register.file.sites.items():
        for station_key, station in site.stations.items():
            gone = [key for key, connector in station.connectors.items() if connector.retired]
            connectors += [{"site": site_key, "station": station_key, "connector": key} for key in gone]
            if gone and len(gone) == len([key for key in station.connectors if key != STATION_CONNECTOR]):
                stations.append({"site": site_key, "station": station_key})
    return {
        "retired": pa.Table.from_pylist(connectors, schema=pa.schema(_PLACE)),
        "retired_stations": pa.Table.from_pylist(stations, schema=pa.schema(_PLACE[:2])),
    }
