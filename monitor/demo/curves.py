"""Power over the time of a session: recorded ones as they are, slowed ones, and AC ones drawn from the car's limits."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

STEP_S = 60
"""Curves are kept by the minute."""


@dataclass(frozen=True)
class Sample:
    """What the meter shows: power now, energy since the start, state of charge (None where the car does not tell)."""

    power_w: float
    energy_wh: float
    soc: float | None
    phases: int | None = None


@dataclass(frozen=True)
class Curve:
    """Power, energy so far and state of charge at each full minute; straight lines between. After the end: no power."""

    power_w: tuple[float, ...]
    energy_wh: tuple[float, ...]
    soc: tuple[float, ...] = ()
    phases: tuple[int, ...] = ()

    @property
    def duration_s(self) -> int:
        """From the start to the last recorded minute."""
        return (len(self.power_w) - 1) * STEP_S

    @cached_property
    def peak_w(self) -> float:
        """The highest power."""
        return max(self.power_w)

    @property
    def total_wh(self) -> float:
        """The energy of the whole curve."""
        return self.energy_wh[-1]

    def at(self, seconds: float) -> Sample:
        """The meter `seconds` after the start."""
        if seconds >= self.duration_s:
            phases = self.phases[-1] if self.phases else None
            return Sample(0.0, self.total_wh, self.soc[-1] if self.soc else None, phases)
        minute, part = int(seconds // STEP_S), seconds % STEP_S / STEP_S
        return Sample(
            _between(self.power_w, minute, part),
            _between(self.energy_wh, minute, part),
            _between(self.soc, minute, part) if self.soc else None,
            self.phases[minute] if self.phases else None,
        )

    def slowed(self, begin_s: int, end_s: int, share: float) -> "Curve":
        """The same car at a charger that gives only `share` of its power from `begin_s` to `end_s`.

        The car goes through its curve at that pace: every kWh comes at the state of charge at which it came before, so
        the energy of the session stays what it was and the session takes longer.
        """
        samples, position_s, clock_s = [], 0.0, 0
        while position_s < self.duration_s:
            pace = share if begin_s <= clock_s < end_s else 1.0
            now = self.at(position_s)
            samples.append((now.power_w * pace, now.energy_wh, now.soc))
            position_s += pace * STEP_S
            clock_s += STEP_S
        last = self.at(self.duration_s)
        samples.append((0.0, last.energy_wh, last.soc))
        power, energy, soc = zip(*samples, strict=True)
        return Curve(tuple(power), tuple(energy), tuple(soc) if self.soc else ())


def _between(values: tuple[float, ...], minute: int, part: float) -> float:
    return values[minute] + (values[minute + 1] - values[minute]) * part


@dataclass(frozen=True)
class AcLimits:
    """What bounds an AC session: the car's amperes and phases, and what the outlet offers by seconds from the start."""

    amps: float
    phases: int
    volts: float
    offered_a: Callable[[int], float]
    loses_phase_at_s: int | None = None


def draw_ac(energy_wh: float, longest_s: int, limits: AcLimits, tail_s: int) -> Curve:
    """An AC session that takes what car and outlet allow until it has `energy_wh`, or until `longest_s`.

    Near full the power falls in a straight line over `tail_s`, as on-board chargers do: P(t) = P t / tail with t the
    time left, so the energy left is P t^2 / (2 tail) and P(t) = P sqrt(left / (P tail / 2)).
    """
    power, energy, phases, clock_s = [], [0.0], [], 0
    while clock_s < longest_s and energy[-1] < energy_wh:
        lost = limits.loses_phase_at_s is not None and clock_s >= limits.loses_phase_at_s
        phases.append(max(1, limits.phases - 1) if lost else limits.phases)
        full_w = min(limits.amps, limits.offered_a(clock_s)) * limits.volts * phases[-1]
        left_wh = energy_wh - energy[-1]
        tail_wh = full_w * tail_s / 3600 / 2
        now_w = full_w * min(1.0, (left_wh / tail_wh) ** 0.5) if tail_wh else full_w
        # The last bit would take for ever; a car that gets less than a tenth of its power stops asking.
        step_wh = left_wh if now_w < 0.1 * full_w else min(left_wh, now_w * STEP_S / 3600)
        power.append(now_w)
        energy.append(energy[-1] + step_wh)
        clock_s += STEP_S
    return Curve((*power, 0.0), tuple(energy), (), (*phases, phases[-1]))
