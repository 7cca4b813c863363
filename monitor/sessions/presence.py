"""What a row says by its times alone: was it late, was the car there, since when has nobody seen it.

Procedures here change the visit that they are given.
"""

from monitor.sessions.model import Flag
from monitor.sessions.rows import MeterRow, Row, StatusRow, TransactionRow
from monitor.sessions.visit import Visit

LATE_US = 5 * 60 * 1_000_000
"""A row that came more than 5 min after its own time is late."""

AHEAD_US = 10 * 60 * 1_000_000
"""A row more than 10 min ahead of its arrival comes from a clock that is wrong."""

_NONE: frozenset[Flag] = frozenset()
_LATE: frozenset[Flag] = frozenset({"late"})
_SKEW: frozenset[Flag] = frozenset({"clock_skew"})


def late(row: Row) -> bool:
    """Whether the row came well after its own time: it was queued, or sent after an outage."""
    return row.received_us - row.time_us > LATE_US


def marks(row: Row) -> frozenset[Flag]:
    """What a row says about the session by its times alone."""
    if late(row):
        return _LATE
    return _SKEW if row.time_us - row.received_us > AHEAD_US else _NONE


def skew(row: TransactionRow) -> frozenset[Flag]:
    """The flag of a transaction whose time is not the charger's."""
    return _SKEW if row.clock_replaced else _NONE


def seen(visit: Visit, row: StatusRow | MeterRow | TransactionRow) -> None:
    """The car was there at the row. One that came late tells of no moment after it: the station was away until then."""
    if late(row):
        visit.unseen_since_us, visit.seen_again_us = row.time_us, None
    elif visit.unseen_since_us is None:
        return
    elif isinstance(row, StatusRow) or not visit.names(row.session):
        visit.seen_again_us = row.time_us
    else:
        visit.unseen_since_us = visit.seen_again_us = None


def unseen(visit: Visit, since_us: int) -> None:
    """A silence began at `since_us`, or goes on from the one before."""
    if visit.unseen_since_us is None or visit.seen_again_us is not None:
        visit.unseen_since_us, visit.seen_again_us = since_us, None
