"""Stations at the slots: who was heard from when, who is online, and where the last offline gap ended."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from monitor.readings.samples import Longs
from monitor.readings.store import Snapshot
from monitor.rules.grid import NEVER, Grid, T, Truths, at
from monitor.rules.numbering import Numbering
from monitor.rules.readings import Readings
from monitor.rules.under_way import UnderWay

MINUTE_US = 60_000_000
GAPS_US = 120 * MINUTE_US
"""How far back an offline gap is looked for. A status older than that and a gap older than that are not connected."""

HALVES_US = GAPS_US // 120
"""A half of `offline_after` that is shorter than this is not looked for in heartbeats alone."""

DEFAULT_OFFLINE_US = 15 * MINUTE_US
"""`offline_after` of a station that sends no heartbeats and of which the register says nothing."""

FLEET, FLEET_US = 3, 24 * 60 * MINUTE_US
"""So many stations, heard from within this time, have to fall silent together to be the source's silence."""

_LINKS = f"""
SELECT station_key, time_us, event, interval_ms FROM link SEMI JOIN asked USING (station_key)
WHERE time_us > $first - {GAPS_US} AND time_us <= $last ORDER BY station_key, time_us
"""
_OTHERS = " UNION ALL ".join(
    f"SELECT connector_key, time_us FROM {table} WHERE time_us > $first - {GAPS_US} AND time_us <= $last"
    for table in ("status", '"transaction"')
)
_ALL = (
    _OTHERS
    + f" UNION ALL SELECT connector_key, time_us FROM meter WHERE time_us > $first - {GAPS_US} AND time_us <= $last"
)

_BEATS = f"SELECT station_key, time_us FROM link WHERE time_us > $first - {GAPS_US} AND time_us <= $last"

_GAPS = f"""
WITH heard AS (
    SELECT station_key, time_us FROM link SEMI JOIN asked USING (station_key)
    WHERE time_us > $first - {GAPS_US} AND time_us <= $last
    UNION ALL BY NAME
    SELECT c.station_key, r.time_us FROM ({_ALL}) r
    JOIN (SELECT * FROM connectors SEMI JOIN asked USING (station_key)) c USING (connector_key)
), minutes AS (  -- a gap is longer than a minute, so the first and last row of each minute show all of them
    SELECT station_key, min(time_us) AS first_us, max(time_us) AS last_us
    FROM heard GROUP BY station_key, time_us // {MINUTE_US}
), spaces AS (
    SELECT *, lag(last_us) OVER (PARTITION BY station_key ORDER BY first_us) AS before_us FROM minutes
)
SELECT station_key, before_us, first_us FROM spaces JOIN asked USING (station_key)
WHERE first_us - before_us > offline_us ORDER BY station_key, first_us
"""


