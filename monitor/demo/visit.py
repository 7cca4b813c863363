"""One visit of one car, as the charger tells it: statuses in OCPP's order, start and stop, meter values between."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from monitor.demo.chance import number_of
from monitor.demo.curves import Curve
from monitor.demo.outlets import Outlet
from monitor.demo.points import Fields, Point
from monitor.demo.recordings import VOLTS
from monitor.ids import Place
from monitor.register import Connector

METER_EVERY_S = {"DC": 30, "AC": 60}
Beside = Callable[["Visit", int], float]
"""What the neighbours in the power group of a visit take at a moment (epoch seconds), W."""


def rated_amps(connector: Connector) -> float:
    """Amperes per phase behind the rating of an AC connector: 22 kW on three phases are 32 A."""
    return float(round((connector.rated or 0.0) / VOLTS / (connector.phases or 3)))


@dataclass(frozen=True)
class Visit:
    """When a car came, charged and left (epoch seconds), and what it took.

    `full_s` is when it stopped asking, at the latest when the transaction stopped. `jump` is a defect of the register:
    from that many seconds after the start it shows so much (Wh) too much, also for every later visit.
    """

    outlet: Outlet
    place: Place
    connector: Connector
    recording: str
    transaction: str
    user: str
    reason: str
    plug_in_s: int
    started_s: int
    full_s: int
    stopped_s: int
    plug_out_s: int
    curve: Curve
    register_start_wh: float = 0.0
    jump: tuple[int, float] | None = None

    def energy_wh(self, at_s: int) -> float:
        """What the car got until then."""
        return self.curve.at(max(0, min(at_s, self.stopped_s) - self.started_s)).energy_wh

    def register_wh(self, at_s: int) -> float:
        """What the register shows, in whole Wh as meters do."""
        jumped = self.jump[1] if self.jump and at_s >= self.started_s + self.jump[0] else 0.0
        return float(round(self.register_start_wh + self.energy_wh(at_s) + jumped))

    def power_w(self, at_s: int) -> float:
        """What the car takes then; 0 outside the transaction."""
        if not self.started_s <= at_s < self.stopped_s:
            return 0.0
        return self.curve.at(at_s - self.started_s).power_w

    def points(self, after_s: float, upto_s: float, beside_w: Beside) -> Iterator[Point]:
        """Everything the charger sends about this visit with after_s < time <= upto_s, in no order."""
        for point in (*self._statuses(), *self._transaction()):
            if after_s < point.at_s <= upto_s:
                yield point
        every = METER_EVERY_S["DC" if self.outlet.is_dc else "AC"]
        first = max(0, int((after_s - self.started_s) // every) + 1)
        last = int((min(upto_s, self.stopped_s - 1) - self.started_s) // every)
        for count in range(first, last + 1):
            yield self._meter(self.started_s + count * every, beside_w)
        if after_s < self.stopped_s <= upto_s:
            yield self._meter(self.stopped_s, beside_w)

    def _statuses(self) -> Iterator[Point]:
        yield self._status(self.plug_in_s, "Preparing")
        yield self._status(self.started_s + 2, "Charging")
        if self.full_s < self.stopped_s:
            yield self._status(self.full_s, "SuspendedEV")
        yield self._status(self.stopped_s + 1, "Finishing")
        yield self._status(self.plug_out_s, "Available")

    def _status(self, at_s: int, status: str) -> Point:
        return Point(at_s, "status", self.place, {"status": status, "error_code": "NoError"})

    def _transaction(self) -> Iterator[Point]:
        start: Fields = {"session": self.transaction, "user": self.user, "meter_wh": self.register_wh(self.started_s)}
        yield Point(self.started_s, "transaction", self.place, start, "start")
        stop: Fields = {**start, "meter_wh": self.register_wh(self.stopped_s), "reason": self.reason}
        yield Point(self.stopped_s, "transaction", self.place, stop, "stop")

    def _meter(self, at_s: int, beside_w: Beside) -> Point:
        power_w = round(self.power_w(at_s))
        common: Fields = {"power_w": power_w, "energy_wh": self.register_wh(at_s), "session": self.transaction}
        more = self._dc(at_s, power_w, beside_w) if self.outlet.is_dc else self._ac(at_s, power_w)
        return Point(at_s, "meter", self.place, {**common, **more})

    def _dc(self, at_s: int, power_w: float, beside_w: Beside) -> dict[str, float]:
        soc = self.curve.at(at_s - self.started_s).soc or 0.0
        # A pack of about 100 or of about 200 cells in series, whose voltage climbs with the state of charge.
        volts = round((2 if self.curve.peak_w > 150_000 else 1) * (345 + 0.55 * soc), 1)
        free_w = self.outlet.group_max_w - beside_w(self, at_s)
        values = {
            "offered_w": max(power_w, min(self.connector.rated or 0.0, round(free_w, -2))),
            "voltage_v": volts, "current_a": round(power_w / volts, 1), "soc": round(soc),
        }  # fmt: skip
        if at_s // 30 % 10 == 0:  # chargers tell their temperature now and then
            values["temperature_c"] = round(24 + power_w / 9000 + number_of(self.place, at_s) % 20 / 10, 1)
        return values

    def _ac(self, at_s: int, power_w: float) -> dict[str, float]:
        volts = VOLTS + number_of(self.place.site, at_s // 60) % 5 - 2
        phases = self.curve.at(at_s - self.started_s).phases or 1
        rated_phases = self.connector.phases or 3
        offered_a = self.outlet.offered_a(at_s, rated_amps(self.connector))
        current_a = round(power_w / volts / phases, 2)
        return {
            "offered_a": round(offered_a, 1), "offered_w": round(offered_a * VOLTS * rated_phases),
            "current_a": current_a, "current_sum_a": round(current_a * phases, 2), "voltage_v": volts,
            "phases": phases if power_w else 0,
        }  # fmt: skip
