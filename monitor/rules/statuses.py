"""What connectors said of themselves as of each slot, as arrays in the order of (number, slot)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitor.ids import STATION_CONNECTOR
from monitor.readings.samples import Longs
from monitor.readings.store import Snapshot
from monitor.rules.grid import NEVER, Grid, Truths, at
from monitor.rules.numbering import Numbering

HELD_US = 6 * 3600 * 1_000_000
"""How far back it is looked for since when a connector has not been free."""

_LATEST = "SELECT connector_key, time_us, since_us, status, error_code, vendor_code FROM latest_status"

# The last row of each connector, with since when it has this status; of those that changed after the first slot all.
_STATUSES = """
WITH changed AS (
    SELECT connector_key FROM latest_status WHERE time_us > $first
), runs AS (
    SELECT connector_key, time_us, status, error_code, vendor_code,
        status IS DISTINCT FROM lag(status) OVER run AS turns
    FROM status SEMI JOIN changed USING (connector_key) WHERE status IS NOT NULL AND time_us <= $last
    WINDOW run AS (PARTITION BY connector_key ORDER BY time_us)
), statuses AS (
    SELECT connector_key, time_us, since_us, status, error_code, vendor_code FROM latest_status WHERE time_us <= $first
    UNION ALL BY NAME
    SELECT * EXCLUDE (turns), max(time_us) FILTER (turns) OVER run AS since_us FROM runs
    WINDOW run AS (PARTITION BY connector_key ORDER BY time_us)
)
"""
_LAST_STATUSES = f"""{_STATUSES} SELECT * FROM statuses
QUALIFY row_number() OVER (PARTITION BY connector_key ORDER BY time_us DESC) = 1
"""
_ALL_STATUSES = _STATUSES + "SELECT * FROM statuses ORDER BY connector_key, time_us"

_TRANSACTIONS = f"""
SELECT connector_key, time_us FROM "transaction" WHERE time_us > $first - {HELD_US} AND time_us <= $last
ORDER BY connector_key, time_us
"""
_HELD = f"""
SELECT connector_key, time_us, status = 'Available' AS free FROM status
WHERE status IS NOT NULL AND time_us > $first - {HELD_US} AND time_us <= $last ORDER BY connector_key, time_us
"""


@dataclass(frozen=True)
class Statuses:
    """Of the connectors of a numbering that rules look at. What connector 0 says may hold for all of its station."""

    snapshot: Snapshot
    numbering: Numbering
    grid: Grid

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.numbering.watched * self.grid.width

    @cached_property
    def since_us(self) -> Longs:
        """Since when the status has been what it is, NEVER where there is none."""
        return at(self._statuses["since_us"].to_numpy(), self._reported)

    @cached_property
    def newest_us(self) -> Longs:
        """When the connector or the station as a whole last said anything."""
        times = self._statuses["time_us"].to_numpy()
        return np.maximum(at(times, self._said[: self.rows]), at(times, self._whole))

    def are(self, status: str) -> Truths:
        """Whether it is this status."""
        return self._says(status, self._reported)

    def text(self, name: str) -> pa.DictionaryArray:
        """`status`, `error_code` or `vendor_code`."""
        rows = self._statuses[name].combine_chunks()
        codes = rows.indices.take(pa.array(self._reported, mask=self._reported < 0))
        return pa.DictionaryArray.from_arrays(codes, rows.dictionary)

    @cached_property
    def transaction_us(self) -> Longs:
        """The last start or stop of a transaction within the last hours."""
        rows = self._query(_TRANSACTIONS)
        of = self.numbering.by_key[rows["connector_key"].to_numpy()]
        times = rows["time_us"].to_numpy()
        found = at(times, self.grid.as_of(len(self.numbering.keys), of, times)[: self.rows])
        return np.where(found > self.grid.times(self.numbering.watched) - HELD_US, found, NEVER)

    @cached_property
    def held_us(self) -> Longs:
        """The first status after it last said that it was free, of those of the last hours: since then it is held."""
        rows = self._query(_HELD)
        keys, times = rows["connector_key"].to_numpy(), rows["time_us"].to_numpy()
        free = rows["free"].to_numpy()
        of, number = self.numbering.by_key[keys], np.arange(len(keys))
        begins = np.append(True, (keys[1:] != keys[:-1]) | free[:-1])[: len(keys)]
        since = np.maximum.accumulate(np.where(begins, number, 0))
        count = len(self.numbering.keys)
        last = self.grid.as_of(count, of, times)[: self.rows]
        if not len(keys):
            return np.full(self.rows, NEVER, np.int64)
        first = since[last]
        there = (last >= 0) & ~free[last]
        if (there & (times[first] <= self.grid.times(self.numbering.watched) - HELD_US)).any():
            # What began before those hours is looked at from there on.
            before = self.grid.as_of(count, of, times, before_us=HELD_US)[: self.rows]
            first = np.maximum(first, before + 1)
            there &= first <= last
        return np.where(there, times[np.minimum(first, last)], NEVER)

    @cached_property
    def _reported(self) -> Longs:
        """Which row of the statuses holds."""
        return np.where(self._whole >= 0, self._whole, self._said[: self.rows])

    @cached_property
    def _statuses(self) -> pa.Table:
        table = self._query(_LATEST)
        times = table["time_us"].fill_null(NEVER).to_numpy()
        if (times > self.grid.slots[0]).any():
            table = self._query(_LAST_STATUSES if self.grid.width == 1 else _ALL_STATUSES)
        elif (times == NEVER).any():
            table = table.filter(pc.is_valid(table["time_us"]))
        texts = ("status", "error_code", "vendor_code")
        coded = {name: pc.dictionary_encode(table[name].combine_chunks()) for name in texts}
        return pa.table({name: coded.get(name, table[name]) for name in table.column_names})

    @cached_property
    def _said(self) -> Longs:
        """The last status of every connector, 0 and retired ones too."""
        of = self.numbering.by_key[self._statuses["connector_key"].to_numpy()]
        return self.grid.as_of(len(self.numbering.keys), of, self._statuses["time_us"].to_numpy())

    @cached_property
    def _whole(self) -> Longs:
        """The last status of connector 0, where it holds for all of the station: Unavailable and Faulted."""
        names = self.numbering.connectors["connector"]
        whole = np.flatnonzero(pc.equal(names, STATION_CONNECTOR).to_numpy(zero_copy_only=False))
        of_station = np.full(len(self.numbering.station_keys), -1, np.int64)
        of_station[self.numbering.station[whole]] = whole
        place = of_station[self.numbering.station[: self.numbering.watched]]
        found = np.full(self.rows, -1, np.int64)
        if (place >= 0).any():
            known = np.repeat(place >= 0, self.grid.width)
            found[known] = self._said[self.grid.places(place[place >= 0])]
            holds = self._says("Unavailable", found) | self._says("Faulted", found)
            found[~holds] = -1
        return found

    def _says(self, status: str, index: Longs) -> Truths:
        """Whether the row of the statuses at each index says this."""
        rows = self._statuses["status"].combine_chunks()
        code = pc.index(rows.dictionary, status).as_py()
        said: Truths = np.append(rows.indices.to_numpy() == code, False)[index]
        return said

    def _query(self, sql: str) -> pa.Table:
        return self.snapshot.query(sql, self.grid.bounds(sql))
