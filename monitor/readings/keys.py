"""Integer keys of stations and connectors: small to store, quick to join. Names may be any text."""

from collections.abc import Sequence
from itertools import islice

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from monitor.ids import Place
from monitor.readings.database import insert

Keys = npt.NDArray[np.int32]


class KeyBook:
    """Names -> keys, in memory, and the new ones of a transaction until `save` writes them with the rows.

    Only the writer's thread uses it. After a transaction that failed it is read anew from the file.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        stations = connection.execute("SELECT site, station, station_key FROM stations").fetchall()
        connectors = connection.execute("SELECT site, station, connector, connector_key FROM connectors").fetchall()
        self._stations: dict[tuple[str, ...], int] = {
            names: key for *names_, key in stations if (names := tuple(names_))
        }
        self._connectors: dict[tuple[str, ...], int] = {
            names: key for *names_, key in connectors if (names := tuple(names_))
        }
        self._saved = (len(self._stations), len(self._connectors))

    def add(self, place: Place) -> None:
        """Give a place a key if it has none; a site alone needs none."""
        if place.station is not None and place.connector is not None:
            self._connector((place.site, place.station, place.connector))
        elif place.station is not None:
            self._station((place.site, place.station))

    def of(self, table: pa.Table) -> Keys:
        """The key of each row: the connector's where the table has that column, else the station's."""
        columns = [table[name].to_pylist() for name in ("site", "station", "connector") if name in table.column_names]
        known, find = (self._connectors, self._connector) if len(columns) == 3 else (self._stations, self._station)
        keys = list(map(known.get, zip(*columns, strict=True)))
        if None in keys:
            keys = list(map(find, zip(*columns, strict=True)))
        return np.array(keys, dtype=np.int32)

    def save(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Write the keys that are new since the last `save`, inside the caller's transaction."""
        new_stations = list(islice(self._stations.items(), self._saved[0], None))
        new_connectors = list(islice(self._connectors.items(), self._saved[1], None))
        if new_stations:
            insert(
                connection,
                "stations",
                pa.table(
                    {
                        "station_key": pa.array([key for _, key in new_stations], pa.int32()),
                        **_columns([names for names, _ in new_stations], ("site", "station")),
                    }
                ),
            )
        if new_connectors:
            insert(
                connection,
                "connectors",
                pa.table(
                    {
                        "connector_key": pa.array([key for _, key in new_connectors], pa.int32()),
                        "station_key": pa.array([self._stations[names[:2]] for names, _ in new_connectors], pa.int32()),
                        **_columns([names for names, _ in new_connectors], ("site", "station", "connector")),
                    }
                ),
            )
        self._saved = (len(self._stations), len(self._connectors))

    def _station(self, names: tuple[str, ...]) -> int:
        return self._stations.setdefault(names, len(self._stations))

    def _connector(self, names: tuple[str, ...]) -> int:
        key = self._connectors.get(names)
        if key is None:
            self._station(names[:2])
            key = self._connectors[names] = len(self._connectors)
        return key


def _columns(names: Sequence[tuple[str, ...]], labels: Sequence[str]) -> dict[str, pa.Array]:
    return {label: pa.array([name[i] for name in names], pa.string()) for i, label in enumerate(labels)}
