"""The demo's readings: for any span of the service's time, the rows that fall due in it, always the same ones."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

from monitor.demo import recordings
from monitor.demo.network import Network
from monitor.demo.outlets import outlets_of
from monitor.demo.points import Point
from monitor.demo.stations import silenced, trouble_points, voices
from monitor.demo.trouble import HOUR, Trouble, Troubles
from monitor.demo.visit import Visit
from monitor.register import Register
from monitor.units import from_us

SEED = 7


class Playback:
    """A network with its traffic and its trouble from `start` on.

    Rows reach back to `begins`: cars that charge at `start` came before it.
    """

    def __init__(self, register: Register, start: datetime, seed: int = SEED) -> None:
        outlets = outlets_of(register)
        self._start_s = int(start.timestamp())
        # The last station of the register has never been set up to send heartbeats, and nobody charges there.
        self.quiet_station = outlets[-1].station
        busy = [outlet for outlet in outlets if outlet.station != self.quiet_station]
        self._voices = voices(register, outlets, self.quiet_station)
        self._troubles = Troubles(busy, self._start_s, seed)
        self._network = Network(busy, recordings.load(), self._troubles, self._start_s, seed)

    @cached_property
    def begins(self) -> datetime:
        """No row is older than this."""
        return from_us(self._network.begins_s * 1_000_000)

    def points(self, after: datetime, upto: datetime) -> list[Point]:
        """Rows with after < time <= upto, in order of time. Spans that meet give together what their union gives."""
        after_s, upto_s = max(after, self.begins).timestamp(), upto.timestamp()
        found: list[Point] = []
        for visit in self._network.visits(after_s, upto_s):
            found += visit.points(after_s, upto_s, self._network.beside_w)
        opening_s = self._network.begins_s + 1
        for voice in self._voices.values():
            found += voice.heartbeats(after_s, upto_s)
            if after_s < opening_s + 2 and opening_s <= upto_s:
                found += voice.opening(opening_s)
        troubles = [trouble for trouble in self._troubles.upto(int(upto_s) + 1) if trouble.end_s + HOUR > after_s]
        for trouble in troubles:
            found += trouble_points(trouble, self._voices[trouble.outlets[0].station])
        silences = [trouble for trouble in troubles if trouble.name == "silence"]
        due = [point for point in found if after_s < point.at_s <= upto_s and not silenced(point, silences)]
        return sorted(due, key=lambda point: point.order)

    def visits(self, after: datetime, upto: datetime) -> list[Visit]:
        """The visits behind the rows of a span."""
        return list(self._network.visits(after.timestamp(), upto.timestamp()))

    def troubles(self, upto: datetime) -> Sequence[Trouble]:
        """The planted trouble that begins before `upto`."""
        end_s = upto.timestamp()
        return [trouble for trouble in self._troubles.upto(int(end_s) + 1) if trouble.start_s < end_s]

    def what_to_look_at(self) -> list[tuple[str, str]]:
        """Pages and what is to be seen there: the first trouble of each kind, in the order in which it comes."""
        first: dict[str, Trouble] = {}
        for trouble in self._troubles.upto(self._start_s + HOUR):
            first.setdefault(trouble.name, trouble)
        quiet = f"/stations/{self.quiet_station.subject}", "a station that never sent a heartbeat: unknown, not green"
        return [*(trouble.sight for trouble in first.values()), quiet]
