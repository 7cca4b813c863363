"""How the ticks of the service have been going."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

RECENT = 240


class Tick(NamedTuple):
    """One that is over; `at`: its slot."""

    at: datetime
    duration_s: float
    failed: bool


@dataclass(frozen=True)
class TickStats:
    """Since the start. `missed`: slots passed over; `failed`: ticks in which anything failed; `total_s`: of all ticks
    together; `recent`: the last RECENT, oldest first.
    """

    count: int = 0
    missed: int = 0
    failed: int = 0
    total_s: float = 0.0
    last_at: datetime | None = None
    last_duration_s: float | None = None
    last_error: str = ""
    last_good_at: datetime | None = None
    recent: tuple[Tick, ...] = ()

    def after(self, tick: Tick, missed: int, error: str) -> "TickStats":
        """The same after another tick; `error`: what failed in it, or empty."""
        return TickStats(
            count=self.count + 1,
            missed=self.missed + missed,
            failed=self.failed + tick.failed,
            total_s=self.total_s + tick.duration_s,
            last_at=tick.at,
            last_duration_s=tick.duration_s,
            last_error=error,
            last_good_at=self.last_good_at if tick.failed else tick.at,
            recent=(*self.recent, tick)[-RECENT:],
        )
