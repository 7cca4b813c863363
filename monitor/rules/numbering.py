"""Places by number: their names are looked at when the register or the store's connectors change, not at each slot."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitor.ids import STATION_CONNECTOR, Place
from monitor.readings.samples import Longs, Truths
from monitor.readings.store import Snapshot
from monitor.register import Register

PLACE = [("site", pa.string()), ("station", pa.string()), ("connector", pa.string())]
REGISTER = pa.schema([
    *PLACE, ("current", pa.string()), ("rated_w", pa.float64()), ("rated_phases", pa.float64()), ("evse", pa.string()),
    ("power_group", pa.string()), ("group_max_w", pa.float64()), ("station_max_w", pa.float64()),
    ("load_managed", pa.bool_()), ("bidirectional", pa.bool_()), ("offline_after_s", pa.float64()),
])  # fmt: skip

_AT_ONCE = 10_000

_PLACES = f"""
WITH named AS (
    SELECT c.connector_key, site, station, connector, r.* EXCLUDE (site, station, connector), r.site IS NOT NULL AS
        registered, coalesce(r.evse, connector) AS own_evse, coalesce(r.power_group, site || '//' || station) AS power,
        connector = '{STATION_CONNECTOR}' OR EXISTS (SELECT 1 FROM retired t
            WHERE t.site = c.site AND t.station = c.station AND t.connector = c.connector) AS hidden
    FROM connectors c FULL JOIN register r USING (site, station, connector)
)
SELECT * REPLACE (own_evse AS evse), dense_rank() OVER (ORDER BY hidden, site, station, own_evse) - 1 AS evse_no,
    dense_rank() OVER (ORDER BY power) - 1 AS group_no
FROM named ORDER BY hidden, site, station, connector
"""
_STATIONS = """
WITH registered AS (
    SELECT site, station, max(offline_after_s) AS offline_after_s FROM register GROUP BY ALL
)
SELECT s.station_key, site, station, r.offline_after_s, dense_rank() OVER (ORDER BY site) - 1 AS site_no,
    EXISTS (SELECT 1 FROM retired_stations t WHERE t.site = s.site AND t.station = s.station) AS hidden
FROM stations s FULL JOIN registered r USING (site, station) ORDER BY hidden, site, station
"""
_KNOWN = """
SELECT (SELECT coalesce(bit_xor(hash(connector_key, site, station, connector)), 0) FROM connectors) AS connectors,
    (SELECT coalesce(bit_xor(hash(station_key, site, station)), 0) FROM stations) AS stations
