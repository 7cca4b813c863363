"""What is told of visits: sessions with what was around them, and glances of those under way."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

from monitor.ids import Place
from monitor.register import Register
from monitor.sessions.classes import AS_DESIGNED, TimeRules
from monitor.sessions.fold import State
from monitor.sessions.glance import UnderWay, under_way
from monitor.sessions.history import ConnectorHistory
from monitor.sessions.model import Session
from monitor.sessions.outlet import Outlet, outlet_of
from monitor.sessions.siblings import Siblings, shared_time
from monitor.sessions.summary import Around, BillUntil, summarise
from monitor.sessions.visit import Visit
from monitor.units import from_us, to_us

HistoryBefore = Callable[[Place, datetime], ConnectorHistory]
"""What the sessions of a connector that were plugged in before a moment say of it."""


def unknown_past(_place: Place, _moment: datetime) -> ConnectorHistory:
    """A `HistoryBefore` where nobody keeps sessions."""
    return ConnectorHistory()


class Telling:
    """Knows what the operator says of connectors and of billing."""

    def __init__(
        self,
        register: Register,
        grace: timedelta,
        bill_until: BillUntil,
        history_before: HistoryBefore = unknown_past,
        time_rules: TimeRules = AS_DESIGNED,
    ) -> None:
        self.grace = grace
        self._bill_until: BillUntil = bill_until
        self._history_before = history_before
        self._time_rules = time_rules
        self.use(register)

    def use(self, register: Register) -> None:
        """Take ratings and zones from `register` from now on."""
        self._register = register
        self._outlets: dict[Place, Outlet] = {}
        self._siblings = Siblings(register)

    def outlet(self, place: Place) -> Outlet:
        """What the register says of a connector."""
        if place not in self._outlets:
            self._outlets[place] = outlet_of(self._register, place, self._time_rules)
        return self._outlets[place]

    def connectors_of(self, station: Place) -> Collection[Place]:
        """The connectors that the register has at a station."""
        known = self._register.station(station)
        return {station._replace(connector=key) for key in known.connectors} if known else ()

    def siblings(self, place: Place) -> tuple[Place, ...]:
        """The connectors that it shares power with."""
        return self._siblings.of(place).others

    def under_way(self, place: Place, name: str, state: State, now: datetime) -> UnderWay:
        """The car that is there, whose session is called `name`."""
        assert state.current is not None
        return under_way(
            place,
            name,
            state.current,
            state.effective,
            outlet=self.outlet(place),
            now=now,
            bill_until=self._bill_until,
        )

    def session(
        self, place: Place, visit: Visit, status: str | None, siblings: Iterable[State], now: datetime
    ) -> Session:
        """The whole session; `siblings`: what is known of the connectors that share its power."""
        return summarise(
            place,
            visit,
            status,
            self.outlet(place),
            now=now,
            grace=self.grace,
            bill_until=self._bill_until,
            around=self._around(place, visit, siblings, now) if visit.ended else None,
        )

    def _around(self, place: Place, visit: Visit, siblings: Iterable[State], now: datetime) -> Around:
        others = [known for state in siblings for known in (state.current, state.previous)]
        history = self._history_before(place, from_us(visit.plug_in_us))
        return Around(self._siblings.of(place), shared_time(visit, others, to_us(now)), history)
