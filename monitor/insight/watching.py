"""One station's rows, in the order of time, folded into spells: when its connectors were down, and when unseen.

What is kept between two rows is small and goes to JSON, so that a restart reads nothing again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple, Self

from monitor.ids import STATION_CONNECTOR
from monitor.insight.uptime import Condition

DOWN = frozenset({"Faulted", "Unavailable"})
OFFLINE_AFTER_US = 15 * 60 * 1_000_000
"""For a station that sends no heartbeats."""
_HEARTBEATS, _LEEWAY_US = 2, 60_000_000


class Row(NamedTuple):
    """What counts of one row. `kind`: status, start (a transaction began), stop, link, or seen (any other row)."""

    time_us: int
    kind: Literal["status", "start", "stop", "link", "seen"]
    connector: str = ""
    status: str = ""
    error_code: str = ""
    interval_s: float | None = None
    disconnected: bool = False


class Told(NamedTuple):
    """A spell as it is known now; one that is told again with an end is over."""

    connector: str
    condition: Condition
    start_us: int
    end_us: int | None
    status: str
    error_code: str


@dataclass
class Outlet:
    """One connector. `status`: its own last one; `down_us`: since when it has been down; `unseen_us`: not been seen."""

    first_us: int
    status: str = ""
    error_code: str = ""
    down_us: int | None = None
    down_as: tuple[str, str] = ("", "")
    unseen_us: int | None = None


@dataclass
class Watch:
    """What is known of a station up to its last row. `settled_us`: before it, a row more would change what was told."""

    last_us: int | None = None
    settled_us: int = 0
    interval_s: float | None = None
    silent_us: int | None = None
    status: str = ""
    error_code: str = ""
    outlets: dict[str, Outlet] = field(default_factory=dict)

    @classmethod
    def of(cls, known: dict[str, Any]) -> Self:
        """From what `known` gave."""
        outlets = {
            name: Outlet(**{**each, "down_as": tuple(each["down_as"])}) for name, each in known["outlets"].items()
        }
        return cls(**{**known, "outlets": outlets})

    def known(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        return asdict(self)

    def is_late(self, row: Row) -> bool:
        """Whether the row changes what was told of a time before it."""
        return row.time_us < self.settled_us or (self.silent_us is not None and row.time_us <= self.silent_us)

    def take(self, rows: Iterable[Row], offline_after_us: int | None) -> Iterator[Told]:
        """Take rows in their order, none of them late; `offline_after_us`: what the register says."""
        for row in rows:
            yield from self.pass_until(row.time_us, offline_after_us)
            yield from self._take(row)

    def pass_until(self, at_us: int, offline_after_us: int | None) -> Iterator[Told]:
        """Time goes by without a row: from some moment on nobody knows."""
        if self.last_us is None or self.silent_us is not None:
            return
        silent_from = self.last_us + self._patience(offline_after_us)
        if at_us > silent_from:
            yield from self._fall_silent(silent_from)

    def _patience(self, offline_after_us: int | None) -> int:
        if offline_after_us is not None:
            return offline_after_us
        if self.interval_s is None:
            return OFFLINE_AFTER_US
        return int(_HEARTBEATS * self.interval_s * 1e6) + _LEEWAY_US

    def _fall_silent(self, at_us: int) -> Iterator[Told]:
        self.silent_us = at_us
        for name, outlet in self.outlets.items():
            if outlet.unseen_us is None:
                outlet.unseen_us = at_us
                yield Told(name, "unseen", at_us, None, "", "")

    def _take(self, row: Row) -> Iterator[Told]:
        if self.silent_us is not None or row.kind in {"status", "start", "stop"} or row.disconnected:
            self.settled_us = row.time_us
        self.last_us = max(row.time_us, self.last_us or 0)
        if row.kind == "link":
            self.interval_s = row.interval_s or self.interval_s
            if row.disconnected:
                yield from self._fall_silent(row.time_us)
                return
        self.silent_us = None
        if row.kind == "status":
            yield from self._status(row)
        elif row.kind in {"start", "stop"} and row.connector in self.outlets:
            outlet = self.outlets[row.connector]
            if row.kind == "start":
                outlet.status, outlet.error_code = "Charging", ""
            yield from self._seen_again(row.connector, outlet, row.time_us)
            yield from self._judge(row.connector, outlet, row.time_us)

    def _status(self, row: Row) -> Iterator[Told]:
        if row.connector == STATION_CONNECTOR:
            self.status, self.error_code = row.status, row.error_code
            for name, outlet in self.outlets.items():
                # Only what holds for all of them says anything of each.
                if row.status in DOWN:
                    yield from self._seen_again(name, outlet, row.time_us)
                yield from self._judge(name, outlet, row.time_us)
            return
        outlet = self.outlets.setdefault(row.connector, Outlet(row.time_us))
        outlet.status, outlet.error_code = row.status, row.error_code
        yield from self._seen_again(row.connector, outlet, row.time_us)
        yield from self._judge(row.connector, outlet, row.time_us)

    def _seen_again(self, name: str, outlet: Outlet, at_us: int) -> Iterator[Told]:
        if outlet.unseen_us is not None:
            yield Told(name, "unseen", outlet.unseen_us, at_us, "", "")
            outlet.unseen_us = None

    def _judge(self, name: str, outlet: Outlet, at_us: int) -> Iterator[Told]:
        own, whole = (outlet.status, outlet.error_code), (self.status, self.error_code)
        holds = own if outlet.status in DOWN else whole if self.status in DOWN else None
        if outlet.down_us is not None and holds != outlet.down_as:
            yield Told(name, "down", outlet.down_us, at_us, *outlet.down_as)
            outlet.down_us = None
        if holds is not None and outlet.down_us is None:
            outlet.down_us, outlet.down_as = at_us, holds
            yield Told(name, "down", at_us, None, *holds)
