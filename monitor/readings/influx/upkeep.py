"""What happens beside the ticks: late rows are looked for, silences read again, old rows dropped from the window."""

import threading
from datetime import timedelta

import structlog

from monitor.errors import LaddvaktError
from monitor.readings.influx.late import LateRows
from monitor.readings.influx.nightly import Nightly
from monitor.readings.influx.window import Window

log = structlog.get_logger()


class Upkeep:
    """A thread that does one round after each tick; ticks that come while it works share the next."""

    def __init__(self, window: Window, late: LateRows, nightly: Nightly, keep: timedelta) -> None:
        self._window = window
        self._late = late
        self._nightly = nightly
        self._keep_us = keep // timedelta(microseconds=1)
        self._condition = threading.Condition()
        self._working = threading.Lock()
        self._now_us: int | None = None
        self._stopped = False
        self._consumed = 0
        self._dropped_us = 0
        self._thread = threading.Thread(target=self._run, name="readings-upkeep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the round under way."""
        with self._condition:
            self._stopped = True
            self._condition.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self, now_us: int) -> None:
        """A tick of `now_us` has its rows."""
        with self._condition:
            self._now_us = now_us
            self._condition.notify_all()

    def note_consumed(self, after: int) -> None:
        """Rows up to this number have been given to sessions and may be dropped when they are old."""
        self._consumed = max(self._consumed, after)

    def work(self, now_us: int) -> int:
        """One round; how many late rows were taken in. Raises StoreUnavailable."""
        with self._working:
            taken = self._late.sweep(now_us) + self._late.read_gaps(now_us)
            before_us = now_us - self._keep_us
            # In steps of a sixth of the window: what is deleted one by one fragments the file.
            if before_us - self._dropped_us >= self._keep_us // 6:
                self._window.drop(before_us, self._consumed)
                self._dropped_us = before_us
            return taken + self._nightly.advance(now_us)

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._stopped or self._now_us is not None)
                if self._stopped:
                    return
                now_us, self._now_us = self._now_us, None
            assert now_us is not None
            try:
                self.work(now_us)
            except LaddvaktError as error:
                log.warning("late rows were not looked for", error=str(error))
            except Exception:
                log.exception("late rows were not looked for")
