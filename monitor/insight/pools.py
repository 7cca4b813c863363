"""Pools: the plugs of a site that serve the same cars. A free AC plug does not help a car that needs DC."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from monitor.register import Connector, Register

UNKNOWN = "unknown"

CLASSES: Mapping[str, tuple[tuple[float, str], ...]] = {
    "AC": ((7_400, "under 7.4 kW"), (22_000.1, "7.4 to 22 kW"), (float("inf"), "over 22 kW")),
    "DC": (
        (50_000, "under 50 kW"),
        (150_000, "50 to 150 kW"),
        (350_000, "150 to 350 kW"),
        (float("inf"), "350 kW and more"),
    ),
}
"""Upper ends (W) and names of the power classes of regulation (EU) 2023/1804 (AFIR), annex III."""


@dataclass(frozen=True)
class Seat:
    """Where a connector belongs: its pool, and its EVSE, whose connectors serve one car at a time."""

    pool: str
    station: str
    evse: str


@dataclass(frozen=True)
class SitePools:
    """The pools of one site. `evses`: places for cars in each."""

    seats: Mapping[tuple[str, str], Seat]
    evses: Mapping[str, int]


def pool_of(connector: Connector | None) -> str:
    """`DC 150 to 350 kW`; `AC` where the rating is not known, `unknown` where the register says nothing."""
    if connector is None or connector.current is None:
        return UNKNOWN
    if connector.rated is None:
        return connector.current
    return next(f"{connector.current} {name}" for end, name in CLASSES[connector.current] if connector.rated < end)


def pools_of(register: Register, site: str, seen: Iterable[tuple[str, str]]) -> SitePools:
    """The pools of a site's connectors in service; `seen`: (station, connector) of which sessions are known.

    One that has sessions and is not in the register is an EVSE of its own in the pool `unknown`.
    """
    entry = register.site(site)
    known: dict[tuple[str, str], Connector] = {
        (station, name): connector
        for station, its in (entry.stations if entry else {}).items()
        for name, connector in its.connectors.items()
        if not connector.retired
    }
    seats = {
        (station, name): Seat(pool_of(connector), station, (connector.evse if connector else "") or name)
        for (station, name), connector in {**dict.fromkeys(seen), **known}.items()
    }
    evses: dict[str, int] = {}
    for pool, _, _ in {(seat.pool, seat.station, seat.evse) for seat in seats.values()}:
        evses[pool] = evses.get(pool, 0) + 1
    return SitePools(seats, evses)


def shape(register: Register, site: str) -> str:
    """A fingerprint of what a site's rollups rest on: another zone or other pools mean other figures."""
    entry = register.site(site)
    connectors = [
        (station, name, pool_of(connector), connector.evse, connector.retired)
        for station, its in (entry.stations if entry else {}).items()
        for name, connector in its.connectors.items()
    ]
    text = json.dumps([register.zone(site).key, sorted(connectors)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
