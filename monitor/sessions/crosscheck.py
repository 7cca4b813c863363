"""The register held against power: both measure the same energy, so one that contradicts the other is doubtful.

Power is coarser than the register (sampled, before or after the losses, at another moment), so only what no sampling
explains is a doubt.
"""

from typing import NamedTuple

from monitor.sessions.model import Flag

UNIT_FACTOR = 300
"""Power and register this many times apart differ in their unit (a factor of 1000), not in their accuracy."""

LEAST_COMPARED_MWH = 300_000
"""300 Wh: below this a register in whole kWh and one in Wh cannot be told apart."""

DENSE_US = 2 * 60 * 1_000_000
"""Power read at least this often says what went through between two readings."""

HELD_US = 60 * 60 * 1_000_000
"""A power reading says nothing of what is more than an hour from it."""

_TOLERANCE = 1.25
_APART_US = 15 * 1_000_000
_RESOLUTION_MWH = 1_100_000
"""Registers in whole kWh rise by that much at once."""


class CrossCheck(NamedTuple):
    """What power says since the register last rose. `sudden`: a rise was more than that explains.

    `power_us`: when power was last read; `dense`: it was read all the time. `integrated_mwh`: what power gave from the
    session's start to the last reading of the register; the register says nothing of what flowed since.
    """

    power_us: int | None = None
    estimate_mwh: int = 0
    most_w: float = 0.0
    dense: bool = True
    sudden: bool = False
    integrated_mwh: int | None = None


def laid(check: CrossCheck, start_us: int, upto_us: int, estimate_mwh: int | None) -> CrossCheck:
    """After time for which power gives `estimate_mwh`, None where it gives nothing."""
    read_us = start_us if check.power_us is None else check.power_us
    dense = check.dense and estimate_mwh is not None and upto_us - read_us <= DENSE_US
    estimate_mwh = check.estimate_mwh + (estimate_mwh or 0)
    return CrossCheck(check.power_us, estimate_mwh, check.most_w, dense, check.sudden, check.integrated_mwh)


def power_read(check: CrossCheck, at_us: int, power_w: float) -> CrossCheck:
    """After meter values of a moment."""
    most_w = max(check.most_w, power_w)
    return CrossCheck(at_us, check.estimate_mwh, most_w, check.dense, check.sudden, check.integrated_mwh)


def register_read(check: CrossCheck, rise_mwh: int, integrated_mwh: int | None) -> CrossCheck:
    """After a reading of the register, `integrated_mwh` being what power gave up to then.

    One that stands still for a while and then catches up has not jumped.
    """
    if rise_mwh <= 0:
        return check._replace(integrated_mwh=integrated_mwh)
    explained = check.estimate_mwh * _TOLERANCE + check.most_w * _APART_US / 3.6e6 + _RESOLUTION_MWH
    sudden = check.sudden or (check.dense and rise_mwh > explained)
    return CrossCheck(power_us=check.power_us, sudden=sudden, integrated_mwh=integrated_mwh)


def doubts(check: CrossCheck, register_mwh: int | None) -> frozenset[Flag]:
    """What is doubtful of a session's energy by the register (None: not known), held against power.

    With a wrong unit every rise looks sudden, so that is asked first.
    """
    if register_mwh is None or check.integrated_mwh is None:
        return frozenset()
    more, less = max(register_mwh, check.integrated_mwh), min(register_mwh, check.integrated_mwh)
    if more >= LEAST_COMPARED_MWH and more >= UNIT_FACTOR * less:
        return frozenset({"unit_suspect"})
    return frozenset({"register_jump"} if check.sudden else ())
