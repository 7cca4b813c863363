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
from monitor.sessions.outlet import Outlet
from monitor.sessions.rows import Key, LinkRow, MeterRow, Row, StationRow, StatusRow, TransactionRow, key_of
from monitor.sessions.visit import (
    ADOPT_US,
    Source,
    Visit,
    late,
    lay,
    marks,
    meter_read,
    register_read,
    seen,
    skew,
    started_late,
    stop,
    unseen,
)

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
    match row:
        case StatusRow():
            state = _status(state, row, outlet, grace_us)
        case StationRow():
            state = _station(state, row, outlet)
        case TransactionRow(event="start"):
            state = _start(state, row, outlet)
        case TransactionRow():
            state = _stop(state, row, outlet)
        case MeterRow():
            state = _meter(state, row, outlet)
    return state._replace(last=key_of(row))


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
    visit = visit._replace(lost_us=lost_us)
    if since_us is not None:
        visit = unseen(visit._replace(flags=visit.flags | {"gap"}), since_us)
    return state._replace(current=visit)


def _status(state: State, row: StatusRow, outlet: Outlet, grace_us: int) -> State:
    visit = state.current
    if visit is not None and visit.ended:
        visit = _status_after_end(visit, row, grace_us)
    changed = state._replace(status=row.status, current=visit)
    if visit is None or visit.ended:
        return _begin_by_status(_plugged(changed, row), row, outlet)
    visit = lay(visit, row.time_us, state.effective, outlet)
    visit = visit._replace(flags=visit.flags | marks(row))
    if row.status in OCCUPIED:
        visit = seen(visit, row)
    # Without transaction events the status alone says when charging ended.
    by_status = visit.source != "transaction" and visit.stopped_us is None
    leaves = _leaves(visit, row)
    if by_status and (leaves or row.status == "Finishing"):
        visit = visit._replace(stopped_us=row.time_us)
    if leaves:
        # A station that queues statuses too says itself when the car left.
        unseen_since_us = None if late(row) else visit.unseen_since_us
        visit = visit._replace(plug_out_us=row.time_us, unseen_since_us=unseen_since_us)
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
    return visit._replace(plug_out_us=None, flags=visit.flags | marks(row)) if still_there else visit


def _begin_by_status(state: State, row: StatusRow, outlet: Outlet) -> State:
    visit = state.current
    knows_better = visit is not None and visit.source != "status"
    if row.status not in {"Charging", "SuspendedEV", "SuspendedEVSE"} or knows_better:
        return state
    return _begin(state, row, outlet, "status", "")


def _station(state: State, row: StationRow, outlet: Outlet) -> State:
    overlay = row.status if row.status in {"Unavailable", "Faulted"} else None
    visit = lay(state.current, row.time_us, state.effective, outlet) if state.current else None
    return state._replace(overlay=overlay, current=visit)


def _begin(state: State, row: Row, outlet: Outlet, source: Source, transaction: str) -> State:
    """A new visit; the one before it ends here at the latest."""
    ended = state.current
    if ended is not None:
        ended = lay(ended, row.time_us, state.effective, outlet)
        ended = ended._replace(plug_out_us=ended.plug_out_us or row.time_us, replaced_us=row.time_us)
    visit = Visit(
        born_us=row.time_us,
        source=source,
        transaction=transaction,
        plug_in_us=state.plugged_us if state.plugged_us is not None else row.time_us,
        started_us=row.time_us,
        laid_us=row.time_us,
        flags=marks(row),
    )
    return state._replace(current=visit, previous=ended, plugged_us=None)


def _start(state: State, row: TransactionRow, outlet: Outlet) -> State:
    visit = state.current
    if visit is None or not _adopts(visit, row):
        state = _begin(state, row, outlet, "transaction", row.session)
        visit = state.current
        assert visit is not None
    else:
        visit = started_late(visit, row)
    visit = visit._replace(
        has_start=True,
        user=row.user,
        group=row.group,
        services=row.services,
        token=row.token,
        register_start_mwh=row.meter_mwh,
        flags=visit.flags | skew(row),
    )
    if row.meter_mwh is not None:
        visit = register_read(visit, row.meter_mwh, row.time_us, outlet, event=True)
    return state._replace(current=visit)


def _adopts(visit: Visit, row: TransactionRow) -> bool:
    same = visit.source == "status" or visit.names(row.session) or not visit.transaction
    young = row.time_us - visit.born_us <= ADOPT_US
    return same and young and not visit.has_start and visit.stopped_us is None and not visit.ended


def _stop(state: State, row: TransactionRow, outlet: Outlet) -> State:
    visit, previous = state.current, state.previous
    if visit is not None and _stops(visit, row):
        visit = stop(visit, row, state.effective, outlet)
        if not visit.ended and state.status not in PLUGGED | {"Faulted", "Unavailable"}:
            visit = visit._replace(plug_out_us=visit.stopped_us)
        return state._replace(current=visit)
    if previous is not None and previous.names(row.session):
        return state._replace(previous=stop(previous, row, None, outlet))
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
        born_us=row.time_us,
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
    if row.session and (visit is None or not visit.names(row.session)):
        if previous is not None and previous.names(row.session):
            return state
        if visit is not None and not visit.transaction and visit.stopped_us is None and not visit.ended:
            source: Source = "meter" if visit.source == "status" else visit.source
            visit = visit._replace(source=source, transaction=row.session)
        else:
            state = _begin(state, row, outlet, "meter", row.session)
            visit = state.current
    if visit is None:
        return state
    if visit.ended:
        return state._replace(current=_resume(visit, row, outlet))
    if visit.source == "meter" and not row.session and state.status is None:
        # The id was all that told of this session, and now it is gone.
        return state._replace(current=visit._replace(stopped_us=visit.laid_us, plug_out_us=visit.laid_us))
    return state._replace(current=meter_read(visit, row, state.effective, outlet))


def _resume(visit: Visit, row: MeterRow, outlet: Outlet) -> Visit:
    """Values with power after the connector said it is free: the visit lasts until they end."""
    assert visit.plug_out_us is not None
    flowing = row.power_w is not None and row.power_w >= FLOWING_W
    soon = row.time_us - visit.plug_out_us <= RESUME_US
    if visit.stopped_us is not None or not visit.names(row.session) or not flowing or not soon:
        return visit
    visit = meter_read(visit._replace(plug_out_us=None), row, "Available", outlet)
    return visit._replace(plug_out_us=row.time_us)
