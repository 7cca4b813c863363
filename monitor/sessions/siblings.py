"""Connectors that share power: how long another one of the same power group charged during a visit."""

from collections.abc import Iterable, Mapping

from monitor.ids import Place
from monitor.register import Register
from monitor.sessions.visit import Visit


class Siblings:
    """Power groups of a register, looked up by connector."""

    def __init__(self, register: Register) -> None:
        members: dict[str, list[Place]] = {}
        for place, _ in register:
            members.setdefault(register.power_group(place), []).append(place)
        self._of: Mapping[Place, tuple[Place, ...]] = {
            place: tuple(other for other in group if other != place) for group in members.values() for place in group
        }

    def of(self, place: Place) -> tuple[Place, ...]:
        """The other connectors of its power group; none when it is not registered."""
        return self._of.get(place, ())


def shared_us(visit: Visit, others: Iterable[Visit | None], now_us: int) -> int:
    """How much of the visit's charging, start to stop, overlaps with charging of `others`, each moment once."""
    start, end = _charging(visit, now_us)
    spans = sorted(_charging(other, now_us) for other in others if other is not None)
    total, covered = 0, start
    for begin, finish in spans:
        begin, finish = max(begin, covered), min(finish, end)  # noqa: PLW2901 - clipped to what is not counted yet
        if finish > begin:
            total, covered = total + finish - begin, finish
    return total


def _charging(visit: Visit, now_us: int) -> tuple[int, int]:
    start_us = visit.born_us if visit.started_us is None else visit.started_us
    for end_us in (visit.stopped_us, visit.plug_out_us):
        if end_us is not None:
            return start_us, end_us
    return start_us, max(now_us, start_us)
