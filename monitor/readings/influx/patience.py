"""Work that may take longer than a tick can wait: it goes on in its thread while the tick gives up."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillBusy
from time import monotonic

__all__ = ["Patience", "StillBusy"]


class Patience:
    """Runs one thing at a time. Used by one thread.

    Time limits of single reads do not bound a server that sends a byte now and then, nor the load of a large window.
    """

    def __init__(self) -> None:
        self._under_way: Future[None] | None = None

    def run(self, work: Callable[[], None], seconds: float) -> None:
        """Return when `work` is done, after what an earlier call may have left under way.

        Raises StillBusy when that takes longer than `seconds`, and whatever the work raises.
        """
        deadline = monotonic() + seconds
        while True:
            mine = self._under_way is None
            if self._under_way is None:
                self._under_way = _begin(work)
            self._under_way.exception(max(0.0, deadline - monotonic()))  # StillBusy leaves it under way
            done, self._under_way = self._under_way, None
            if mine:
                done.result()
                return


def _begin(work: Callable[[], None]) -> "Future[None]":
    done: Future[None] = Future()

    def do() -> None:
        try:
            done.set_result(work())  # type: ignore[func-returns-value]
        except BaseException as error:
            done.set_exception(error)

    # A daemon: a server that never stops sending must not keep the process from ending.
    threading.Thread(target=do, name="influx-pull", daemon=True).start()
    return done
