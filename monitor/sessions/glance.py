"""A session under way in a few numbers: what each meter value changes, for rules, lists and sums.

The whole session is made when somebody asks for it: most ticks bring every car a few meter values and nothing else, and
nobody looks at most of them.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from monitor.ids import Place
from monitor.sessions.laying import idle_since, next_slice
from monitor.sessions.model import Flag, Session
from monitor.sessions.outlet import Outlet
from monitor.sessions.summary import BillUntil, average_w, doubts, energy, idle_us, summarise
from monitor.sessions.visit import Visit
from monitor.units import to_us

Essence = tuple[object, ...]
"""What of a session under way no meter value changes, but for its first ones."""


class Glance(NamedTuple):
    """The numbers of a session under way as of a moment. Times are epoch microseconds, None: not known, or not so."""

    id: str
    place: Place
    started_us: int | None
    stopped_us: int | None
    idle_since_us: int | None
    energy_mwh: int | None
    integrated_mwh: int | None
    charging_us: int
    idle_us: int
    average_power_w: float | None
    peak_power_w: float | None
    soc_in: float | None
    soc_out: float | None
    phases: int | None
    flags: frozenset[Flag]


class UnderWay(NamedTuple):
    """A session under way: its glance, and what the whole session is made of. Never changes: any thread may read it."""

    glance: Glance
    visit: Visit
    status: str | None
    outlet: Outlet

    def session(self, now: datetime, grace: timedelta, bill_until: BillUntil) -> Session:
        """The whole session as of `now`."""
        return summarise(
            self.glance.place, self.visit, self.status, self.outlet, now=now, grace=grace, bill_until=bill_until
        )


def under_way(
    place: Place, name: str, visit: Visit, status: str | None, *, outlet: Outlet, now: datetime, bill_until: BillUntil
) -> UnderWay:
    """The car that is at `place`; `name`: the id of its session."""
    spans, integrated, idle = visit.spans.and_those_of(visit.open_spans), visit.integrated_mwh, visit.idle_since_us
    piece = next_slice(visit, to_us(now), status, outlet)
    if piece is not None:
        spans, idle = spans.plus(piece, piece.estimate_mwh), idle_since(visit, piece)
        integrated = integrated if piece.estimate_mwh is None else (integrated or 0) + piece.estimate_mwh
    energy_mwh, by_power = energy(visit)
    energy_mwh = integrated if by_power else energy_mwh
    glance = Glance(
        name,
        place,
        visit.started_us,
        visit.stopped_us,
        idle,
        energy_mwh,
        integrated,
        spans.charging_us,
        idle_us(spans, bill_until),
        average_w(energy_mwh, spans.charging_us),
        visit.peak_w,
        visit.soc_in,
        visit.soc,
        visit.phases,
        visit.flags | doubts(visit, closed=False),
    )
    return UnderWay(glance, visit, status, outlet)


def essence(seen: UnderWay) -> Essence:
    """See `Essence`: while it stays the same, the glance says all that is new."""
    visit, glance = seen.visit, seen.glance
    return (
        glance.id,
        glance.flags,
        glance.soc_in,
        glance.energy_mwh is None,
        visit.registers.energy_mwh is None,
        visit.plug_in_us,
        visit.started_us,
        visit.stopped_us,
        visit.source,
        visit.user,
        visit.group,
        visit.services,
        visit.token,
        visit.register_start_mwh,
        visit.register_stop_mwh,
        visit.stop_reason,
        visit.evidence.current_summed,
    )
