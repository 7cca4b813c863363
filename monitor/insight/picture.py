"""The picture of every connector that a tick publishes, and what each state counts as."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from monitor.ids import Place
from monitor.units import from_us

Standing = Literal["faulted", "offline", "unknown", "unavailable", "charging", "occupied", "available"]
STANDINGS: tuple[Standing, ...] = ("faulted", "offline", "unknown", "unavailable", "charging", "occupied", "available")
"""What a connector's state means to who looks at the network, worst first: eleven states are too many to count at a
glance. `occupied` is taken without delivering: preparing, suspended, finishing, reserved."""

STANDING_OF: dict[str, Standing] = {
    "Available": "available",
    "Charging": "charging",
    "Preparing": "occupied",
    "SuspendedEV": "occupied",
    "SuspendedEVSE": "occupied",
    "Finishing": "occupied",
    "Reserved": "occupied",
    "Unavailable": "unavailable",
    "Faulted": "faulted",
    "Offline": "offline",
    "Unknown": "unknown",
}

SCHEMA = pa.schema({
    "site": pa.string(),
    "station": pa.string(),
    "connector": pa.string(),
    "evse": pa.string(),
    "current": pa.string(),
    "rated_w": pa.float64(),
    "registered": pa.bool_(),
    "online": pa.bool_(),
    "state": pa.string(),
    "status": pa.string(),
    "status_since_us": pa.int64(),
    "error_code": pa.string(),
    "power_w": pa.float64(),
    "energy_wh": pa.float64(),
    "offered_w": pa.float64(),
    "soc": pa.float64(),
    "reading_us": pa.int64(),
    "seen_us": pa.int64(),
    "expected_w": pa.float64(),
    "session": pa.string(),
    "session_started_us": pa.int64(),
    "session_energy_wh": pa.float64(),
})  # fmt: skip
"""One row a connector, registered or seen. Null is unknown, never 0; `*_us` are epoch microseconds."""


def standing_of(state: str | None) -> Standing:
    """The standing of a state; a state nobody has heard of is unknown, never good."""
    return STANDING_OF.get(state or "", "unknown")


@dataclass(frozen=True)
class Connector:
    """One row of the picture as values. Powers in W, energies in Wh, `soc` in percent; None is unknown."""

    place: Place
    evse: str
    current: str | None
    rated_w: float | None
    registered: bool
    online: bool | None
    state: str
    status: str | None
    status_since: datetime | None
    error_code: str | None
    power_w: float | None
    energy_wh: float | None
    offered_w: float | None
    soc: float | None
    reading_at: datetime | None
    seen_at: datetime | None
    expected_w: float | None
    session: str | None
    session_started: datetime | None
    session_energy_wh: float | None

    @property
    def standing(self) -> Standing:
        """What its state counts as."""
        return standing_of(self.state)


@dataclass(frozen=True, eq=False)
class Picture:
    """All connectors at one moment. Compared by identity, so that roll-ups can be kept with it."""

    at: datetime
    connectors: pa.Table

    @cached_property
    def newest_reading(self) -> datetime | None:
        """When the newest row of any station was measured; None when nothing has come in."""
        newest = pc.max(self.connectors["seen_us"]).as_py()
        return None if newest is None else from_us(newest)

    @cached_property
    def unregistered(self) -> tuple[Place, ...]:
        """Connectors that send readings and are not in the register, by name."""
        strange = self.connectors.filter(pc.invert(pc.fill_null(self.connectors["registered"], False)))
        return tuple(sorted(Place(row["site"], row["station"], row["connector"]) for row in _places(strange)))

    def age(self, now: datetime) -> timedelta:
        """How old the picture is at `now`, never negative."""
        return max(now - self.at, timedelta(0))

    def within(self, place: Place) -> tuple[Connector, ...]:
        """The connectors of a site, station or connector, by station and connector; empty when there are none."""
        chosen = pc.equal(self.connectors["site"], place.site)
        if place.station is not None:
            chosen = pc.and_(chosen, pc.equal(self.connectors["station"], place.station))
        if place.connector is not None:
            chosen = pc.and_(chosen, pc.equal(self.connectors["connector"], place.connector))
        rows = self.connectors.filter(chosen).sort_by([("station", "ascending"), ("connector", "ascending")])
        return tuple(connector_of(row) for row in rows.to_pylist())


def _places(rows: pa.Table) -> list[dict[str, str]]:
    found: list[dict[str, str]] = rows.select(["site", "station", "connector"]).to_pylist()
    return found


def connector_of(row: dict[str, object]) -> Connector:
    """One row of the picture's table (SCHEMA) as a value."""
    place = Place(str(row["site"]), str(row["station"]), str(row["connector"]))
    times = {name: row[f"{name}_us"] for name in ("status_since", "reading", "seen", "session_started")}
    at = {name: from_us(value) if isinstance(value, int) else None for name, value in times.items()}
    same = ("current", "rated_w", "online", "status", "error_code", "power_w", "energy_wh", "offered_w", "soc")
    return Connector(
        place=place,
        evse=str(row["evse"] or place.connector),
        registered=bool(row["registered"]),
        state=str(row["state"] or "Unknown"),
        status_since=at["status_since"],
        reading_at=at["reading"],
        seen_at=at["seen"],
        session_started=at["session_started"],
        **{name: row[name] for name in (*same, "expected_w", "session", "session_energy_wh")},  # type: ignore[arg-type]
    )
