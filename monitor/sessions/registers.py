"""Energy from the meter's register: the sum of its rises, whatever the register does in between.

All values are whole milliwatt-hours. A register may fall (a restart, a session-relative register beside a lifetime
one), rise beyond what the outlet can give, or come back to where it was after either.
"""

from typing import NamedTuple

from monitor.sessions.model import Flag

CREEP_MWH = 50_000
"""50 Wh: a fall up to this is a meter that creeps, not another register."""

ROUNDING_MWH = 1_000
"""1 Wh: a fall up to this comes of rounding (OCPP 1.6 has whole Wh at start and stop, decimals in between)."""

UNKNOWN_RATING_W = 400_000.0
"""What an outlet without a rating is taken to be able to give: the strongest in use."""


class Registers(NamedTuple):
    """What is known of the register of one session.

    `last_us` is None until there is a reading, `energy_mwh` until there are two: one reading says nothing of energy.
    `before` is the reading (value, time) before a break, with
    `since_break_mwh` counted after it: a register that comes back to `before` had only dropped out.
    """

    energy_mwh: int | None = None
    last_mwh: int = 0
    last_us: int | None = None
    from_start_event: bool = False
    before: tuple[int, int] | None = None
    since_break_mwh: int = 0
    two_frames: bool = False
    """Start and stop events speak of another register (lifetime) than meter values (session-relative)."""


def read(
    registers: Registers, value_mwh: int, at_us: int, rated_w: float | None, *, event: bool = False
) -> tuple[Registers, int, frozenset[Flag]]:
    """Take in one reading; returns the next state, the rise it stands for (never below 0), and what was wrong with it.

    `event`: the reading came with a start or stop event, not with meter values.
    """
    if registers.last_us is None:
        return Registers(None, value_mwh, at_us, from_start_event=event), 0, frozenset()
    span_us = at_us - registers.last_us
    rise = value_mwh - registers.last_mwh
    returned = _returned(registers, value_mwh, at_us, rated_w)
    ordinary = -CREEP_MWH <= rise <= possible_mwh(span_us, rated_w)
    if returned is not None and not (ordinary and not (registers.two_frames and event)):
        return _accept(registers, returned, value_mwh, at_us, settled=True), returned, frozenset()
    if ordinary and rise >= 0:
        return _accept(registers, rise, value_mwh, at_us), rise, frozenset()
    if ordinary:
        # The higher value stays the base, so that a register that creeps down and up again is not counted twice.
        creeps: frozenset[Flag] = frozenset({"negative"} if rise < -ROUNDING_MWH else ())
        return registers._replace(energy_mwh=registers.energy_mwh or 0, last_us=at_us), 0, creeps
    return _broken(registers, value_mwh, at_us, possible_mwh(span_us, rated_w))


def possible_mwh(span_us: int, rated_w: float | None) -> int:
    """The most an outlet gives in a time: its rating and a fifth, half a minute for clocks, 50 Wh for resolution."""
    seconds = max(span_us, 0) / 1_000_000 + 30
    return round((rated_w or UNKNOWN_RATING_W) * 1.2 * seconds / 3.6) + CREEP_MWH


def _returned(registers: Registers, value_mwh: int, at_us: int, rated_w: float | None) -> int | None:
    """The rise still to count if the register is back where it was before it broke, else None."""
    if registers.before is None:
        return None
    value_before, before_us = registers.before
    if not -CREEP_MWH <= value_mwh - value_before <= possible_mwh(at_us - before_us, rated_w):
        return None
    return max(value_mwh - value_before - registers.since_break_mwh, 0)


def _accept(registers: Registers, rise: int, value_mwh: int, at_us: int, *, settled: bool = False) -> Registers:
    return Registers(
        (registers.energy_mwh or 0) + rise,
        value_mwh,
        at_us,
        from_start_event=False,
        before=None if settled else registers.before,
        since_break_mwh=registers.since_break_mwh + rise if registers.before and not settled else 0,
        two_frames=registers.two_frames,
    )


def _broken(registers: Registers, value_mwh: int, at_us: int, most_mwh: int) -> tuple[Registers, int, frozenset[Flag]]:
    """A fall or a jump: what counts after it is only what can have been given since, at most `most_mwh`."""
    fell = value_mwh < registers.last_mwh
    restarted = fell and 0 <= value_mwh <= most_mwh
    flags: frozenset[Flag] = frozenset({"register_reset"} if fell else {"register_jump"})
    if fell and not restarted and registers.from_start_event:
        # The first values lie below the start: the session would begin negative, and nobody knows by how much.
        flags = frozenset({"negative", "register_jump"})
    counted = value_mwh if restarted else 0
    first_break = registers.before is None and registers.last_us is not None
    broken = Registers(
        (registers.energy_mwh or 0) + counted,
        value_mwh,
        at_us,
        before=(registers.last_mwh, registers.last_us or at_us) if first_break else registers.before,
        since_break_mwh=(0 if first_break else registers.since_break_mwh) + counted,
        two_frames=registers.two_frames or registers.from_start_event,
    )
    return broken, counted, flags
