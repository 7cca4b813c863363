"""What finished sessions say of connectors, from one end of a session to the next, while readings are played."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from monitor.ids import Place
from monitor.rules.frame import HISTORY
from monitor.sessions.history import USED, Past, history_of, past_of
from monitor.sessions.model import Session
from monitor.units import to_us


class Histories:
    """One row for each connector and each time between two ends of sessions."""

    def __init__(
        self, fixed: pa.Table | None = None, before: Mapping[Place, Sequence[Past]] | None = None,
        known_until: datetime | None = None,
    ) -> None:  # fmt: skip
        """`fixed`, in columns of `HISTORY`: of connectors whose history stays as it is. `before`: of others the
        finished sessions, newest first, of which those that closed up to `known_until` are.
        """
        self._fixed = HISTORY.empty_table() if fixed is None else fixed
        self._named = {Place(row["site"], row["station"], row["connector"]) for row in self._fixed.to_pylist()}
        self._past = {place: deque(past, maxlen=USED) for place, past in (before or {}).items()}
        self._known_until_us = -1 if known_until is None else to_us(known_until)
        self._before = set(self._past)
        self._rows: dict[Place, list[dict[str, Any]]] = {place: [self._row(place, None)] for place in self._past}

    def note(self, closed: Iterable[Session], at_us: int) -> None:
        """Sessions that ended by a slot, which knows of them."""
        for session in closed:
            if session.place in self._named or self._known(session):
                continue
            self._past.setdefault(session.place, deque(maxlen=USED)).appendleft(past_of(session))
            rows = self._rows.setdefault(session.place, [])
            if rows:
                rows[-1]["known_until_us"] = at_us
            rows.append(self._row(session.place, at_us))

    def shed(self, before_us: int) -> None:
        """Forget what held before a slot."""
        for place, rows in self._rows.items():
            self._rows[place] = [row for row in rows if (row["known_until_us"] or before_us + 1) > before_us]

    def table(self) -> pa.Table:
        """In the columns of `HISTORY`."""
        rows = [row for some in self._rows.values() for row in some]
        return pa.concat_tables([self._fixed, pa.Table.from_pylist(rows, HISTORY)])

    def _known(self, session: Session) -> bool:
        """Whether it is one of those from before."""
        closed_us = to_us(session.closed_at) if session.closed_at else 0
        return session.place in self._before and closed_us <= self._known_until_us

    def _row(self, place: Place, from_us: int | None) -> dict[str, Any]:
        said = vars(history_of(list(self._past[place])))
        return {**place._asdict(), **said, "known_from_us": from_us, "known_until_us": None}
