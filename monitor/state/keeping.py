"""Retention: once a day, what is older than [retention] says goes out of the readings and the sessions."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog

from monitor.config import Retention
from monitor.errors import LaddvaktError
from monitor.readings import keeping
from monitor.readings.schema import MEASUREMENTS
from monitor.readings.store import ReadingStore
from monitor.state.sessions import SessionStore

log = structlog.get_logger()


class Keeping:
    """Deletes in pieces, beside the ticks; what fails is logged with its reason, and the rest goes on."""

    def __init__(self, store: ReadingStore, sessions: SessionStore, retention: Retention) -> None:
        self._store = store
        self._sessions = sessions
        self._retention = retention
        self._stopped = threading.Event()

    @property
    def wanted(self) -> bool:
        """Whether anything is ever forgotten."""
        return any(span for _, span in self._retention)

    def stop(self) -> None:
        """End a run after the piece under way; the next day goes on."""
        self._stopped.set()

    def run(self, now: datetime) -> dict[str, int]:
        """Forget what is too old at `now`; how much of what it was."""
        gone = {}
        for name in MEASUREMENTS:
            if span := self._span(name):
                gone[name] = self._sum(name, keeping.forget(self._store, name, now - span))
        if span := self._span("user"):
            gone["user"] = self._sum("user", keeping.forget_users(self._store, now - span))
            gone["session user"] = self._sum("session user", self._sessions.forget_users(now - span))
        if any(gone.values()):
            log.info("forgotten", **gone)
        return gone

    def _span(self, name: str) -> timedelta:
        span: timedelta = getattr(self._retention, name)
        return span

    def _sum(self, what: str, pieces: Iterator[int]) -> int:
        gone = 0
        try:
            while not self._stopped.is_set() and (piece := next(pieces, None)) is not None:
                gone += piece
        except LaddvaktError as error:
            log.warning("not forgotten", what=what, error=str(error))
        return gone
