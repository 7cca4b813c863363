"""Answers that take long are kept for a while, so that pages about ten thousand connectors come at once too."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final, TypeVar

WORTH_S: Final = 0.2
"""An answer that was made faster is made anew each time, from what is true then: that is so of networks of up to about
a thousand connectors."""
FRESH: Final = 30
"""For so many times as long as it took to make, an answer is given as it is; then it is given once more while it is
made anew, so that nobody waits but who asks first. One that took 2 s is of the last minute."""
OLDEST_S: Final = 900.0
"""One that nobody asked for so long is not given any more."""
MOST: Final = 24

Answer = TypeVar("Answer")


@dataclass
class _Kept:
    future: Future[Any] = field(default_factory=Future)
    took_s: float = 0.0
    made_at: float = 0.0
    renewing: bool = False


class Answers:
    """Used by many threads. Who asks what somebody else has just asked waits for the same answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()

    def ask(self, question: Hashable, make: Callable[[], Answer]) -> Answer:
        """What `make` gives, or gave. Raises what it raises; that is not kept."""
        with self._lock:
            kept = self._kept.get(question)
            old = kept is not None and kept.future.done() and perf_counter() - kept.made_at > OLDEST_S
            mine = kept is None or old
            if mine:
                kept = self._kept[question] = _Kept()
            assert kept is not None
            self._kept.move_to_end(question)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
            renew = kept.future.done() and not kept.renewing and self._is_due(kept)
            kept.renewing |= renew
        if mine:
            self._make(question, kept, make)
        elif renew:
            threading.Thread(target=self._renew, args=(question, make), name="insight", daemon=True).start()
        answer: Answer = kept.future.result()
        return answer

    def _is_due(self, kept: _Kept) -> bool:
        return perf_counter() - kept.made_at > FRESH * kept.took_s

    def _make(self, question: Hashable, kept: _Kept, make: Callable[[], Any]) -> None:
        began = perf_counter()
        try:
            answer = make()
        except BaseException as error:
            self._forget(question)
            kept.future.set_exception(error)
            return
        kept.made_at = perf_counter()
        kept.took_s = kept.made_at - began
        if kept.took_s < WORTH_S:
            self._forget(question)
        kept.future.set_result(answer)

    def _renew(self, question: Hashable, make: Callable[[], Any]) -> None:
        kept = _Kept()
        self._make(question, kept, make)
        with self._lock:
            if kept.future.exception() is None and kept.took_s >= WORTH_S:
                self._kept[question] = kept

    def _forget(self, question: Hashable) -> None:
        with self._lock:
            self._kept.pop(question, None)
