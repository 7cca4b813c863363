"""Connectors that share power: how long another one of the same power group charged during a visit."""

from collections.abc import Iterable
from typing import NamedTuple

from monitor.ids import Place
from monitor.register import Register
from monitor.sessions.visit import Visit


class Group(NamedTuple):
    """What a connector shares power with: the other connectors, what all get at most, and what they are rated for
    together (an EVSE once, as it serves one car at a time); None where the register does not say.
    """

    others: tuple[Place, ...] = ()
    limit_w: float | None = None
    rated_w: float | None = None


class Siblings:
    """Power groups of a register, looked up by connector."""

    def __init__(self, register: Register) -> None:
        members: dict[str, list[Place]] = {}
        for place, _ in register:
            members.setdefault(register.power_group(place), []).append(place)
        self._of: dict[Place, Group] = {}
        for places in members.values():
            limit_w, rated_w = register.power_limit(places[0]), _rated_w(register, places)
            for place in places:
                self._of[place] = Group(tuple(other for other in places if other != place), limit_w, rated_w)

    def of(self, place: Place) -> Group:
        """The power group of a connector; an unregistered one shares with nobody."""
        return self._of.get(place, Group())


def _rated_w(register: Register, places: Iterable[Place]) -> float | None:
    evses: dict[tuple[str | None, str | None], float] = {}
    for place in places:
        connector = register.connectors[place]
        if connector.rated is None:
            return None
        evse = place.station, connector.evse or place.connector
        evses[evse] = max(connector.rated, evses.get(evse, 0.0))
    return sum(evses.values())


class SharedTime(NamedTuple):
    """How much of a visit's charging overlaps with that of others: each moment once, and summed over them."""

    once_us: int = 0
    summed_us: int = 0


def shared_time(visit: Visit, others: Iterable[Visit | None], now_us: int) -> SharedTime:
    """The overlap of the visit's charging, start to stop, with charging of `others`."""
    start, end = _charging(visit, now_us)
    spans = sorted(_charging(other, now_us) for other in others if other is not None)
    once, summed, covered = 0, 0, start
    for begin, finish in spans:
        summed += max(min(finish, end) - max(begin, start), 0)
        once += max(min(finish, end) - max(begin, covered), 0)
        covered = max(covered, min(finish, end))
    return SharedTime(once, summed)


def _charging(visit: Visit, now_us: int) -> tuple[int, int]:
    start_us = visit.born_us if visit.started_us is None else visit.started_us
    for end_us in (visit.stopped_us, visit.plug_out_us):
        if end_us is not None:
            return start_us, end_us
    return start_us, max(now_us, start_us)
