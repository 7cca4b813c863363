"""The fold: rows of one connector, in the order of `rows.key_of`, into visits. Pure: `step(state, row) -> state`.

Evidence, best first: transaction events, else the session id on meter values, else the status. What a row can do:

    Preparing                      notes when the car was plugged in
    start                          begins a visit (or is the start of one that other rows began a moment ago)
    meter values with a new id     begin a visit where no start was seen
    Charging, Suspended            begin a visit on a connector that has never had transactions
    stop                           ends charging; the car is still there unless the connector says it is free
    Available, Reserved, Preparing end the visit once it is stopped; Available always does
    any begin                      ends the visit before it
"""

from typing import NamedTuple

from monitor.sessions.classes import FREE, OCCUPIED, PLUGGED
from monitor.sessions.laying import lay
from monitor.sessions.measuring import meter_read
from monitor.sessions.outlet import Outlet
from monitor.sessions.presence import late, marks, seen, skew, unseen
from monitor.sessions.rows import Key, LinkRow, MeterRow, Row, StationRow, StatusRow, TransactionRow, key_of
from monitor.sessions.transactions import started, started_late, stop
from monitor.sessions.visit import ADOPT_US, Source, Visit

RESUME_US = 60 * 60 * 1_000_000
"""Meter values with power and the same id within this after Available: the status was wrong, the visit goes on."""

FLOWING_W = 100.0
"""Power from which a car is certainly charging; below it is what electronics need."""


class State(NamedTuple):
    """All that the fold knows of a connector. `overlay`: Unavailable or Faulted of the whole station."""

    last: Key | None = None
    status: str | None = None
    overlay: str | None = None
    plugged_us: int | None = None
    current: Visit | None = None
    previous: Visit | None = None

    @property
    def effective(self) -> str | None:
        """The status that holds: the station's Unavailable and Faulted hold for all its connectors."""
        return self.overlay or self.status


def step(state: State, row: Row, outlet: Outlet, grace_us: int) -> State:
    """The state after one more row; `row` comes after all rows folded before."""
    state = _gap(state, row, outlet)
    state = State(key_of(row), state.status, state.overlay, state.plugged_us, state.current, state.previous)
    match row:
        case MeterRow():
            return _meter(state, row, outlet)
        case StatusRow():
            return _status(state, row, outlet, grace_us)
        case StationRow():
            return _station(state, row, outlet)
        case TransactionRow(event="start"):
            return _start(state, row, outlet)
        case TransactionRow():
            return _stop(state, row, outlet)
        case LinkRow():
            return state


def holding(state: State, row: Row) -> State:
    """The state with a status that held before anything is known: no car is known to be there."""
    match row:
        case StatusRow():
            return _plugged(state._replace(status=row.status), row)
        case StationRow():
            return state._replace(overlay=_overlay(row))
        case _:
            return state


def _gap(state: State, row: Row, outlet: Outlet) -> State:
    """Note a silence in which rows were due: said by a disconnect, or too long while the car was charging."""
    visit = state.current
    if visit is None or visit.ended:
        return state
    due = visit.stopped_us is None and state.status in {"Charging", None}
    last_us = state.last[0] if state.last is not None else row.time_us
    since_us = last_us if row.time_us - last_us > outlet.silence_us and due else None
    if visit.lost_us is not None and row.time_us - visit.lost_us > 60_000_000:
        since_us = visit.lost_us
    lost_us = row.time_us if isinstance(row, LinkRow) and row.event == "disconnected" else None
    if since_us is None and lost_us == visit.lost_us:
        return state
    visit = visit.copy()
    visit.lost_us = lost_us
    if since_us is not None:
        visit.flags |= {"gap"}
        unseen(visit, since_us)
    return state._replace(current=visit)


def _status(state: State, row: StatusRow, outlet: Outlet, grace_us: int) -> State:
    visit = state.current
    if visit is not None and visit.ended:
        visit = _status_after_end(visit, row, grace_us)
    changed = state._replace(status=row.status, current=visit)
    if visit is None or visit.ended:
        return _begin_by_status(_plugged(changed, row), row, outlet)
    visit = visit.copy()
    lay(visit, row.time_us, state.effective, outlet)
    visit.flags |= marks(row)
    if row.status in OCCUPIED:
        seen(visit, row)
    # Without transaction events the status alone says when charging ended.
    by_status = visit.source != "transaction" and visit.stopped_us is None
    leaves = _leaves(visit, row)
    if by_status and (leaves or row.status == "Finishing"):
        visit.stopped_us = row.time_us
    if leaves:
        # A station that queues statuses too says itself when the car left.
        visit.unseen_since_us = None if late(row) else visit.unseen_since_us
        visit.plug_out_us = row.time_us
        changed = _plugged(changed, row)
    return changed._replace(current=visit)


def _plugged(state: State, row: StatusRow) -> State:
    """Since when the next car is there: its first Preparing; a free connector has none."""
    if row.status == "Preparing" and state.plugged_us is None:
        return state._replace(plugged_us=row.time_us)
    return state._replace(plugged_us=None) if row.status in {"Available", "Reserved"} else state


def _leaves(visit: Visit, row: StatusRow) -> bool:
    if row.status not in FREE:
        return False
    if row.status == "Available":
        # At the very second of the start it is the status from before it.
        return row.time_us > (visit.started_us or visit.born_us) or visit.stopped_us is not None
    return visit.stopped_us is not None or visit.source == "status"


