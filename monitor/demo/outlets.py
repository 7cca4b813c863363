"""The register as the demo plays it: outlets, each serving one car at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.demo.chance import number_of
from monitor.ids import Place
from monitor.register import Connector, Register

LEAST_AMPS = 6.0
"""What an AC outlet offers at least (IEC 61851)."""


@dataclass(frozen=True)
class Outlet:
    """One EVSE: the connectors that share it, and the power it shares with its neighbours."""

    connectors: tuple[tuple[Place, Connector], ...]
    group: str
    group_max_w: float
    zone: ZoneInfo
    load_managed: bool

    @property
    def place(self) -> Place:
        """Its first connector, which names it."""
        return self.connectors[0][0]

    @property
    def station(self) -> Place:
        """The station it is on."""
        return self.place.station_place

    @property
    def is_dc(self) -> bool:
        """Whether it is a fast charger."""
        return self.connectors[0][1].current == "DC"

    @property
    def rated_w(self) -> float:
        """What its strongest connector is rated for."""
        return max(connector.rated or 0.0 for _, connector in self.connectors)

    def at_local(self, day: date, seconds_of_day: int) -> int:
        """Epoch seconds of a wall-clock time here. A time that a change to summer time skips is one hour later."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        # Arithmetic inside one zone is on the wall clock, which is what the recorded time of day is.
        return int((midnight + timedelta(seconds=seconds_of_day)).astimezone(UTC).timestamp())

    def offered_a(self, at_s: int, rated_a: float) -> float:
        """Amperes that an AC outlet offers. A load-managed one gets what the building leaves, by the hour."""
        if not self.load_managed:
            return rated_a
        hour = datetime.fromtimestamp(at_s, self.zone).hour
        spare = 15 if hour < 6 or hour >= 22 else 8 if hour < 9 or 15 <= hour < 20 else 11
        wiggle = number_of(self.group, at_s // 900) % 3 - 1
        return max(LEAST_AMPS, min(rated_a, float(spare + wiggle)))


def outlets_of(register: Register) -> tuple[Outlet, ...]:
    """Every EVSE of the register with a known current and rating, in the register's order."""
    shared: dict[tuple[str, str, str], list[tuple[Place, Connector]]] = {}
    for place, connector in register:
        if connector.current and connector.rated and place.station and place.connector:
            evse = f"evse {connector.evse}" if connector.evse else place.connector
            shared.setdefault((place.site, place.station, evse), []).append((place, connector))
    limits = {
        Place(row["site"], row["station"], row["connector"]): row["group_max_w"] or row["rated_w"]
        for row in register.rows()
    }
    return tuple(_outlet(register, connectors, limits[connectors[0][0]]) for connectors in shared.values())


def _outlet(register: Register, connectors: Sequence[tuple[Place, Connector]], group_max_w: float) -> Outlet:
    place = connectors[0][0]
    station = register.station(place)
    return Outlet(
        connectors=tuple(connectors),
        group=register.power_group(place),
        group_max_w=group_max_w,
        zone=register.zone(place.site),
        load_managed=bool(station and station.load_managed),
    )
