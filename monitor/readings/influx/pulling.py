"""InfluxDB -> window: the first load, and at each tick what has come since, in pieces of bounded size."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pyarrow as pa
import structlog

from monitor.errors import StoreUnavailable
from monitor.ids import Place
from monitor.readings.influx.server import InfluxServer
from monitor.readings.influx.window import Window
from monitor.readings.schema import MEASUREMENTS
from monitor.units import from_us

log = structlog.get_logger()

OVERLAP_US = 30_000_000
"""How far before the last pull's end the next one begins: writers are not that punctual."""
_PIECE_ROWS = 300_000
_FIRST_PIECE_US = 10_000_000
_BYTES_A_ROW = 60
"""What a reading of ten values takes in the window's file, before it was seen."""


@dataclass(frozen=True)
class Reach:
    """How far back the window goes, and how large its file may become, in bytes."""

    keep: timedelta
    limit: int

    @property
    def keep_us(self) -> int:
        """`keep` in microseconds."""
        return self.keep // timedelta(microseconds=1)


class Puller:
    """Reads the source forward. Used by one thread, the one that ticks; `read_again` by any."""

    def __init__(self, server: InfluxServer, window: Window, reach: Reach) -> None:
        self._server = server
        self._window = window
        self._reach = reach

    def pull(self, now_us: int) -> tuple[int, int] | None:
        """Bring the window's rows up to `now_us`, that moment included.

        After an interruption longer than the window, returns the stretch before it that was passed over: rules need
        the window at once, sessions can wait for the rest. Raises StoreUnavailable; what was read until then stays.
        """
        oldest_us = now_us - self._reach.keep_us
        pulled_us = self._window.pulled_us
        if pulled_us is None:
            self._window.take({"status": self._server.last_status()}, None)
            self._pull(oldest_us, now_us + 1, seen_us=None)
            self._window.begin_ledger(oldest_us, now_us)
            log.info("the window is loaded", rows=self._window.health().rows)
            return None
        begin_us = min(pulled_us, now_us) - OVERLAP_US
        self._pull(max(begin_us, oldest_us), now_us + 1, seen_us=now_us)
        return (begin_us, oldest_us) if begin_us < oldest_us else None

    def read_again(
        self,
        start_us: int,
        end_us: int,
        seen_us: int,
        place: Place | None = None,
        measurements: Iterable[str] = tuple(MEASUREMENTS),
    ) -> int:
        """Take in what the window lacks of start <= time < end; how many rows that were."""
        return sum(
            self._window.take({name: table}, seen_us)
            for name in measurements
            for _, table in self._pieces(name, start_us, end_us, place)
        )

    def _pull(self, start_us: int, end_us: int, seen_us: int | None) -> None:
        """Statuses and events first: a meter row without them would be one of a connector without a status."""
        for name in sorted(MEASUREMENTS, key=lambda name: name == "meter"):
            rows = 0
            for upto_us, table in self._pieces(name, start_us, end_us):
                self._window.take({name: table}, seen_us)
                rows += table.num_rows
                if name == "meter" and upto_us < end_us:
                    self._check_fit(rows, upto_us - start_us)
                    log.info("reading from InfluxDB", upto=from_us(upto_us).isoformat(), rows=rows,
                             percent=100 * (upto_us - start_us) // (end_us - start_us))  # fmt: skip
        self._window.note_pulled(end_us - 1)

    def _pieces(
        self, measurement: str, start_us: int, end_us: int, place: Place | None = None
    ) -> Iterator[tuple[int, pa.Table]]:
        """Rows by stretches as long as about 300,000 of them take; each with its end."""
        span_us = _FIRST_PIECE_US if end_us - start_us > 20 * _FIRST_PIECE_US else end_us - start_us
        while start_us < end_us:
            upto_us = min(start_us + span_us, end_us)
            table = self._server.read(measurement, start_us, upto_us, place=place)
            yield upto_us, table
            start_us = upto_us
            span_us = int(span_us * min(8.0, max(0.25, _PIECE_ROWS / max(table.num_rows, 1))))

    def _check_fit(self, rows: int, span_us: int) -> None:
        """Raise StoreUnavailable while there is still room, rather than fill the disk."""
        whole = rows * self._reach.keep_us // max(span_us, 1)
        if rows > _PIECE_ROWS and whole * _BYTES_A_ROW > self._reach.limit:
            raise StoreUnavailable(
                f"a window of {self._reach.keep} holds about {whole:,} readings of this fleet, more than "
                f"evaluate.window_limit ({self._reach.limit:,} bytes) has room for: raise it, shorten evaluate.window, "
                "or share the sites among several evaluators"
            )
