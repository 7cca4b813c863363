"""Every night the counts of 30 days are compared, by station and hour: what came later than anything else finds it.

Offline stations deliver whole transactions hours or days later, and these must be billed. The window notes how much it
had of each station and hour when it let go of them; where InfluxDB has another count now, that hour is read again.
"""

from collections import Counter
from collections.abc import Iterator
from time import monotonic

import structlog

from monitor.ids import Place
from monitor.readings.influx.ledger import DAY_US, HOUR_US, night_of
from monitor.readings.influx.pulling import Puller
from monitor.readings.influx.server import InfluxServer
from monitor.readings.influx.window import Window
from monitor.readings.schema import MEASUREMENTS

log = structlog.get_logger()

DAYS = 30
_BUDGET_S = 5.0
"""How much of a round beside a tick it may take: the last minutes matter more."""
_QUICK_S = 1.0
_MANY = 100
"""Stations with differences in one hour beyond which the hour is read as a whole."""


class Nightly:
    """Compares in pieces, a few each round. Used by one thread."""

    def __init__(self, server: InfluxServer, window: Window, puller: Puller) -> None:
        self._server = server
        self._window = window
        self._puller = puller
        self._under_way: Iterator[int] | None = None

    def advance(self, now_us: int) -> int:
        """Go on with the night's comparison when it is time; how many rows were taken in. Raises StoreUnavailable."""
        night = night_of(now_us)
        if self._under_way is None:
            if night <= self._window.compared[0]:
                return 0
            self._under_way = self._compare(night, now_us)
        taken, deadline = 0, monotonic() + _BUDGET_S
        try:
            for found in self._under_way:
                taken += found
                if monotonic() > deadline:
                    return taken
        except Exception:
            self._under_way = None  # from the beginning again: the comparison of what was done finds nothing
            raise
        self._under_way = None
        return taken

    def _compare(self, night: int, now_us: int) -> Iterator[int]:
        """Piece by piece, how many rows each brought."""
        end_us = self._window.compared[1]
        total = 0
        for name in MEASUREMENTS:
            start_us, step_us = (end_us // DAY_US - DAYS) * DAY_US, HOUR_US
            while start_us < end_us:
                began = monotonic()
                upto_us = min(start_us + step_us, end_us)
                found = self._piece(name, start_us, upto_us, now_us)
                total += found
                start_us = upto_us
                # Nobody knows beforehand how much there is in an hour; an answer has to come within the time limit.
                took = monotonic() - began
                step_us = min(4 * step_us, DAY_US) if took < _QUICK_S else max(step_us // 4 // HOUR_US, 1) * HOUR_US
                yield found
        self._window.note_night(night)
        log.info("30 days compared with InfluxDB", late_rows=total)

    def _piece(self, measurement: str, start_us: int, end_us: int, now_us: int) -> int:
        counts = self._server.counts(measurement, start_us, end_us, HOUR_US // 1_000_000, by_station=True)
        differing = self._window.differing(measurement, counts)
        stations = Counter(hour_us for _, hour_us in differing)
        stretches = {(place if stations[hour_us] <= _MANY else None, hour_us) for place, hour_us in differing}
        taken = 0
        for place, hour_us in sorted(stretches, key=_order):
            taken += self._puller.read_again(hour_us, hour_us + HOUR_US, now_us, place, (measurement,))
        self._window.record(measurement, counts)
        return taken


def _order(stretch: tuple[Place | None, int]) -> tuple[int, str]:
    place, hour_us = stretch
    return hour_us, place.subject if place else ""
