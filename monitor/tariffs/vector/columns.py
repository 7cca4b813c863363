"""Usages of many sessions in columns, and back."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import get_args

import numpy as np
import numpy.typing as npt

from monitor.tariffs.model import Usage, UsageKind, UsagePeriod
from monitor.units import from_us, to_us

Longs = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

KINDS: tuple[UsageKind, ...] = get_args(UsageKind)
CHARGING, PARKING, NEITHER, RESERVATION = (KINDS.index(k) for k in ("charging", "parking", "neither", "reservation"))


@dataclass(frozen=True)
class Columns:
    """Periods of sessions in a row: session i has those from `offsets[i]` to before `offsets[i + 1]`.

    Times are epoch microseconds, energies whole mWh; NaN: power or current not known. `start`, `end` of each session.
    """

    start: Longs
    end: Longs
    offsets: Longs
    t0: Longs
    t1: Longs
    kind: Longs
    energy_mwh: Longs
    power_w: Doubles
    current_a: Doubles

    @property
    def session(self) -> Longs:
        """The session of each period."""
        return np.repeat(np.arange(len(self.start)), np.diff(self.offsets))

    def regular(self) -> Flags:
        """Sessions that the vectorised engine prices: no reservation, no energy given back, times in order."""
        odd = (self.kind == RESERVATION) | (self.energy_mwh < 0) | (self.t1 < self.t0)
        odd |= self.t0 < self.start[self.session]
        per_session = np.bincount(self.session, odd, minlength=len(self.start))
        regular: Flags = (per_session == 0) & (np.diff(self.offsets) > 0)
        return regular

    def chosen(self, sessions: Flags) -> "Columns":
        """Some of the sessions."""
        periods = sessions[self.session]
        counts = np.diff(self.offsets)[sessions]
        arrays = (self.t0, self.t1, self.kind, self.energy_mwh, self.power_w, self.current_a)
        offsets = np.concatenate(([0], np.cumsum(counts)))
        return Columns(self.start[sessions], self.end[sessions], offsets, *(each[periods] for each in arrays))  # type: ignore[arg-type]

    def usage(self, index: int) -> Usage:
        """One session as the reference engine reads it."""
        periods = [
            UsagePeriod(
                from_us(int(self.t0[row])),
                from_us(int(self.t1[row])),
                KINDS[self.kind[row]],
                Decimal(int(self.energy_mwh[row])).scaleb(-3),
                _known(self.power_w[row]),
                _known(self.current_a[row]),
            )
            for row in range(self.offsets[index], self.offsets[index + 1])
        ]
        return Usage(from_us(int(self.start[index])), from_us(int(self.end[index])), tuple(periods))


def columns_of(usages: Iterable[Usage]) -> Columns:
    """Usages in columns; energies have to be whole mWh, power and current what a float holds, volumes those of time."""
    sessions = list(usages)
    periods = [period for usage in sessions for period in usage.periods]
    return Columns(
        start=np.array([to_us(usage.start) for usage in sessions], np.int64),
        end=np.array([to_us(usage.end) for usage in sessions], np.int64),
        offsets=np.concatenate(([0], np.cumsum([len(usage.periods) for usage in sessions]))).astype(np.int64),
        t0=np.array([to_us(period.start) for period in periods], np.int64),
        t1=np.array([to_us(period.end) for period in periods], np.int64),
        kind=np.array([KINDS.index(period.kind) for period in periods], np.int64),
        energy_mwh=np.array([int(period.energy_wh.scaleb(3)) for period in periods], np.int64),
        power_w=np.array([_double(period.power_w) for period in periods], np.float64),
        current_a=np.array([_double(period.current_a) for period in periods], np.float64),
    )


def _known(value: float) -> Decimal | None:
    return None if np.isnan(value) else Decimal(str(float(value)))


def _double(value: Decimal | None) -> float:
    return float("nan") if value is None else float(value)
