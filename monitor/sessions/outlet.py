"""What the register says of one connector, as far as assembling its sessions depends on it."""

from dataclasses import dataclass
from typing import Literal

from monitor.ids import Place
from monitor.register import Register
from monitor.sessions.classes import AS_DESIGNED, TimeRules

SILENCE_US = 16 * 60 * 1_000_000
"""Silence that counts as offline where the register says nothing: 15 min and a minute for jitter, because chargers that
send meter values every quarter of an hour are the slowest."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """One connector's rating and kind; None where the register does not say."""

    rated_w: float | None = None
    current: Literal["AC", "DC"] | None = None
    phases: int | None = None
    load_managed: bool = False
    silence_us: int = SILENCE_US
    time_rules: TimeRules = AS_DESIGNED


def outlet_of(register: Register, place: Place, time_rules: TimeRules = AS_DESIGNED) -> Outlet:
    """The outlet at a place; an unregistered one has an unknown rating."""
    connector, station = register.connectors.get(place), register.station(place)
    offline_after = register.offline_after(place)
    return Outlet(
        rated_w=connector.rated if connector else None,
        current=connector.current if connector else None,
        phases=connector.phases if connector else None,
        load_managed=bool(station and station.load_managed),
        silence_us=round(offline_after.total_seconds() * 1_000_000) if offline_after else SILENCE_US,
        time_rules=time_rules,
    )
