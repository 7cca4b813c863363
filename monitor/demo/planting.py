"""The cars that trouble needs: a visit long enough and strong enough that its defect is seen."""

from collections.abc import Callable, Sequence
from math import inf
from typing import TypeVar

from monitor.demo.chance import dice
from monitor.demo.drivers import SOUND, Defect, ac_visit, dc_visit
from monitor.demo.outlets import Outlet
from monitor.demo.recordings import AcRecording, DcRecording, Recordings
from monitor.demo.timetable import Timetable
from monitor.demo.trouble import HOUR, MINUTE, Trouble

Recording = TypeVar("Recording", AcRecording, DcRecording)
GUARD_S = 12 * MINUTE
"""Before trouble begins its outlets are left alone for so long: the last driver has gone."""
OPENING_CARS = 10
POWER_LOSS = Defect(slowed=(8 * MINUTE, 40 * MINUTE, 0.15))
PHASE_LOSS = Defect(loses_phase_at_s=10 * MINUTE)
REGISTER_JUMP = Defect(jump=(12 * MINUTE, 900_000.0))


class Planter:
    """Puts trouble and its cars into the timetable."""

    def __init__(self, recordings: Recordings, timetable: Timetable, seed: int) -> None:
        self._recordings, self._timetable, self._seed = recordings, timetable, seed
        self._planted = 0

    def plant(self, troubles: Sequence[Trouble]) -> None:
        """Take in those that are new."""
        for trouble in troubles[self._planted :]:
            for index, outlet in enumerate(trouble.outlets):
                self._timetable.claim(outlet, trouble.start_s - GUARD_S, trouble.end_s)
                self._bring_car(trouble, outlet, index)
        self._planted = len(troubles)

    def plant_opening(self, outlets: Sequence[Outlet], troubles: Sequence[Trouble], start_s: int) -> None:
        """Cars that charge when the demo starts and leave soon; priced sessions are there within two minutes."""
        self.plant(troubles)
        waiting = [outlet for outlet in outlets if outlet.is_dc]
        dice(self._seed, "opening").shuffle(waiting)
        free = (outlet for outlet in waiting if self._timetable.free(outlet, start_s - HOUR, start_s + HOUR))
        for index, outlet in zip(range(OPENING_CARS), free, strict=False):
            plug_in_s = start_s - 15 * MINUTE - 41 * index
            self._bring_fast_car(outlet, plug_in_s, _is_short)

    def _bring_car(self, trouble: Trouble, outlet: Outlet, index: int) -> None:
        match trouble.name:
            case "power-loss":
                self._bring_fast_car(outlet, trouble.start_s, _shows_loss, POWER_LOSS)
            case "site-full":
                sharing = sum(other.group == outlet.group for other in trouble.outlets)
                self._bring_fast_car(
                    outlet, trouble.start_s + 20 * index, _stays_long, most_w=outlet.group_max_w / sharing
                )
            case "phase-loss":
                self._bring_ac_car(outlet, trouble.start_s, _takes_much, PHASE_LOSS)
            case "register-jump":
                self._bring_ac_car(outlet, trouble.start_s, _stays_an_hour, REGISTER_JUMP)

    def _bring_fast_car(
        self,
        outlet: Outlet,
        plug_in_s: int,
        fits: Callable[[DcRecording], bool],
        defect: Defect = SOUND,
        most_w: float = inf,
    ) -> None:
        """`most_w`: the power that is left for this car when others come at the same time."""
        most_w = min(most_w, outlet.rated_w)
        pool = [found for found in self._recordings.dc if fits(found) and found.curve.peak_w <= most_w]
        for recording in _shuffled(pool, self._seed, outlet, plug_in_s):
            if self._timetable.has_power(outlet, recording.curve.peak_w, plug_in_s, recording.stay_s):
                self._timetable.add(dc_visit(outlet, outlet.connectors[0], recording, plug_in_s, defect))
                return

    def _bring_ac_car(
        self, outlet: Outlet, plug_in_s: int, fits: Callable[[AcRecording], bool], defect: Defect
    ) -> None:
        pool = [found for found in self._recordings.ac if fits(found)]
        for recording in _shuffled(pool, self._seed, outlet, plug_in_s)[:1]:
            self._timetable.add(ac_visit(outlet, recording, plug_in_s, self._recordings, defect))


def _shuffled(pool: list[Recording], seed: int, outlet: Outlet, plug_in_s: int) -> list[Recording]:
    return dice(seed, "car", outlet.place.subject, plug_in_s).sample(pool, len(pool))


def _is_short(found: DcRecording) -> bool:
    return 22 * MINUTE <= found.stay_s <= 34 * MINUTE


def _shows_loss(found: DcRecording) -> bool:
    """Strong, not much weaker where the power comes back, far from full: neither car nor taper explains the loss."""
    curve = found.curve
    at_loss, after = curve.at(8 * MINUTE), curve.at(18 * MINUTE)
    steady = min(at_loss.power_w, after.power_w) >= 0.72 * curve.peak_w
    return curve.peak_w >= 60_000 and steady and (after.soc or 100) < 75 and 22 * MINUTE <= found.stay_s <= 50 * MINUTE


def _stays_long(found: DcRecording) -> bool:
    return 38 * MINUTE <= found.stay_s <= 60 * MINUTE


def _takes_much(found: AcRecording) -> bool:
    return 90 * MINUTE <= found.stay_s <= 145 * MINUTE and found.energy_wh >= 9000


def _stays_an_hour(found: AcRecording) -> bool:
    return 35 * MINUTE <= found.stay_s <= 75 * MINUTE and found.energy_wh >= 3000