"""


@dataclass(frozen=True)
class Numbering:
    """A number for each connector, station and site. Those that rules look at come first, in the order of their names:
    `watched` connectors, `watched_stations`. Of connector 0 and of what is retired only the readings count.

    `connectors` and `stations` have a row for each: names, keys (null: has never sent), what the register says.
    """

    connectors: pa.Table
    stations: pa.Table
    watched: int
    watched_stations: int

    @cached_property
    def keys(self) -> Longs:
        """The key of each connector in the store, -1 where it has none."""
        return _keys(self.connectors["connector_key"])

    @cached_property
    def by_key(self) -> Longs:
        """The number of each connector key."""
        return _inverted(self.keys)

    @cached_property
    def station_keys(self) -> Longs:
        """The key of each station, -1 where it has none."""
        return _keys(self.stations["station_key"])

    @cached_property
    def station_by_key(self) -> Longs:
        """The number of each station key."""
        return _inverted(self.station_keys)

    @cached_property
    def station(self) -> Longs:
        """The number of the station of each connector."""
        names = self.stations.select(["site", "station"]).append_column(
            "n", pa.array(np.arange(self.stations.num_rows))
        )
        places = self.connectors.select(["site", "station"]).append_column("at", pa.array(np.arange(len(self.keys))))
        found: Longs = places.join(names, ["site", "station"]).sort_by("at")["n"].to_numpy()
        return found

    @cached_property
    def evse(self) -> Longs:
        """The number of the EVSE of each connector."""
        found: Longs = self.connectors["evse_no"].to_numpy()
        return found

    @cached_property
    def evse_shared(self) -> Truths:
        """Whether another connector has the same EVSE."""
        found: Truths = np.bincount(self.evse)[self.evse] > 1
        return found

    @cached_property
    def site(self) -> Longs:
        """The number of the site of each connector."""
        found: Longs = self.stations["site_no"].to_numpy()[self.station]
        return found

    @cached_property
    def sites(self) -> pa.Table:
        """The sites with a connector that is watched (`site_no`, `site`)."""
        numbers, first = np.unique(self.site[: self.watched], return_index=True)
        return pa.table({"site_no": numbers, "site": self.connectors["site"].take(pa.array(first))})

    @cached_property
    def coded(self) -> Mapping[str, pa.DictionaryArray]:
        """The texts of each watched connector, as numbers of distinct ones."""
        watched = self.connectors.slice(0, self.watched)
        return {name: pc.dictionary_encode(watched[name].combine_chunks())
                for name in watched.column_names if watched.schema.field(name).type == pa.string()}  # fmt: skip

    @cached_property
    def by_name(self) -> pa.Table:
        """The `number` of each connector with its names."""
        return self.connectors.select(PLACE_NAMES).append_column("number", pa.array(np.arange(len(self.keys))))

    @cached_property
    def numbers(self) -> Mapping[Place, int]:
        """The number of each connector, station and site that rules look at."""
        connectors = (_texts(self.connectors[name].slice(0, self.watched)) for name in PLACE_NAMES)
        found = {Place(*names): number for number, names in enumerate(zip(*connectors, strict=True))}
        stations = (_texts(self.stations[name].slice(0, self.watched_stations)) for name in PLACE_NAMES[:2])
        found |= {Place(*names): number for number, names in enumerate(zip(*stations, strict=True))}
        return found | {Place(row["site"]): row["site_no"] for row in self.sites.to_pylist()}


PLACE_NAMES = [name for name, _ in PLACE]


def _texts(column: pa.ChunkedArray) -> list[str]:
    """Each distinct text is one object: there are as many as connectors."""
    coded = pc.dictionary_encode(column.combine_chunks())
    distinct = coded.dictionary.to_pylist()
    return [distinct[index] for index in coded.indices.to_pylist()]


def _keys(column: pa.ChunkedArray) -> Longs:
    keys: Longs = column.cast(pa.int64()).fill_null(-1).to_numpy()
    return keys


def _inverted(keys: Longs) -> Longs:
    numbers = np.full(int(keys.max(initial=-1)) + 1, -1, np.int64)
    there = keys >= 0
    numbers[keys[there]] = np.flatnonzero(there)
    return numbers


_MEMO: list[tuple[Register, tuple[int, int], Numbering]] = []
"""The last one: a register changes when a person edits it, connectors when one is new; ticks come every few seconds."""


def numbered(snapshot: Snapshot, register: Register) -> Numbering:
    """The places of the register and of the store."""
    [known] = snapshot.query(_KNOWN).to_pylist()
    stored = known["connectors"], known["stations"]
    for of, at, numbering in _MEMO:
        if of is register and at == stored:
            return numbering
    tables = {"register": _registered(register), **_retired(register)}
    connectors = snapshot.query(_PLACES, **tables)
    stations = snapshot.query(_STATIONS, **{name: tables[name] for name in ("register", "retired_stations")})
    hidden = [int(pc.sum(table["hidden"]).as_py() or 0) for table in (connectors, stations)]
    found = Numbering(connectors, stations, connectors.num_rows - hidden[0], stations.num_rows - hidden[1])
    _MEMO[:] = [(register, stored, found)]
    return found


def _registered(register: Register) -> pa.Table:
    """Some rows at a time: as Python objects they take ten times the memory."""
    rows = register.rows()
    some = iter(lambda: list(islice(rows, _AT_ONCE)), [])
    return pa.Table.from_batches((pa.RecordBatch.from_pylist(each, REGISTER) for each in some), REGISTER)


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
        "retired": pa.Table.from_pylist(connectors, schema=pa.schema(PLACE)),
        "retired_stations": pa.Table.from_pylist(stations, schema=pa.schema(PLACE[:2])),
    }