@dataclass(frozen=True)
class Stations:
    """Stations of a numbering at the slots of a grid, in the order of (number, slot).

    Connector 0 and what is retired are heard too.
    """

    snapshot: Snapshot
    numbering: Numbering
    grid: Grid
    readings: Readings
    under_way: UnderWay

    @cached_property
    def seen_us(self) -> Longs:
        """When a row of any measurement was last heard from it."""
        return self._heard[0]

    @cached_property
    def online(self) -> pa.Array:
        """Null: that cannot be told."""
        times = self.grid.times(len(self.numbering.station_keys))
        near = times - self.seen_us <= self._offline_us
        there = near & (self.seen_us > self._disconnected_us)
        unknown = ~near & (self._heartbeat_us == NEVER) & ~self.under_way.busy | self.spread_silence
        return pa.array(there, mask=unknown)

    @cached_property
    def network_silent(self) -> Truths:
        """By slot: when even the station of whom most is heard is overdue, all have stopped at once."""
        seen = self._shaped(self.seen_us)[: self.numbering.watched_stations]
        offline = self._shaped(self._offline_us)[: self.numbering.watched_stations]
        recent = seen > self.grid.slots - FLEET_US
        newest = np.where(recent, seen, NEVER).max(axis=0, initial=NEVER)
        least = np.where(recent, offline, np.iinfo(np.int64).max).min(axis=0, initial=np.iinfo(np.int64).max)
        silent: Truths = (recent.sum(axis=0) >= FLEET) & (self.grid.slots - newest > least)
        return silent

    @cached_property
    def spread_silence(self) -> Truths:
        """`network_silent` for each station."""
        return np.tile(self.network_silent, len(self.numbering.station_keys))

    @cached_property
    def doubt_us(self) -> Longs:
        """The end of the last gap or the last disconnection: a status from before is unknown until it is confirmed."""
        return np.maximum(self._gap[1], self._disconnected_us)

    @cached_property
    def doubt_from_us(self) -> Longs:
        """Where that gap began."""
        start, end = self._gap
        return np.where(self._disconnected_us >= np.maximum(end, 0), self._disconnected_us, start)

    def table(self) -> pa.Table:
        """Those that rules look at, with the names that they know."""
        rows = self.numbering.watched_stations * self.grid.width
        numbers = pa.array(self.grid.spread(np.arange(self.numbering.watched_stations)))
        times = self.grid.times(self.numbering.watched_stations)
        seen = self.seen_us[:rows]
        return pa.table({
            "slot_us": times,
            "station_no": numbers,
            **{name: self.numbering.stations[name].take(numbers) for name in ("site_no", "site", "station")},
            "seen_us": pa.array(seen, mask=seen == NEVER),
            "silent_for": pa.array((times - seen) / 1e6, mask=seen == NEVER),
            "online": self.online.slice(0, rows),
            "network_silent": self.spread_silence[:rows],
        })  # fmt: skip

    @property
    def _disconnected_us(self) -> Longs:
        return self._heard[3]

    @property
    def _heartbeat_us(self) -> Longs:
        return self._heard[1]

    @cached_property
    def _offline_us(self) -> Longs:
        """`offline_after`: of the register, else by the heartbeat interval."""
        stated = self.numbering.stations["offline_after_s"].fill_null(-1.0).to_numpy()
        interval = self._heard[2]
        usual = np.where(interval >= 0, 2000 * interval + MINUTE_US, DEFAULT_OFFLINE_US)
        own = self.grid.spread(np.rint(stated * 1e6).astype(np.int64))
        return np.where(own >= 0, own, usual)

    @cached_property
    def _heard(self) -> tuple[Longs, Longs, Longs, Longs]:
        """When it was heard from, when its last heartbeat came, with which interval in ms (-1: none), and when it was
        disconnected. At a slot before its newest row this is what was known then.
        """
        latest = self.snapshot.query("SELECT * FROM latest_link")
        number = self.numbering.station_by_key[latest["station_key"].to_numpy()]
        count, slots = len(self.numbering.station_keys), self.grid.times(len(self.numbering.station_keys))
        known = {}
        for name in ("seen_us", "heartbeat_us", "interval_ms", "disconnected_us"):
            values = np.full(count, NEVER, np.int64)
            values[number] = latest[name].fill_null(NEVER).to_numpy()
            known[name] = self.grid.spread(values)
        later = {name: known[name] > slots for name in ("seen_us", "heartbeat_us", "disconnected_us")}
        if later["seen_us"].any():
            before = self._before(np.flatnonzero(self._shaped(later["seen_us"]).any(axis=1)))
            known["interval_ms"] = np.where(later["heartbeat_us"], before["interval_ms"], known["interval_ms"])
            for name, chosen in later.items():
                known[name] = np.where(chosen, before[name], known[name])
        # What a boot said of the interval counts from the first heartbeat on.
        unknown = (known["interval_ms"] == NEVER) | (known["heartbeat_us"] == NEVER)
        interval = np.where(unknown, -1, known["interval_ms"])
        return known["seen_us"], known["heartbeat_us"], interval, known["disconnected_us"]

    def _before(self, stations: Longs) -> dict[str, Longs]:
        """The same by the rows of the time before each slot, of the stations that have a row after one."""
        count, grid = len(self.numbering.station_keys), self.grid
        links = self._query(_LINKS, stations)
        of, times = self.numbering.station_by_key[links["station_key"].to_numpy()], links["time_us"].to_numpy()
        interval = links["interval_ms"].fill_null(NEVER).to_numpy()
        event = {name: links["event"].to_numpy(zero_copy_only=False) == name for name in ("heartbeat", "disconnected")}

        def last(chosen: Truths, values: Longs) -> Longs:
            return at(values[chosen], self._recent(count, of[chosen], times[chosen]))

        others = self._query(f"SELECT * FROM ({_OTHERS}) ORDER BY time_us")
        of_other = self.numbering.station[self.numbering.by_key[others["connector_key"].to_numpy()]]
        everything = np.ones(len(of), np.bool_)
        other = at(others["time_us"].to_numpy(), self._recent(count, of_other, others["time_us"].to_numpy()))
        seen = np.maximum(np.maximum(last(everything, times), other), self._metered())
        return {
            "seen_us": np.where(seen > grid.times(count) - GAPS_US, seen, NEVER),
            "heartbeat_us": last(event["heartbeat"], times),
            "interval_ms": last(interval != NEVER, interval),
            "disconnected_us": last(event["disconnected"], times),
        }

    def _recent(self, count: int, of: Longs, times: Longs) -> Longs:
        """As of each slot the last of the events that is not older than gaps are looked for."""
        found = self.grid.as_of(count, of, times)
        recent = at(times, found) > self.grid.times(count) - GAPS_US
        return np.where(recent, found, -1)

    def _metered(self) -> Longs:
        """When a meter reading last came from any connector of each station."""
        samples = self.readings.samples(back_us=GAPS_US)
        last = self._shaped(samples.last_of(self.numbering.keys, self.grid.slots))
        order = np.argsort(self.numbering.station, kind="stable")
        stations, begin = np.unique(self.numbering.station[order], return_index=True)
        found = np.full((len(self.numbering.station_keys), self.grid.width), NEVER, np.int64)
        if len(begin):
            found[stations] = np.maximum.reduceat(last[order], begin, axis=0)
        return found.ravel()

    @cached_property
    def _gap(self) -> tuple[Longs, Longs]:
        """Where the last gap before each slot began and ended, NEVER where there was none."""
        count, grid = len(self.numbering.station_keys), self.grid
        times = grid.times(count)
        gaps = self._gaps()
        if gaps is None:
            never = np.full(len(times), NEVER, np.int64)
            return never, never
        of = self.numbering.station_by_key[gaps["station_key"].to_numpy()]
        start, end = gaps["before_us"].to_numpy(), gaps["first_us"].to_numpy()
        found = grid.as_of(count, of, end)
        # With another heartbeat interval in between, what was a gap at one slot is none at the next.
        while len(end):
            short = (found >= 0) & (at(end, found) - at(start, found) <= self._offline_us)
            if not short.any():
                break
            found[short] -= 1
            found[short & (of[found] != np.repeat(np.arange(count), grid.width))] = -1
        begun = at(start, found)
        recent = begun > times - GAPS_US
        return np.where(recent, begun, NEVER), np.where(recent, at(end, found), NEVER)

    def _gaps(self) -> pa.Table | None:
        """Every space between two rows of a station that may be a gap at a slot; None: no station can have one."""
        least = self._shaped(self._offline_us).min(axis=1)
        heard = np.flatnonzero(self._shaped(self.seen_us).max(axis=1) > self.grid.slots[0] - GAPS_US)
        doubtful = heard[~self._regular(least)[heard]]
        return self._query(_GAPS, doubtful, least) if len(doubtful) else None

    def _regular(self, offline_us: Longs) -> Truths:
        """Stations whose heartbeats alone show that there was no gap: their other rows need not be read.

        There is one in each half of offline_after, back to the beginning, and no two are further apart than the whole.
        """
        links = self._query(_BEATS)
        of = self.numbering.station_by_key[links["station_key"].to_numpy()]
        ago = self.grid.slots[-1] - links["time_us"].to_numpy()
        span = int(self.grid.slots[-1] - self.grid.slots[0]) + GAPS_US
        half = np.maximum(offline_us // 2, HALVES_US)
        halves = (span - 1) // half + 1
        most = int(halves.max(initial=0))
        found = np.zeros(len(offline_us) * most, np.bool_)
        # By one number for all, as it usually is, numpy divides six times as fast.
        found[of * most + ago // (half[of] if (half != half[:1]).any() else half[:1])] = True
        sure: Truths = (found.reshape(len(offline_us), most).sum(axis=1) == halves) & (offline_us >= 2 * HALVES_US)
        return sure

    def _query(self, sql: str, stations: Longs | None = None, offline_us: Longs | None = None) -> pa.Table:
        """`asked`: the stations with their `offline_us`."""
        bounds = self.grid.bounds(sql)
        if stations is None:
            return self.snapshot.query(sql, bounds)
        keys = self.numbering.station_keys[stations]
        asked = {"station_key": keys} | ({} if offline_us is None else {"offline_us": offline_us[stations]})
        return self.snapshot.query(sql, bounds, asked=pa.table(asked))

    def _shaped(self, values: npt.NDArray[T]) -> npt.NDArray[T]:
        return values.reshape(-1, self.grid.width)
