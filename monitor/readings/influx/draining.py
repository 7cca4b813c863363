"""The spool's way into InfluxDB: one thread, in order, with back-off while the server is away."""

import threading
from collections.abc import Sequence
from datetime import datetime
from time import monotonic

import structlog

from monitor.errors import InputError, LaddvaktError
from monitor.readings.influx.server import InfluxServer
from monitor.readings.influx.window import Window
from monitor.readings.spool import Spool
from monitor.readings.store import Batch

log = structlog.get_logger()

_ROWS_AT_ONCE = 20_000
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 15.0


class Drain:
    """Empties the spool by itself from `start` to `stop`."""

    def __init__(self, spool: Spool, server: InfluxServer, window: Window) -> None:
        self._spool = spool
        self._server = server
        self._window = window
        self._stopped = threading.Event()
        self._hurry = threading.Event()
        self._failures = 0
        self._refused = 0
        self._error = ""
        self._thread = threading.Thread(target=self._run, name="spool-drain", daemon=True)

    def hurry(self, until: datetime, seconds: float) -> str:
        """Try now, and wait until what came in up to `until` is drained; empty then, else what keeps it.

        Returns after `seconds` at the latest, and at once when the attempt fails.
        """
        failures, deadline = self._failures, monotonic() + seconds
        self._hurry.set()
        while (oldest := self._spool.oldest) is not None and oldest <= until:
            if self._failures > failures:
                return self._error
            if monotonic() > deadline:
                return self._error or "they are on their way"
            self._stopped.wait(0.02)
        return ""

    @property
    def refused(self) -> int:
        """Rows since the start that InfluxDB would not take out of the spool, whatever the day."""
        return self._refused

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the batch under way; what waits stays."""
        self._stopped.set()
        self._hurry.set()
        self._spool.wake()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._stopped.is_set():
            self._spool.wait(1.0)
            try:
                while self._spool and not self._stopped.is_set():
                    self._drain_some()
                    pause_s, self._error = _FIRST_PAUSE_S, ""
            except LaddvaktError as error:
                log.warning(
                    "the spool waits", error=str(error), again_in_s=pause_s, batches=self._spool.waiting.batches
                )
                self._rest(error, pause_s)
            except Exception as error:
                log.exception("the spool waits")
                self._rest(error, pause_s)
            else:
                continue
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _rest(self, error: Exception, seconds: float) -> None:
        """Note why, and wait, but not when a tick asks: who asks after the note must find its wish kept."""
        self._hurry.clear()
        self._error = str(error) or type(error).__name__
        self._failures += 1
        self._hurry.wait(seconds)

    def _drain_some(self) -> None:
        batches = self._spool.first(_ROWS_AT_ONCE)
        self._server.connect()
        self._window.append_all(self._written(batches))
        self._spool.drop_first()

    def _written(self, batches: Sequence[Batch]) -> Sequence[Batch]:
        """Write them at once, and in halves where the server refuses some; those that it took."""
        if len(batches) == 1:
            return [batch for batch in batches if self._takes(batch)]
        try:
            self._server.write_lines(b"\n".join(self._server.lines_of(batch) for batch in batches))
        except InputError:
            middle = len(batches) // 2
            return [*self._written(batches[:middle]), *self._written(batches[middle:])]
        return batches

    def _takes(self, batch: Batch) -> bool:
        """Write one batch; False when the server refuses it, as it always would: others must not wait behind it."""
        try:
            self._server.write(batch)
        except InputError as error:
            self._refused += batch.rows
            log.warning("InfluxDB refuses a batch of the spool", rows=batch.rows, error=str(error))
            return False
        return True
