"""One message being taken in: what its handler may ask, and how it makes rows whose times obey the clock's rules."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from monitor.documents import nearest
from monitor.ids import Place
from monitor.ingest import clock
from monitor.ingest.meaning import Row
from monitor.ingest.ocpp.envelope import moment_us
from monitor.ingest.ocpp.memory import Station
from monitor.ingest.ocpp.messages import BadMessage
from monitor.readings.schema import STATUSES
from monitor.register import Register

Value = int | float | str | None

_UNREADABLE_US = 0
"""What a transaction's time claims that nobody can read: 1970, so that its session is looked at."""


@dataclass
class Hearing:
    """A message of `place` (a station) that came at `received_us`.

    `rows` is what becomes of it, `wrong` what of it could not be taken, `unknown` what nobody knows, by name.
    """

    place: Place
    received_us: int
    station: Station
    register: Register
    unknown: Counter[str]
    rows: list[Row] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def moment(self, written: Any) -> int:
        """The time of a meter or status row: as written, else when it came. Raises BadMessage if it cannot be."""
        time_us = self.received_us if _is_missing(written) else moment_us(written)
        if reason := clock.cannot_be(time_us):
            raise BadMessage(reason)
        return time_us

    def believed(self, written: Any) -> clock.Believed:
        """The time of a transaction or link row, which is never refused."""
        if _is_missing(written):
            return clock.Believed(self.received_us)
        try:
            return clock.believe(moment_us(written), self.received_us)
        except BadMessage:
            return clock.Believed(self.received_us, _UNREADABLE_US)

    def status(self, connector: str, time_us: int, status: str, **fields: Value) -> None:
        """Add a status row. Raises BadMessage for a status that does not exist."""
        if status not in STATUSES:
            raise BadMessage(f"status {status!r} is not known{nearest(status, STATUSES)}")
        self._add("status", {"connector": connector, "time_us": time_us, "status": status, **fields})

    def meter(self, connector: str, time_us: int, **fields: Value) -> None:
        """Add a meter row."""
        self._add("meter", {"connector": connector, "time_us": time_us, **fields})

    def transaction(self, event: str, connector: str, at: clock.Believed, **fields: Value) -> None:
        """Add a row of a transaction's `start` or `stop`."""
        self._add("transaction", {"connector": connector, "event": event, **_times(at), **fields})

    def link(self, event: str, at: clock.Believed, **fields: Value) -> None:
        """Add a sign of life."""
        self._add("link", {"event": event, **_times(at), **fields})

    def _add(self, measurement: str, columns: dict[str, Value]) -> None:
        own = {"site": self.place.site, "station": self.place.station, "received_us": self.received_us}
        self.rows.append(Row(measurement, {**own, **columns}))


def _is_missing(written: Any) -> bool:
    return written is None or written == ""


def _times(at: clock.Believed) -> dict[str, Value]:
    return {"time_us": at.time_us, "claimed_us": at.claimed_us}
