"""Sessions under way at the slots, as arrays in the order of (connector's number, slot)."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import pyarrow as pa

from monitor.readings.samples import Longs
from monitor.readings.store import Snapshot
from monitor.rules.grid import NEVER, Grid, Truths, at
from monitor.rules.numbering import Numbering

_SESSIONS = """
SELECT p.number, s.* EXCLUDE (site, station, connector) FROM sessions s JOIN places p USING (site, station, connector)
ORDER BY started_us NULLS FIRST
"""


@dataclass(frozen=True)
class UnderWay:
    """`sessions` as monitor.rules.frame.SESSIONS; of several at one connector the one that began last."""

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "session", "started_us", "session_peak_w", "session_energy_wh", "soc_in", "idle_since_us", "session_flags",
        "has_session",
    )  # fmt: skip
    _STORED: ClassVar[dict[str, str]] = {
        "session_peak_w": "peak_w", "session_energy_wh": "energy_wh", "session_flags": "flags",
    }  # fmt: skip

    snapshot: Snapshot
    numbering: Numbering
    grid: Grid
    sessions: pa.Table

    @cached_property
    def there(self) -> Truths:
        """Whether there is one."""
        found: Truths = self._index >= 0
        return found

    @cached_property
    def started_us(self) -> Longs:
        """NEVER: not known, or none."""
        return at(self._rows["started_us"].fill_null(NEVER).to_numpy(), self._index)

    @cached_property
    def busy(self) -> Truths:
        """Stations with one at any of their connectors, in the order of (number, slot)."""
        width = self.grid.width
        there = np.flatnonzero(self.there)
        found = np.zeros(len(self.numbering.station_keys) * width, np.bool_)
        found[self.numbering.station[there // width] * width + there % width] = True
        return found

    def column(self, name: str, rows: int) -> pa.Array:
        """One of COLUMNS in the first so many places."""
        index = self._index[:rows]
        if name == "has_session":
            return pa.array(index >= 0)
        if name == "idle_since_us":
            since = at(self._rows[name].fill_null(NEVER).to_numpy(), index)
            known = (since != NEVER) & (since <= self.grid.times(rows // self.grid.width))
            return pa.array(since, mask=~known)
        return self._rows[self._STORED.get(name, name)].take(pa.array(index, mask=index < 0))

    @cached_property
    def _rows(self) -> pa.Table:
        return self.snapshot.query(_SESSIONS, sessions=self.sessions, places=self.numbering.by_name)

    @cached_property
    def _index(self) -> Longs:
        """Which row of the sessions it is, -1 for none."""
        rows = self._rows
        of = rows["number"].to_numpy()
        started = np.maximum(rows["started_us"].fill_null(0).to_numpy(), 0)
        known_at = rows["known_at_us"].fill_null(NEVER).to_numpy()
        always = known_at == NEVER
        found = self.grid.as_of(len(self.numbering.keys), np.where(always, of, -1), started)
        slot = np.minimum(np.searchsorted(self.grid.slots, known_at), self.grid.width - 1)
        then = np.flatnonzero(~always & (self.grid.slots[slot] == known_at) & (started <= known_at))
        # Of several in one place the last stays.
        found[of[then] * self.grid.width + slot[then]] = then
        return found