def _status_after_end(visit: Visit, row: StatusRow, grace_us: int) -> Visit:
    """A status within the grace that says the car is still there takes the plug-out back."""
    assert visit.plug_out_us is not None
    if row.time_us - visit.plug_out_us >= grace_us or visit.source == "status":
        return visit
    still_there = row.status == "Finishing" or (
        visit.stopped_us is None and row.status in {"Charging", "SuspendedEV", "SuspendedEVSE"}
    )
    if not still_there:
        return visit
    back = visit.copy()
    back.plug_out_us = None
    back.flags |= marks(row)
    return back


def _begin_by_status(state: State, row: StatusRow, outlet: Outlet) -> State:
    visit = state.current
    knows_better = visit is not None and visit.source != "status"
    if row.status not in {"Charging", "SuspendedEV", "SuspendedEVSE"} or knows_better:
        return state
    return _begin(state, row, outlet, "status", "")[0]


def _station(state: State, row: StationRow, outlet: Outlet) -> State:
    visit = state.current
    if visit is not None and not visit.ended:
        visit = visit.copy()
        lay(visit, row.time_us, state.effective, outlet)
    return state._replace(overlay=_overlay(row), current=visit)


def _overlay(row: StationRow) -> str | None:
    return row.status if row.status in {"Unavailable", "Faulted"} else None


def _begin(state: State, row: Row, outlet: Outlet, source: Source, transaction: str) -> tuple[State, Visit]:
    """A new visit, which the caller may still change; the one before it ends here at the latest."""
    ended = state.current.copy() if state.current else None
    if ended is not None:
        lay(ended, row.time_us, state.effective, outlet)
        ended.plug_out_us, ended.replaced_us = ended.plug_out_us or row.time_us, row.time_us
    visit = Visit(
        born=key_of(row),
        source=source,
        transaction=transaction,
        plug_in_us=state.plugged_us if state.plugged_us is not None else row.time_us,
        started_us=row.time_us,
        laid_us=row.time_us,
        flags=marks(row),
    )
    return state._replace(current=visit, previous=ended, plugged_us=None), visit


def _start(state: State, row: TransactionRow, outlet: Outlet) -> State:
    visit = state.current
    if visit is not None and _adopts(visit, row):
        visit = visit.copy()
        started_late(visit, row)
        state = state._replace(current=visit)
    else:
        state, visit = _begin(state, row, outlet, "transaction", row.session)
    started(visit, row, outlet)
    return state


def _adopts(visit: Visit, row: TransactionRow) -> bool:
    same = visit.source == "status" or visit.names(row.session) or not visit.transaction
    young = row.time_us - visit.born_us <= ADOPT_US
    return same and young and not visit.has_start and visit.stopped_us is None and not visit.ended


def _stop(state: State, row: TransactionRow, outlet: Outlet) -> State:
    visit, previous = state.current, state.previous
    if visit is not None and _stops(visit, row):
        visit = visit.copy()
        stop(visit, row, state.effective, outlet)
        if not visit.ended and state.status not in PLUGGED | {"Faulted", "Unavailable"}:
            visit.plug_out_us = visit.stopped_us
        return state._replace(current=visit)
    if previous is not None and previous.names(row.session):
        previous = previous.copy()
        stop(previous, row, None, outlet)
        return state._replace(previous=previous)
    return _orphan(state, row)


def _stops(visit: Visit, row: TransactionRow) -> bool:
    """Whether the stop is this visit's: by id, or because one of them has none (a start that never came)."""
    nameless = not row.session or not visit.transaction
    return visit.names(row.session) or (nameless and not visit.has_stop)


def _orphan(state: State, row: TransactionRow) -> State:
    """A stop of a transaction of which nothing else is known: a visit without start and energy, for a person to see.

    It ends nothing: the car that is there may be another one.
    """
    visit = Visit(
        born=key_of(row),
        source="transaction",
        transaction=row.session,
        plug_in_us=row.time_us,
        started_us=None,
        laid_us=row.time_us,
        has_stop=True,
        stopped_us=row.time_us,
        plug_out_us=row.time_us,
        replaced_us=row.time_us,
        register_stop_mwh=row.meter_mwh,
        stop_reason=row.reason,
        user=row.user,
        group=row.group,
        flags=marks(row) | skew(row),
    )
    return state._replace(previous=visit)


def _meter(state: State, row: MeterRow, outlet: Outlet) -> State:
    visit, previous = state.current, state.previous
    named = not row.session or (visit is not None and visit.names(row.session))
    if not named and previous is not None and previous.names(row.session):
        return state
    if not named and (visit is None or visit.transaction or visit.stopped_us is not None or visit.ended):
        state, visit = _begin(state, row, outlet, "meter", row.session)
    elif visit is None:
        return state
    elif visit.ended:
        return _resumed(state, visit, row, outlet)
    else:
        visit = visit.copy()
        state = State(state.last, state.status, state.overlay, state.plugged_us, visit, previous)
    if not visit.transaction and row.session:
        visit.source, visit.transaction = "meter" if visit.source == "status" else visit.source, row.session
    if visit.source == "meter" and not row.session and state.status is None:
        # The id was all that told of this session, and now it is gone.
        visit.stopped_us = visit.plug_out_us = visit.laid_us
    else:
        meter_read(visit, row, state.effective, outlet)
    return state


def _resumed(state: State, visit: Visit, row: MeterRow, outlet: Outlet) -> State:
    """Values with power after the connector said it is free: the visit lasts until they end."""
    assert visit.plug_out_us is not None
    flowing = row.power_w is not None and row.power_w >= FLOWING_W
    soon = row.time_us - visit.plug_out_us <= RESUME_US
    if visit.stopped_us is not None or not visit.names(row.session) or not flowing or not soon:
        return state
    visit = visit.copy()
    visit.plug_out_us = None
    meter_read(visit, row, "Available", outlet)
    visit.plug_out_us = row.time_us
    return state._replace(current=visit)
