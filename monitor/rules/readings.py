"""Last meter readings at the slots, as arrays in the order of (connector's number, slot)."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa

from monitor.readings.samples import Longs, Samples
from monitor.readings.schema import METER
from monitor.readings.store import Snapshot
from monitor.rules.grid import NEVER, Grid, at
from monitor.rules.numbering import Numbering

READINGS = tuple(field.column for field in METER.fields if field.kind == "number")
"""The stored columns of numbers."""

READINGS_US = 120 * 60_000_000
"""How far back readings are looked for at a slot before the newest one; at the newest slot the store knows the last."""

_DERIVED = """
-- Power of chargers that send only their register: its difference over at least a minute. Whole milliwatts.
WITH candidates AS (  -- the others' last power is of that time
    SELECT connector_key FROM latest_meter
    WHERE energy_mwh IS NOT NULL AND NOT coalesce(power_mw_us > $first - $back AND power_mw_us <= $last, false)
), recent AS (
    SELECT connector_key, time_us, energy_mwh, power_mw FROM meter SEMI JOIN candidates USING (connector_key)
    WHERE time_us > $first - $back AND time_us <= $last
), silent AS (
    SELECT connector_key FROM recent GROUP BY ALL HAVING count(power_mw) = 0 AND count(energy_mwh) > 1
), registers AS (
    SELECT connector_key, time_us, energy_mwh FROM recent SEMI JOIN silent USING (connector_key)
    WHERE energy_mwh IS NOT NULL
)
SELECT now.connector_key, now.time_us, earlier.time_us AS from_us,
    CAST((now.energy_mwh - earlier.energy_mwh)::HUGEINT * 3600000000 // (now.time_us - earlier.time_us) AS BIGINT)
        AS power_mw
FROM (SELECT *, time_us - 60000000 AS minute_ago_us FROM registers) now
ASOF JOIN registers earlier
    ON earlier.connector_key = now.connector_key AND earlier.time_us <= now.minute_ago_us
WHERE now.energy_mwh >= earlier.energy_mwh ORDER BY now.connector_key, now.time_us
"""


@dataclass(frozen=True)
class Readings:
    """`columns`: those that samples should have from the beginning, `back_us` before the first slot; `derived_us`: how
    far back power is derived from registers.
    """

    snapshot: Snapshot
    numbering: Numbering
    grid: Grid
    columns: AbstractSet[str]
    back_us: int
    derived_us: int
    _latest: dict[str, tuple[Longs, Longs]] = field(default_factory=dict)
    _samples: list[tuple[Samples, int]] = field(default_factory=list)
    _ends: dict[int, Longs] = field(default_factory=dict)

    def samples(self, columns: AbstractSet[str] = frozenset(), back_us: int = 0) -> Samples:
        """Rows with these columns at least, from so long before the first slot on at least."""
        columns, back_us = columns | self.columns, max(back_us, self.back_us)
        if self._samples:
            known, reached = self._samples[0]
            if columns <= set(known.columns) and back_us <= reached:
                return known
            columns, back_us = columns | set(known.columns), max(back_us, reached)
        found = self.snapshot.samples(columns, int(self.grid.slots[0]) - back_us, int(self.grid.slots[-1]))
        self._samples[:] = [(found, back_us)]
        self._ends.clear()
        return found

    @cached_property
    def derived(self) -> pa.Table:
        """`connector_key`, `time_us`, `from_us`, `power_mw`: power of chargers that send only their register."""
        first, last = int(self.grid.slots[0]), int(self.grid.slots[-1])
        return self.snapshot.query(_DERIVED, {"first": first, "last": last, "back": self.derived_us})

    def derived_last(self, connectors: int) -> tuple[Longs, Longs]:
        """The last derived power of the first so many connectors, and since when it is of; NEVER: there is none."""
        of = self.numbering.by_key[self.derived["connector_key"].to_numpy()]
        times = self.derived["time_us"].to_numpy()
        index = self.grid.as_of(len(self.numbering.keys), of, times)[: connectors * self.grid.width]
        return at(self.derived["power_mw"].to_numpy(), index), at(self.derived["from_us"].to_numpy(), index)

    def ask(self, columns: Iterable[str]) -> None:
        """Read the last values of these columns together."""
        new = [name for name in columns if name not in self._latest]
        if not new:
            return
        named = ", ".join(f"{name}, {name}_us" for name in new)
        rows = self.snapshot.query(f"SELECT connector_key, {named} FROM latest_meter")
        number = self.numbering.by_key[rows["connector_key"].to_numpy()]

        def placed(name: str) -> Longs:
            values = np.full(len(self.numbering.keys), NEVER, np.int64)
            values[number] = rows[name].fill_null(NEVER).to_numpy()
            return values

        self._latest.update({name: (placed(name), placed(f"{name}_us")) for name in new})

    def ever(self, column: str) -> bool:
        """Whether any connector has ever sent it."""
        self.ask([column])
        return bool((self._latest[column][1] != NEVER).any())

    def last(self, column: str, connectors: int) -> tuple[Longs, Longs]:
        """The last values of the first so many connectors, and when they were read; NEVER: there is none."""
        self.ask([column])
        values, times = (each[:connectors] for each in self._latest[column])
        slots = self.grid.times(connectors)
        if self.grid.width == 1 and not (times > slots).any():
            return values, times
        found, when = self._before(column, connectors)
        values, times = self.grid.spread(values), self.grid.spread(times)
        newest = (when == NEVER) & (times <= slots)
        return np.where(newest, values, found), np.where(newest, times, when)

    def _before(self, column: str, connectors: int) -> tuple[Longs, Longs]:
        """The last value before each slot, among the samples."""
        samples = self.samples(frozenset({column}), READINGS_US)
        keys = self.numbering.keys[:connectors]
        if connectors not in self._ends:
            self._ends[connectors] = samples.upto(keys, self.grid.slots)
        begin, end = self.grid.spread(samples.bounds(keys)[0]), self._ends[connectors]
        chosen = samples.columns[column]
        row = end - 1
        if chosen.known is not None:
            known = np.where(chosen.known[:-1], np.arange(samples.rows), -1)
            row = np.append(np.maximum.accumulate(known), -1)[row] if samples.rows else np.full(len(end), -1)
        there = (end > begin) & (row >= begin)
        times = samples.time_us[row]
        there &= times > self.grid.times(connectors) - READINGS_US
        return np.where(there, chosen.values[row], NEVER), np.where(there, times, NEVER)
