"""The plan of who comes where and when: real sessions on the connectors of the register, day after day.

Every visit begins about when its session was recorded, by the clock of its site. Days are planned as they are needed,
each from what the days before it left, so the plan of a moment never depends on how it was asked for.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from monitor.demo.chance import dice, number_of
from monitor.demo.drivers import ac_visit, dc_visit, longest_stay_s
from monitor.demo.outlets import Outlet
from monitor.demo.planting import Planter
from monitor.demo.recordings import AcRecording, DcRecording, Recordings
from monitor.demo.timetable import Timetable
from monitor.demo.trouble import HOUR, MINUTE, Troubles
from monitor.demo.visit import Visit
from monitor.ids import Place

LEAD_IN_S = 12 * HOUR
"""Cars that stand there when the demo starts came at most this long before."""
LONGEST_VISIT_S = 16 * HOUR
BETWEEN_CARS_S = 4 * MINUTE
SPREAD_S = 25 * MINUTE
"""How far from the recorded time of day a visit may begin, so that one recording played twice does not show."""
PLAYS_A_DAY = 2
"""How often one recording is played on a day, over all outlets: there are fewer recordings than visits."""
DC_TAKEN, AC_TAKEN = (0.15, 0.30), (0.15, 0.45)
"""Share of the day that an outlet is taken, drawn anew for each outlet and day."""
DC_TRIES, AC_TRIES = 60, 16


class Network:
    """All visits from `start_s` (epoch seconds) on. Those that ended before it were never played."""

    def __init__(
        self, outlets: Sequence[Outlet], recordings: Recordings, troubles: Troubles, start_s: int, seed: int
    ) -> None:
        self.start_s, self.begins_s = start_s, start_s - LEAD_IN_S
        self._outlets, self._recordings, self._seed = outlets, recordings, seed
        self._troubles = troubles
        self._timetable = Timetable()
        self._planter = Planter(recordings, self._timetable, seed)
        self._registers: dict[Place, float] = {}
        self._plays: Counter[int] = Counter()
        self._planned: list[Visit] = []
        self._by_group: dict[str, list[Visit]] = {}
        self._next_day = datetime.fromtimestamp(self.begins_s, UTC).date()
        self._planter.plant_opening(outlets, troubles.upto(start_s + 3 * HOUR), start_s)

    def visits(self, after_s: float, upto_s: float) -> Iterator[Visit]:
        """Visits of which some moment lies in (after_s, upto_s]."""
        self._plan_upto(upto_s)
        first = bisect_left(self._planned, after_s - LONGEST_VISIT_S, key=_plug_in)
        last = bisect_right(self._planned, upto_s, key=_plug_in)
        return (visit for visit in self._planned[first:last] if visit.plug_out_s > after_s)

    def beside_w(self, visit: Visit, at_s: int) -> float:
        """What the other cars of the same power group take at that moment, W."""
        neighbours = self._by_group[visit.outlet.group]
        first = bisect_left(neighbours, at_s - LONGEST_VISIT_S, key=_plug_in)
        last = bisect_right(neighbours, at_s, key=_plug_in)
        return sum(other.power_w(at_s) for other in neighbours[first:last] if other.place != visit.place)

    def _plan_upto(self, upto_s: float) -> None:
        while datetime.fromtimestamp(upto_s, UTC).date() + timedelta(days=1) >= self._next_day:
            self._plan(self._next_day)
            self._next_day += timedelta(days=1)

    def _plan(self, day: date) -> None:
        # Trouble comes first: a car of today may stay until tomorrow, when its outlet shall be out of order.
        horizon_s = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) + 72 * HOUR
        self._planter.plant(self._troubles.upto(horizon_s))
        self._plays.clear()
        for outlet in self._outlets:
            self._fill(outlet, day)
        self._settle(self._timetable.take_before(day))

    def _fill(self, outlet: Outlet, day: date) -> None:
        """Give an outlet its cars of one local day, until it is taken for as long as was drawn."""
        chance = dice(self._seed, day, outlet.place.subject)
        least, most = DC_TAKEN if outlet.is_dc else AC_TAKEN
        wanted_s = chance.uniform(least, most) * 24 * HOUR
        pool: Sequence[DcRecording | AcRecording] = self._recordings.dc if outlet.is_dc else self._recordings.ac
        for recording in chance.sample(pool, DC_TRIES if outlet.is_dc else AC_TRIES):
            plug_in_s = outlet.at_local(day, recording.arrival_s) + chance.randrange(-SPREAD_S, SPREAD_S)
            stay_s = longest_stay_s(recording)
            if wanted_s <= 0 or self._plays[id(recording)] >= PLAYS_A_DAY:
                continue
            if not self._timetable.free(outlet, plug_in_s - BETWEEN_CARS_S, plug_in_s + stay_s):
                continue
            visit = self._visit(outlet, recording, plug_in_s)
            if visit:
                self._timetable.add(visit)
                self._plays[id(recording)] += 1
                wanted_s -= visit.plug_out_s - visit.plug_in_s

    def _visit(self, outlet: Outlet, recording: DcRecording | AcRecording, plug_in_s: int) -> Visit | None:
        if isinstance(recording, AcRecording):
            return ac_visit(outlet, recording, plug_in_s, self._recordings)
        # Of several plugs the later ones are for the older cars, so the first that fits is not always taken.
        fitting = [(place, plug) for place, plug in outlet.connectors if (plug.rated or 0.0) >= recording.curve.peak_w]
        if not fitting or not self._timetable.has_power(outlet, recording.curve.peak_w, plug_in_s, recording.stay_s):
            return None
        return dc_visit(outlet, fitting[number_of(outlet.place, plug_in_s) % len(fitting)], recording, plug_in_s)

    def _settle(self, visits: Sequence[Visit]) -> None:
        """Fix the register values of the day's visits, each connector's following its last."""
        for visit in visits:
            begins_wh = self._registers.get(visit.place)
            if begins_wh is None:
                begins_wh = float(number_of(self._seed, "register", visit.place.subject) % 400_000_000 + 5_000_000)
            settled = replace(visit, register_start_wh=begins_wh)
            self._registers[visit.place] = settled.register_wh(settled.stopped_s)
            if settled.plug_in_s > self.begins_s + MINUTE and settled.plug_out_s > self.start_s:
                self._planned.append(settled)
                self._by_group.setdefault(settled.outlet.group, []).append(settled)
        # Local days of sites in other zones overlap.
        self._planned.sort(key=_plug_in)


def _plug_in(visit: Visit) -> int:
    return visit.plug_in_s
