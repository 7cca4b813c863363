"""Comparisons for the pages: small ones at once, long ones in the background, where nothing waits for them."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.authoring.compare import Prices, compare, counted
from monitor.errors import InputError, Unavailable
from monitor.sessions.comparison import Comparison
from monitor.state.repricing import Selection

AT_ONCE = 20_000
"""Sessions up to which starting other processes takes longer than doing without."""
PATIENCE_S = 1.0
"""So long a request waits for an answer before it says that one is being made."""
KEPT_FOR = timedelta(minutes=10)
"""After that the same question is asked anew: sessions have come since."""
KEPT, WAITING = 8, 4


@dataclass(frozen=True)
class Question:
    """What is compared. `tariff` None: all tariffs with their assignments; `version`: of what prices."""

    chosen: Selection
    tariff: str | None
    version: str


@dataclass
class Run:
    """A comparison being made or made. `done` of `total` parts are; `total` 0: it has not begun."""

    asked_at: datetime
    future: "Future[Comparison]"
    done: int = 0
    total: int = 0

    @property
    def found(self) -> Comparison | None:
        """The tables; None while they are being made. Raises InputError where there is nothing to compare."""
        return self.future.result() if self.future.done() else None


@dataclass
class Comparisons:
    """One at a time, the last few answers kept. Threads of the web ask."""

    state_url: str
    now: Callable[[], datetime]
    at_once: int = AT_ONCE
    _runs: dict[Question, Run] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "comparison"))

    def ask(self, question: Question, prices: Prices) -> Run:
        """The run of a question, begun now unless it has been; waits a moment for the answer.

        Raises Unavailable while too many others wait.
        """
        with self._lock:
            run = self._runs.get(question)
            if run is None or (run.future.done() and self.now() - run.asked_at > KEPT_FOR):
                run = self._begin(question, prices)
        with suppress(NotYet):
            run.future.exception(PATIENCE_S)
        return run

    def stop(self) -> None:
        """Begin no more, and give up what is being made after the part that it is at."""
        self._stopped.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, question: Question, prices: Prices) -> Run:
        if sum(not run.future.done() for run in self._runs.values()) >= WAITING:
            raise Unavailable(f"{WAITING} comparisons are being made; ask again in a minute")
        finished = [asked for asked, run in self._runs.items() if run.future.done()]
        for asked in finished[: max(len(self._runs) - KEPT + 1, 0)]:
            del self._runs[asked]
        run = Run(self.now(), Future())
        self._runs.pop(question, None)
        self._runs[question] = run
        self._pool.submit(self._make, run, question, prices)
        return run

    def _make(self, run: Run, question: Question, prices: Prices) -> None:
        def progress(done: int, total: int) -> None:
            if self._stopped.is_set():
                raise Unavailable("the service stops")
            run.done, run.total = done, total

        try:
            found = counted(self.state_url, question.chosen)
            small = found is None or found[2] <= self.at_once
            processes = 1 if small else max(os.cpu_count() or 1, 2)
            run.future.set_result(
                compare(self.state_url, prices, question.chosen, processes=processes, progress=progress)
            )
        except Exception as failure:  # whoever asked is told, whatever it was
            run.future.set_exception(failure)


def question_of(prices: Prices, tariff: str | None, chosen: Selection) -> Question:
    """The question that `prices` answer; raises InputError where they are none."""
    versions = [each.version for each in prices.tariffs()]
    if not versions:
        raise InputError("there are no tariffs in force to compare with")
    assigned = prices.book.assignments if prices.book and not prices.tariff else ()
    return Question(chosen, tariff, " ".join([*versions, *(f"{each.assignment!r}" for each in assigned)]))
