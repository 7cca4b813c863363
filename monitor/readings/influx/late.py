"""Rows that came to InfluxDB behind the pulls: found beside the ticks, by counting, and where stations were silent.

Counts are of values, because InfluxDB has no count of rows. Only minutes whose counts differ are read again.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from monitor.ids import Place
from monitor.readings.influx.pulling import OVERLAP_US, Puller
from monitor.readings.influx.server import InfluxServer
from monitor.readings.influx.window import MINUTE_US, Window
from monitor.readings.schema import MEASUREMENTS

log = structlog.get_logger()

_MANY = 100
"""Stations that are back at once: beyond this their silence was one, of the pipe, and is read as one stretch."""


@dataclass(frozen=True)
class Gap:
    """A stretch to be read again at `due_us`; `place` None: of all stations."""

    place: Place | None
    start_us: int
    end_us: int
    due_us: int


class LateRows:
    """Finds late rows. `note` may be called by any thread, the others by one."""

    def __init__(self, server: InfluxServer, window: Window, puller: Puller, lateness: timedelta) -> None:
        self._server = server
        self._window = window
        self._puller = puller
        self._lateness_us = lateness // timedelta(microseconds=1)
        self._lock = threading.Lock()
        self._gaps: list[Gap] = []
        # What the server counted when a minute was last read: where rows cannot be taken the counts differ for ever.
        self._read: dict[tuple[str, int], int] = {}

    def sweep(self, now_us: int) -> int:
        """Compare the counts of the last `lateness`, minute by minute; how many rows were taken in."""
        start_us = (now_us - self._lateness_us) // MINUTE_US * MINUTE_US
        end_us = (now_us - OVERLAP_US) // MINUTE_US * MINUTE_US  # what is newer the next pull reads anyway
        self._read = {key: count for key, count in self._read.items() if key[1] >= start_us}
        return sum(self._sweep(name, start_us, end_us, now_us) for name in MEASUREMENTS)

    def note(self, silences: Iterable[tuple[Place, int, int]], now_us: int) -> None:
        """Stations are back: what they send of their silence may come now, or a little later."""
        stretches: list[tuple[Place | None, int, int]] = list(silences)
        if len(stretches) > _MANY:
            begin_us, end_us = min(begin for _, begin, _ in stretches), max(end for _, _, end in stretches)
            stretches = [(None, begin_us, end_us)]
        for place, start_us, end_us in stretches:
            for due_us in (now_us, now_us + self._lateness_us, now_us + 6 * self._lateness_us):
                self._add(Gap(place, start_us, end_us, due_us))

    def note_passed_over(self, start_us: int, end_us: int, now_us: int) -> None:
        """A stretch of all stations that no pull has read."""
        self._add(Gap(None, start_us, end_us, now_us))

    def read_gaps(self, now_us: int) -> int:
        """Read what is due again; how many rows were taken in. What fails stays due."""
        taken = 0
        with self._lock:
            due = [gap for gap in self._gaps if gap.due_us <= now_us]
        for gap in due:
            found = self._puller.read_again(gap.start_us, gap.end_us, now_us, gap.place)
            if found:
                log.info("late rows", of=gap.place.subject if gap.place else "all stations", rows=found)
            taken += found
            with self._lock:
                self._gaps.remove(gap)
        return taken

    def _add(self, gap: Gap) -> None:
        with self._lock:
            self._gaps.append(gap)

    def _sweep(self, measurement: str, start_us: int, end_us: int, now_us: int) -> int:
        there = self._server.counts(measurement, start_us, end_us, MINUTE_US // 1_000_000)
        here = self._window.values(measurement, start_us, end_us)
        taken = 0
        for minute_us, count in zip(there["time_us"].to_pylist(), there["values"].to_pylist(), strict=True):
            if count == here.get(minute_us, 0) or self._read.get((measurement, minute_us)) == count:
                continue
            table = self._server.read(measurement, minute_us, minute_us + MINUTE_US)
            taken += self._window.take({measurement: table}, now_us)
            self._read[(measurement, minute_us)] = count
        return taken
