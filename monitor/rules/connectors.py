"""Connectors at the slots: what was known of each, as arrays in the order of (number, slot).

A column is made when a statement names it (`column`). What follows from several by arithmetic alone is SQL over them
(monitor.rules.base_names).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitor.readings.samples import Longs
from monitor.readings.store import Snapshot
from monitor.rules.grid import NEVER, Grid, Truths
from monitor.rules.numbering import PLACE_NAMES, Numbering
from monitor.rules.readings import READINGS, Readings
from monitor.rules.stations import Stations
from monitor.rules.statuses import Statuses
from monitor.rules.under_way import UnderWay

_HISTORY = """
SELECT p.number, h.* EXCLUDE (site, station, connector) FROM history h JOIN places p USING (site, station, connector)
ORDER BY p.number, known_from_us NULLS FIRST
"""

HISTORY_COLUMNS = (
    "usual_power_w", "slow_share_10", "failed_share_10", "users_10", "delivered_us", "usual_gap_us", "last_stop_reason",
)  # fmt: skip
STATION_COLUMNS = ("online", "seen_us", "doubt_us", "doubt_from_us")
STATUS_COLUMNS = ("reported", "reported_since_us", "error_code", "vendor_code", "status")
COUNTED_COLUMNS = ("siblings", "station_siblings")
NUMBER_COLUMNS = ("row_id", "slot_us", "place_no", "station_no", "site_no", "evse_no", "evse_shared")
REGISTER_COLUMNS = (
    *PLACE_NAMES, "connector_key", "registered", "evse", "current", "rated_w", "rated_phases", "group_max_w",
    "station_max_w", "load_managed",
)  # fmt: skip


@dataclass(frozen=True)
class Connectors:
    """Of a numbering at the slots of a grid; `history` as monitor.rules.frame.HISTORY."""

    snapshot: Snapshot
    numbering: Numbering
    grid: Grid
    stations: Stations
    statuses: Statuses
    under_way: UnderWay
    readings: Readings
    history: pa.Table
    _columns: dict[str, pa.Array | pa.ChunkedArray] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many there are: one for each connector that rules look at and each slot."""
        return self.numbering.watched * self.grid.width

    def column(self, name: str) -> pa.Array | pa.ChunkedArray:
        """One of `COLUMNS`, which see."""
        if name not in self._columns:
            self._columns[name] = self.MAKERS[name](self, name)
        return self._columns[name]

    @cached_property
    def slot_us(self) -> Longs:
        """The slot of each row."""
        return self.grid.times(self.numbering.watched)

    @cached_property
    def clip_us(self) -> Longs:
        """Readings from before this are another car's."""
        since = self.statuses.since_us
        available = self.statuses.are("Available")
        transaction = np.maximum(self.statuses.transaction_us, 0)
        without = np.where(available, since, transaction)
        started = self.under_way.started_us[: self.rows]
        begun = np.where(started != NEVER, started, np.maximum(since, 0))
        return np.where(self.under_way.there[: self.rows], begun, without)

    @cached_property
    def confirmed(self) -> Truths:
        """Whether the status is not one from before an offline gap."""
        doubt = self.stations.doubt_us[self._station_at]
        newest = np.maximum(self.statuses.newest_us, self.statuses.transaction_us)
        offline = pc.equal(self.stations.online, False).fill_null(False).to_numpy(zero_copy_only=False)
        sure: Truths = ~offline[self._station_at] & ((doubt == NEVER) | (newest >= doubt))
        return sure

    @cached_property
    def charges(self) -> Truths:
        """Whether its status is Charging."""
        return self.confirmed & self.statuses.are("Charging")

    def _numbered(self, name: str) -> pa.Array:
        if name == "slot_us":
            return pa.array(self.slot_us)
        if name == "row_id":
            return pa.array(np.arange(self.rows))
        numbering = self.numbering
        numbers = {
            "place_no": np.arange(len(numbering.keys)),
            "station_no": numbering.station,
            "site_no": numbering.site,
            "evse_no": numbering.evse,
            "evse_shared": numbering.evse_shared,
        }
        return pa.array(self.grid.spread(numbers[name][: numbering.watched]))

    def _registered(self, name: str) -> pa.Array:
        if self.grid.width == 1:
            return self.numbering.connectors[name].slice(0, self.numbering.watched)
        spread = pa.array(self.grid.spread(np.arange(self.numbering.watched)))
        if name in self.numbering.coded:
            coded = self.numbering.coded[name]
            return pa.DictionaryArray.from_arrays(coded.indices.take(spread), coded.dictionary)
        return self.numbering.connectors[name].take(spread)

    def _of_station(self, name: str) -> pa.Array:
        if name == "online":
            return self.stations.online.take(pa.array(self._station_at))
        return _times(getattr(self.stations, name)[self._station_at])

    def _of_status(self, name: str) -> pa.Array:
        if name == "reported_since_us":
            return _times(self.statuses.since_us)
        text = self.statuses.text("status" if name == "reported" else name)
        return pc.if_else(pa.array(self.confirmed), text, None) if name == "status" else text

    def _clip(self, _: str) -> pa.Array:
        return pa.array(self.clip_us)

    def _held(self, _: str) -> pa.Array:
        return _times(self.statuses.held_us)

    def _counted(self, name: str) -> pa.Array:
        """How many others charge on its power group or station."""
        group = self._station_at if name == "station_siblings" else self._group_at
        charging = np.bincount(group[self.charges], minlength=int(group.max(initial=-1)) + 1)
        return pa.array(charging[group] - self.charges)

    def _of_session(self, name: str) -> pa.Array:
        return self.under_way.column(name, self.rows)

    def _of_history(self, name: str) -> pa.Array:
        rows, index = self._known
        return rows[name].take(pa.array(index, mask=index < 0))

    def _of_reading(self, name: str) -> pa.Array:
        """Its last value of this session, in stored units; the power of a register where there is none."""
        if not self.readings.ever(name) and (name != "power_mw" or not self.readings.derived.num_rows):
            return pa.nulls(self.rows, pa.int64())
        values, times = self.readings.last(name, self.numbering.watched)
        there = times >= self.clip_us
        if name == "power_mw":
            derived, since = self.readings.derived_last(self.numbering.watched)
            instead = ~there & (since >= self.clip_us)
            values, there = np.where(instead, derived, values), there | instead
        return pa.array(values, mask=~there)

    def _reading_us(self, _: str) -> pa.Array:
        """When the last of all was read."""
        newest = np.full(self.rows, NEVER, np.int64)
        self.readings.ask(READINGS)
        for name in filter(self.readings.ever, READINGS):
            times = self.readings.last(name, self.numbering.watched)[1]
            newest = np.where(times >= self.clip_us, np.maximum(newest, times), newest)
        return _times(newest)

    MAKERS: ClassVar[Mapping[str, Callable[["Connectors", str], pa.Array | pa.ChunkedArray]]] = {
        **dict.fromkeys(NUMBER_COLUMNS, _numbered),
        **dict.fromkeys(REGISTER_COLUMNS, _registered),
        **dict.fromkeys(STATION_COLUMNS, _of_station),
        **dict.fromkeys(STATUS_COLUMNS, _of_status),
        **dict.fromkeys(COUNTED_COLUMNS, _counted),
        **dict.fromkeys(HISTORY_COLUMNS, _of_history),
        **dict.fromkeys(UnderWay.COLUMNS, _of_session),
        **dict.fromkeys(READINGS, _of_reading),
        "clip_us": _clip,
        "held_us": _held,
        "reading_us": _reading_us,
    }

    @cached_property
    def _station_at(self) -> Longs:
        """Where its station stands in the arrays of stations."""
        return self.grid.places(self.numbering.station[: self.numbering.watched])

    @cached_property
    def _group_at(self) -> Longs:
        return self.grid.places(self.numbering.connectors["group_no"].to_numpy()[: self.numbering.watched])

    @cached_property
    def _known(self) -> tuple[pa.Table, Longs]:
        """What finished sessions say, and the row that holds."""
        rows = self.snapshot.query(_HISTORY, history=self.history, places=self.numbering.by_name)
        begin = rows["known_from_us"].fill_null(NEVER).to_numpy()
        until = rows["known_until_us"].fill_null(np.iinfo(np.int64).max).to_numpy()
        index = self.grid.as_of(len(self.numbering.keys), rows["number"].to_numpy(), begin)[: self.rows]
        return rows, np.where((index >= 0) & (self.slot_us < np.append(until, NEVER)[index]), index, -1)


def _times(values: Longs) -> pa.Array:
    return pa.array(values, mask=values == NEVER)


COLUMNS = frozenset(Connectors.MAKERS)
"""What can be asked of `Connectors.column`. Readings (`power_mw`) are those of this session's car."""
