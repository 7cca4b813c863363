"""Sessions under way at the slots, as arrays in the order of (connector's number, slot)."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import pyarrow as pa

from monitor.readings.samples import Longs
from monitor.readings.store import Snapshot
from monitor.rules.grid import NEVER, Grid, Truths, at
from monitor.rules.numbering import PLACE_NAMES, Numbering

_NUMBERS = "SELECT s.row, p.number FROM sessions s JOIN places p USING (site, station, connector)"


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
        return at(self.sessions["started_us"].fill_null(NEVER).to_numpy(), self._index)

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
            since = at(self.sessions[name].fill_null(NEVER).to_numpy(), index)
            known = (since != NEVER) & (since <= self.grid.times(rows // self.grid.width))
            return pa.array(since, mask=~known)
        return self.sessions[self._STORED.get(name, name)].take(pa.array(index, mask=index < 0))

    @cached_property
    def _index(self) -> Longs:
        """Which row of the sessions it is, -1 for none."""
        names = self.sessions.select(PLACE_NAMES).append_column("row", pa.array(np.arange(self.sessions.num_rows)))
        found = self.snapshot.query(_NUMBERS, sessions=names, places=self.numbering.by_name)
        of = np.full(self.sessions.num_rows, -1, np.int64)
        of[found["row"].to_numpy()] = found["number"].to_numpy()
        known_at = self.sessions["known_at_us"].fill_null(NEVER).to_numpy()
        index = self._of_every_slot(np.where(known_at == NEVER, of, -1))
        then = np.flatnonzero((of >= 0) & (known_at != NEVER))
        slot = np.minimum(np.searchsorted(self.grid.slots, known_at[then]), self.grid.width - 1)
        there = (self.grid.slots[slot] == known_at[then]) & (self._began[then] <= known_at[then])
        then, place = then[there], (of[then] * self.grid.width + slot)[there]
        if len(place) and np.bincount(place).max() > 1:
            later = np.argsort(self._began[then], kind="stable")
            then, place = then[later], place[later]
        index[place] = then  # of several in one place the last stays
        return index

    def _of_every_slot(self, of: Longs) -> Longs:
        """Of the sessions of which nobody says when they were known: they are at every slot from their start on."""
        rows = np.flatnonzero(of >= 0)
        rows = rows[np.argsort(self._began[rows], kind="stable")]
        found = self.grid.as_of(len(self.numbering.keys), of[rows], self._began[rows])
        return np.where(found >= 0, np.append(rows, -1)[found], -1)

    @cached_property
    def _began(self) -> Longs:
        """When each of the sessions started; 0: that is not known."""
        started: Longs = self.sessions["started_us"].fill_null(0).to_numpy()
        return np.maximum(started, 0)
