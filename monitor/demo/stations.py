"""What stations send beside sessions: boots, heartbeats, faults, silence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.demo.chance import number_of
from monitor.demo.outlets import Outlet
from monitor.demo.points import Fields, Point
from monitor.demo.trouble import Trouble
from monitor.ids import STATION_CONNECTOR, Place
from monitor.register import Register, Station

HEARTBEAT_S = 300
FAULTS = (
    ("GroundFailure", "RCD-30", "Jordfelsbrytaren har löst ut"),
    ("ConnectorLockFailure", "LOCK-2", "Låset stänger inte"),
    ("OverCurrentFailure", "OC-7", "Överström på utgången"),
    ("HighTemperature", "T-91", "Kontakten är för varm"),
)
"""Error code of OCPP, code and text of the vendor; in turn."""


@dataclass(frozen=True)
class StationVoice:
    """One station: what it says by itself. `quiet`: it never sends heartbeats and serves nobody."""

    place: Place
    entry: Station
    quiet: bool

    @property
    def connectors(self) -> tuple[Place, ...]:
        """Its connectors."""
        return tuple(Place(self.place.site, self.place.station, key) for key in self.entry.connectors)

    def opening(self, at_s: int) -> Iterator[Point]:
        """The state it tells first: free, on every connector."""
        if not self.quiet:
            yield self.boot(at_s)
        yield from self.statuses(at_s + 2, "Available")

    def boot(self, at_s: int) -> Point:
        """It started."""
        fields: Fields = {
            "event": "boot", "interval_s": HEARTBEAT_S, "vendor": self.entry.vendor, "model": self.entry.model,
            "firmware": f"2.{number_of('firmware', self.entry.model) % 9}.1",
        }  # fmt: skip
        return Point(at_s, "link", self.place, fields)

    def heartbeats(self, after_s: float, upto_s: float) -> Iterator[Point]:
        """One every five minutes, each station at its own second."""
        if self.quiet:
            return
        offset = number_of("heartbeat", self.place.subject) % HEARTBEAT_S
        first = int((after_s - offset) // HEARTBEAT_S) + 1
        last = int((upto_s - offset) // HEARTBEAT_S)
        for count in range(first, last + 1):
            fields: Fields = {"event": "heartbeat", "interval_s": HEARTBEAT_S}
            yield Point(count * HEARTBEAT_S + offset, "link", self.place, fields)

    def statuses(self, at_s: int, status: str) -> Iterator[Point]:
        """The same status on the station itself and all its connectors, without an error."""
        for place in (Place(self.place.site, self.place.station, STATION_CONNECTOR), *self.connectors):
            yield Point(at_s, "status", place, {"status": status, "error_code": "NoError"})


def voices(register: Register, outlets: Sequence[Outlet], quiet: Place) -> dict[Place, StationVoice]:
    """The stations of these outlets by place."""
    found = {}
    for place in dict.fromkeys(outlet.station for outlet in outlets):
        entry = register.station(place)
        if entry:
            found[place] = StationVoice(place, entry, quiet=place == quiet)
    return found


def trouble_points(trouble: Trouble, voice: StationVoice) -> Iterator[Point]:
    """The rows that a station sends because of its trouble, in no order. Trouble of a visit is in the visit's rows."""
    if trouble.name == "fault":
        code, vendor_code, text = FAULTS[trouble.count % len(FAULTS)]
        fields = {"status": "Faulted", "error_code": code, "vendor_code": vendor_code, "info": text}
        yield Point(trouble.start_s, "status", trouble.place, fields)
        yield Point(trouble.end_s, "status", trouble.place, {"status": "Available", "error_code": "NoError"})
    elif trouble.name == "boot-flap":
        yield voice.boot(trouble.start_s)
        yield from voice.statuses(trouble.start_s + 3, "Faulted")
        yield from voice.statuses(trouble.start_s + 13, "Available")
    elif trouble.name == "silence":
        yield voice.boot(trouble.end_s)
        yield from voice.statuses(trouble.end_s + 3, "Available")


def silenced(point: Point, silences: Sequence[Trouble]) -> bool:
    """Whether the station could not send that row."""
    return any(
        silence.start_s <= point.at_s < silence.end_s and point.place.station_place == silence.place
        for silence in silences
    )
