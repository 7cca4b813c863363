"""Who stands where and when: what keeps two cars from one outlet, and a power group from giving more than it has."""

from collections.abc import Sequence
from datetime import date, timedelta

from monitor.demo.outlets import Outlet
from monitor.demo.visit import Visit
from monitor.ids import Place


class Timetable:
    """Visits and other claims on outlets, in epoch seconds."""

    def __init__(self) -> None:
        self._claims: dict[Place, list[tuple[int, int]]] = {}
        self._visits: dict[str, list[Visit]] = {}
        self._unsettled: list[Visit] = []

    def claim(self, outlet: Outlet, start_s: int, end_s: int) -> None:
        """Keep an outlet free of cars that come by themselves."""
        self._claims.setdefault(outlet.place, []).append((start_s, end_s))

    def add(self, visit: Visit) -> None:
        """Let a car have its outlet."""
        self.claim(visit.outlet, visit.plug_in_s, visit.plug_out_s)
        self._visits.setdefault(visit.outlet.group, []).append(visit)
        self._unsettled.append(visit)

    def free(self, outlet: Outlet, start_s: int, end_s: int) -> bool:
        """Whether nobody has a claim on the outlet in that time."""
        return all(end_s <= start or end <= start_s for start, end in self._claims.get(outlet.place, ()))

    def has_power(self, outlet: Outlet, peak_w: float, start_s: int, stay_s: int) -> bool:
        """Whether the power group can give that much beside the peaks of everybody who is there meanwhile.

        Then no car is ever held back by another, and every recorded curve is played as it was recorded.
        """
        others_w = sum(
            other.curve.peak_w
            for other in self._visits.get(outlet.group, ())
            if other.plug_in_s < start_s + stay_s and start_s < other.plug_out_s
        )
        return others_w + peak_w <= outlet.group_max_w

    def take_before(self, day: date) -> Sequence[Visit]:
        """Visits not yet taken that begin before the next local day of their outlet, in the order of plug-in."""
        tomorrow = day + timedelta(days=1)
        due: list[Visit] = []
        later: list[Visit] = []
        for visit in self._unsettled:
            (due if visit.plug_in_s < visit.outlet.at_local(tomorrow, 0) else later).append(visit)
        self._unsettled = later
        return sorted(due, key=lambda visit: (visit.plug_in_s, visit.place))
