"""Where line protocol and OCPP messages enter the store, and the running counts that the health page shows."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import pyarrow as pa

from monitor.ids import Place
from monitor.ingest.clock import Precision
from monitor.ingest.identity import PLAIN, Identities
from monitor.ingest.line_protocol import Parsed, parse
from monitor.ingest.ocpp.reader import Default, Reader, recall_from
from monitor.readings.store import ReadingStore
from monitor.register import Register

_REMEMBERED = 100
"""How many transactions and statuses of a station are read when its first message comes."""
_UNKNOWN_NAMES = 1000
"""How many names are told apart; a sender that makes up names must not fill the memory."""
OTHER_NAMES = "(other names)"


class Intake:
    """Parses a body and appends its good lines. May be called from any number of threads."""

    def __init__(
        self,
        store: ReadingStore,
        now: Callable[[], datetime],
        identities: Identities = PLAIN,
        register: Callable[[], Register] = Register,
    ) -> None:
        self._store = store
        self._now = now
        self._identities = identities
        self._messages = Reader(register, recall_from(self._newest_of))
        self._counting = threading.Lock()
        self._accepted = 0
        self._rejected = 0
        self._unknown: Counter[str] = Counter()

    def write(self, body: bytes, precision: Precision) -> Parsed:
        """Store the good lines of a body; on return they survive kill -9.

        Raises StoreUnavailable; then none is stored.
        """
        return self._take(parse(body, precision, self._now()))

    def hear(self, body: bytes, default: Default) -> Parsed:
        """Store what OCPP messages say (one a line, or a JSON array of them); `default`: whose they are.

        Raises StoreUnavailable; then none is stored, and they may be sent again.
        """
        return self._take(self._messages.read(body, self._now(), default))

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

    def _take(self, parsed: Parsed) -> Parsed:
        if parsed.batch.rows:
            self._store.append(self._identities.hidden(parsed.batch))
        self._count(parsed)
        return parsed

    def _newest_of(self, measurement: str, station: Place) -> Iterator[pa.RecordBatch]:
        return self._store.scan(measurement, place=station, newest_first=True, limit=_REMEMBERED)

    def _count(self, parsed: Parsed) -> None:
        with self._counting:
            self._accepted += parsed.batch.rows
            self._rejected += len(parsed.rejected)
            for name, count in parsed.unknown.items():
                known = name in self._unknown or len(self._unknown) < _UNKNOWN_NAMES
                self._unknown[name if known else OTHER_NAMES] += count
