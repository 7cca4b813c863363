"""Where bodies of line protocol enter the store, and the running counts that the health page shows."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

from monitor.ingest.clock import Precision
from monitor.ingest.line_protocol import Parsed, parse
from monitor.readings.store import ReadingStore

_UNKNOWN_NAMES = 1000
"""How many names are told apart; a sender that makes up names must not fill the memory."""
OTHER_NAMES = "(other names)"


class Intake:
    """Parses a body and appends its good lines. May be called from any number of threads."""

    def __init__(self, store: ReadingStore, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._counting = threading.Lock()
        self._accepted = 0
        self._rejected = 0
        self._unknown: Counter[str] = Counter()

    def write(self, body: bytes, precision: Precision) -> Parsed:
        """Store the good lines of a body; on return they survive kill -9.

        Raises StoreUnavailable; then none is stored.
        """
        parsed = parse(body, precision, self._now())
        if parsed.batch.rows:
            self._store.append(parsed.batch)
        self._count(parsed)
        return parsed

    @property
    def accepted(self) -> int:
        """Rows stored since the start."""
        return self._accepted

    @property
    def rejected(self) -> int:
        """Lines rejected since the start."""
        return self._rejected

    @property
    def unknown(self) -> Mapping[str, int]:
        """How often each unknown measurement, field (`meter.colour`) or tag (`meter,host`) was seen since the start."""
        with self._counting:
            return dict(self._unknown)

    def _count(self, parsed: Parsed) -> None:
        with self._counting:
            self._accepted += parsed.batch.rows
            self._rejected += len(parsed.rejected)
            for name, count in parsed.unknown.items():
                known = name in self._unknown or len(self._unknown) < _UNKNOWN_NAMES
                self._unknown[name if known else OTHER_NAMES] += count
