"""Who comes with which car and how long they stay: a recorded session becomes a visit at an outlet."""

from dataclasses import dataclass
from random import Random

from monitor.demo.chance import dice, number_of
from monitor.demo.curves import AcLimits, draw_ac
from monitor.demo.outlets import Outlet
from monitor.demo.recordings import VOLTS, AcRecording, DcRecording, Recordings, Vehicle
from monitor.demo.visit import Visit, rated_amps
from monitor.ids import Place
from monitor.register import Connector

CUSTOMERS = 400
LONGEST_AFTER_DC_S = 40 * 60
"""Starting, waiting with a full car and walking back take at most this long at a fast charger."""


@dataclass(frozen=True)
class Defect:
    """What goes wrong during a visit, in seconds from the start of charging.

    `slowed`: from, until, share of the power that is left. `jump`: when, and by how many Wh the register is wrong then.
    """

    slowed: tuple[int, int, float] | None = None
    loses_phase_at_s: int | None = None
    jump: tuple[int, float] | None = None


SOUND = Defect()


def user_token(chance: Random) -> str:
    """The charging card of one of the demo's customers. Made up: the sources name no user."""
    return f"04{number_of('customer', chance.randrange(CUSTOMERS)):08X}"


def dc_visit(
    outlet: Outlet, at: tuple[Place, Connector], recording: DcRecording, plug_in_s: int, defect: Defect = SOUND
) -> Visit:
    """A fast-charging visit: the recorded curve, then the driver comes back, sometimes late."""
    chance = dice("dc", outlet.place.subject, plug_in_s)
    curve = recording.curve.slowed(*defect.slowed) if defect.slowed else recording.curve
    started_s = plug_in_s + chance.randint(20, 50)
    full_s = started_s + curve.duration_s
    # Nearly full cars often stand with the transaction open; others are stopped by their driver.
    stopped_s = full_s + (chance.randint(120, 480) if curve.soc[-1] >= 97 else 0)
    late = chance.random() < 0.15
    plug_out_s = stopped_s + (chance.randint(600, 1500) if late else chance.randint(30, 240))
    return Visit(
        outlet=outlet, place=at[0], connector=at[1], recording=recording.session,
        transaction=_transaction(at[0], plug_in_s), user=user_token(chance),
        reason=chance.choice(("Local", "Local", "Remote")), plug_in_s=plug_in_s,
        started_s=started_s, full_s=full_s, stopped_s=stopped_s, plug_out_s=plug_out_s, curve=curve,
    )  # fmt: skip


def ac_visit(
    outlet: Outlet, recording: AcRecording, plug_in_s: int, recordings: Recordings, defect: Defect = SOUND
) -> Visit:
    """An AC visit: stay and energy as recorded, the curve drawn from the limits of a car that can take so much."""
    chance = dice("ac", outlet.place.subject, plug_in_s)
    place, connector = outlet.connectors[0]
    started_s, plug_out_s = plug_in_s + chance.randint(15, 45), plug_in_s + recording.stay_s
    stopped_s = plug_out_s - chance.randint(5, 25)
    vehicle = _vehicle(recordings, connector, recording, chance, three_phase=defect.loses_phase_at_s is not None)
    limits = AcLimits(
        amps=min(vehicle.amps, rated_amps(connector)), phases=min(vehicle.phases, connector.phases or 3), volts=VOLTS,
        offered_a=lambda seconds: outlet.offered_a(started_s + seconds, rated_amps(connector)),
        loses_phase_at_s=defect.loses_phase_at_s,
    )  # fmt: skip
    curve = draw_ac(recording.energy_wh, stopped_s - started_s, limits, tail_s=chance.randint(120, 300))
    return Visit(
        outlet=outlet, place=place, connector=connector, recording=recording.session,
        transaction=_transaction(place, plug_in_s), user=user_token(chance),
        reason=chance.choice(("EVDisconnected", "EVDisconnected", "Local")), plug_in_s=plug_in_s, started_s=started_s,
        full_s=min(stopped_s, started_s + curve.duration_s), stopped_s=stopped_s, plug_out_s=plug_out_s,
        curve=curve, jump=defect.jump,
    )  # fmt: skip


def longest_stay_s(recording: AcRecording | DcRecording) -> int:
    """How long an outlet has to be free for it."""
    return recording.stay_s + (LONGEST_AFTER_DC_S if isinstance(recording, DcRecording) else 0)


def _transaction(place: Place, plug_in_s: int) -> str:
    return str(number_of(place.subject, plug_in_s))


def _vehicle(
    recordings: Recordings, connector: Connector, recording: AcRecording, chance: Random, *, three_phase: bool
) -> Vehicle:
    """A car that can take the recorded energy in the recorded stay; the strongest one when none can."""
    volt_amps = rated_amps(connector) * VOLTS
    needed_w = recording.energy_wh / (recording.stay_s - 600) * 3600

    def power_w(car: Vehicle) -> float:
        return min(car.amps * VOLTS, volt_amps) * min(car.phases, connector.phases or 3)

    able = [
        car for car in recordings.vehicles
        if power_w(car) >= needed_w and not (three_phase and (car.phases, car.amps) != (3, 16))
    ]  # fmt: skip
    return chance.choice(able) if able else max(recordings.vehicles, key=power_w)
