"""Time of a visit in slices of one class: laid as rows come, and given their energy when the register is read.

What has its energy is packed, 64 bytes a slice: a car that charges all night with values each 10 s has thousands.
"""

from array import array
from collections.abc import Iterable, Sequence
from math import isnan, nan
from typing import NamedTuple

from monitor.sessions.classes import REASONS, TimeClass
from monitor.sessions.model import Period
from monitor.sessions.shared import Shared
from monitor.tariffs.model import UsageKind
from monitor.units import from_us

_KINDS: tuple[TimeClass, ...] = ("charging", "parking", "neither", "by_energy")
_KIND_NUMBER = {kind: float(number) for number, kind in enumerate(_KINDS)}
_REASON_NUMBER = {reason: float(number) for number, reason in enumerate(REASONS)}
_CELLS = 8

Packed = Shared["array[float]"]
"""Slices with their energy, `_CELLS` numbers each: whole microseconds and milliwatt-hours are exact in a double."""


class Slice(NamedTuple):
    """A stretch of one class. `estimate_mwh`: power integrated over it, None without power."""

    start_us: int
    end_us: int
    kind: TimeClass
    reason: str
    stopped: bool
    estimate_mwh: int | None = None
    power_w: float | None = None
    current_a: float | None = None
    soc: float | None = None

    @property
    def span_us(self) -> int:
        """How long it is."""
        return self.end_us - self.start_us


def nothing_packed() -> Packed:
    """No slices yet."""
    return Shared(array("d"))


def packed(piece: Slice, energy_mwh: int) -> tuple[float, ...]:
    """A slice with its energy as cells of `Packed`."""
    return (
        piece.start_us,
        piece.end_us,
        _KIND_NUMBER[piece.kind],
        _REASON_NUMBER[piece.reason],
        energy_mwh,
        nan if piece.power_w is None else piece.power_w,
        nan if piece.current_a is None else piece.current_a,
        nan if piece.soc is None else piece.soc,
    )


def periods(settled: Packed, more: Iterable[tuple[float, ...]] = ()) -> tuple[Period, ...]:
    """Packed slices as periods, and `more` behind them."""
    cells = settled.cells()
    rows = zip(*(cells[column::_CELLS] for column in range(_CELLS)), strict=True)
    return tuple(_period(row) for row in (*rows, *more))


def resolved(kind: TimeClass, energy_mwh: float) -> UsageKind:
    """The class of time: where no status says, the car charged if energy flowed."""
    if kind == "by_energy":
        return "charging" if energy_mwh > 0 else "neither"
    return kind


def shares(slices: Sequence[Slice], energy_mwh: int) -> list[int]:
    """`energy_mwh` shared out among slices, to the milliwatt-hour.

    Energy belongs to the time in which the car charged, there by the power read, else by time.
    """
    if len(slices) == 1:
        return [energy_mwh]
    weights = _weights(slices)
    total = sum(weights)
    shared, given, weight_so_far = [], 0, 0
    for weight in weights:
        weight_so_far += weight
        upto = energy_mwh * weight_so_far // total if total else 0
        shared.append(upto - given)
        given = upto
    return shared


def estimates(slices: Sequence[Slice]) -> list[int]:
    """The energy that power integrated over each gives: where no register was ever read."""
    return [piece.estimate_mwh or 0 for piece in slices]


def _weights(slices: Sequence[Slice]) -> list[int]:
    open_ones = [piece for piece in slices if not piece.stopped]
    for candidates in (
        [piece for piece in open_ones if piece.kind in {"charging", "by_energy"}],
        open_ones,
        list(slices),
    ):
        if candidates:
            by_power = sum(piece.estimate_mwh or 0 for piece in candidates) > 0
            chosen = {id(piece) for piece in candidates}
            return [
                ((piece.estimate_mwh or 0) if by_power else piece.span_us) if id(piece) in chosen else 0
                for piece in slices
            ]
    return []


def _period(row: tuple[float, ...]) -> Period:
    start_us, end_us, kind, reason, energy_mwh, power_w, current_a, soc = row
    power = None if isnan(power_w) else power_w
    if power is None and energy_mwh:
        power = energy_mwh * 3.6e6 / (end_us - start_us)
    return Period(
        from_us(int(start_us)),
        from_us(int(end_us)),
        resolved(_KINDS[int(kind)], energy_mwh),
        REASONS[int(reason)],
        energy_mwh / 1000,
        power,
        None if isnan(current_a) else current_a,
        None if isnan(soc) else soc,
    )
