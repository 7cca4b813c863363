"""Where the service's time comes from: the real clock, or the demo's, which starts in the past and hurries."""

from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Passed into the service; nothing below `service.py` sees it."""

    def now(self) -> datetime:
        """The service's present, aware UTC."""
        ...

    def real_time_of(self, moment: datetime) -> datetime:
        """When, by the real clock, the service's present will be `moment`."""
        ...

    @property
    def speed(self) -> float:
        """How many of the service's seconds pass in a real one, now."""
        ...


class Replay:
    """Starts `behind` the present, runs at `speed`, and is the real clock from when it has caught up.

    `real` reads the real clock; it is passed in so that a test can move it.
    """

    def __init__(self, real: Clock, behind: timedelta, speed: float) -> None:
        self._real = real
        self._began = real.now()
        self._start = self._began - behind
        self._speed = speed
        gained_per_second = speed - 1
        self._caught_up = self._began + behind / gained_per_second if gained_per_second > 0 else None

    @property
    def start(self) -> datetime:
        """The first moment of the replayed time."""
        return self._start

    def now(self) -> datetime:
        real = self._real.now()
        if self._caught_up and real >= self._caught_up:
            return real
        return self._start + (real - self._began) * self._speed

    def real_time_of(self, moment: datetime) -> datetime:
        if self._caught_up and moment >= self._caught_up:
            return moment
        return self._began + (moment - self._start) / self._speed

    @property
    def speed(self) -> float:
        caught_up = self._caught_up and self._real.now() >= self._caught_up
        return 1.0 if caught_up else self._speed
