"""Time of a visit in slices of one class: laid as rows come, and given their energy when the register is read."""

from collections.abc import Sequence
from typing import NamedTuple

from monitor.sessions.classes import TimeClass
from monitor.sessions.model import Period
from monitor.tariffs.model import UsageKind
from monitor.units import from_us


class Slice(NamedTuple):
    """A stretch whose energy is not known yet. `estimate_mwh`: power integrated over it, None without power."""

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


def settle(slices: Sequence[Slice], energy_mwh: int) -> tuple[Period, ...]:
    """Periods of `slices` with `energy_mwh` shared out among them, to the milliwatt-hour.

    Energy belongs to the time in which the car charged, there by the power read, else by time.
    """
    return tuple(_period(piece, share) for piece, share in zip(slices, _shares(slices, energy_mwh), strict=True))


def estimated(slices: Sequence[Slice]) -> tuple[Period, ...]:
    """Periods of `slices` with the energy that power integrated over them gives: where no register was ever read."""
    return tuple(_period(piece, piece.estimate_mwh or 0) for piece in slices)


def _shares(slices: Sequence[Slice], energy_mwh: int) -> list[int]:
    weights = _weights(slices)
    total = sum(weights)
    shares, given, weight_so_far = [], 0, 0
    for weight in weights:
        weight_so_far += weight
        upto = energy_mwh * weight_so_far // total if total else 0
        shares.append(upto - given)
        given = upto
    return shares


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


def _period(piece: Slice, energy_mwh: int) -> Period:
    by_energy: UsageKind = "charging" if energy_mwh > 0 else "neither"
    kind: UsageKind = by_energy if piece.kind == "by_energy" else piece.kind
    power = piece.power_w
    if power is None and energy_mwh:
        power = energy_mwh * 3.6e6 / piece.span_us
    return Period(
        from_us(piece.start_us),
        from_us(piece.end_us),
        kind,
        piece.reason,
        energy_mwh / 1000,
        power,
        piece.current_a,
        piece.soc,
    )
