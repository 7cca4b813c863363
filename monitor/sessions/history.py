"""What a connector's finished sessions say of it: is it slower than usual, does it fail, is anybody served by it.

- **delivered**: a session of at least 100 Wh;
- **failed**: one that delivered less, or whose stop reason is the charger's own (`FAULTS`); of unknown energy neither;
- **slow**: one that delivered at under half of the connector's usual power, unless its diagnosis is one that is not
  the charger's (`EXCUSES`).

Shares are of the last ten sessions, and unknown with fewer than `LEAST_RECENT` that say anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from monitor.rules.names import DELIVERED_WH
from monitor.units import from_us

RECENT, USED = 10, 60
"""The last ten sessions are what is compared; the usual power is the median over sessions 11 to 60 back."""

LEAST_USUAL = 10
"""Below this a median says more about single cars than about the connector."""

LEAST_RECENT = 5
LEAST_GAPS = 10

FAULTS = frozenset(
    {"EmergencyStop", "PowerLoss", "Reboot", "HardReset", "PowerQuality", "GroundFault", "OvercurrentFault"}
)
"""Stop reasons of OCPP 1.6 and 2.0.1 that the car's driver did not choose."""

EXCUSES = frozenset({"tapering", "shared", "load_managed", "cold"})
"""Diagnoses that explain a low power without the charger. A car that takes little is no excuse: a module that died
looks the same, and the next nine cars are other ones."""


@dataclass(frozen=True)
class Past:
    """What counts of one finished session. None: not known."""

    ended_us: int
    energy_wh: float | None
    average_power_w: float | None
    user: str | None
    stop_reason: str | None
    diagnosis: str | None

    @property
    def delivered(self) -> bool:
        """Whether a car got energy."""
        return self.energy_wh is not None and self.energy_wh >= DELIVERED_WH

    @property
    def failed(self) -> bool | None:
        """Whether it did not do what the driver came for."""
        if self.stop_reason in FAULTS:
            return True
        return None if self.energy_wh is None else not self.delivered

    def slow(self, usual_power_w: float | None) -> bool | None:
        """Whether the charger gave far less than it usually does; None where that cannot be told."""
        if usual_power_w is None or self.average_power_w is None or not self.delivered:
            return None
        return self.average_power_w < 0.5 * usual_power_w and self.diagnosis not in EXCUSES


@dataclass(frozen=True)
class ConnectorHistory:
    """What rules and pages read of a connector's past. Shares in percent; None: not known."""

    usual_power_w: float | None = None
    slow_share_10: float | None = None
    failed_share_10: float | None = None
    users_10: int | None = None
    delivered_us: int | None = None
    usual_gap_us: int | None = None
    last_stop_reason: str | None = None

    @property
    def delivered_at(self) -> datetime | None:
        """When the last session that delivered ended."""
        return None if self.delivered_us is None else from_us(self.delivered_us)

    @property
    def usual_gap(self) -> timedelta | None:
        """The median time from one session that delivered to the next, end to end."""
        return None if self.usual_gap_us is None else timedelta(microseconds=self.usual_gap_us)


def history_of(newest_first: Sequence[Past]) -> ConnectorHistory:
    """The history of a connector's finished sessions, of which the last 60 count."""
    recent = newest_first[:RECENT]
    usual = _usual_power_w(newest_first[RECENT:USED])
    users = {past.user for past in recent if past.user is not None}
    ends = [past.ended_us for past in newest_first[:USED] if past.delivered]
    return ConnectorHistory(
        usual_power_w=usual,
        slow_share_10=_share([past.slow(usual) for past in recent]),
        failed_share_10=_share([past.failed for past in recent]),
        users_10=len(users) or None,
        delivered_us=ends[0] if ends else None,
        usual_gap_us=_usual_gap_us(ends),
        last_stop_reason=newest_first[0].stop_reason if newest_first else None,
    )


def _usual_power_w(older: Sequence[Past]) -> float | None:
    powers = [past.average_power_w for past in older if past.average_power_w is not None]
    return median(powers) if len(powers) >= LEAST_USUAL else None


def _share(answers: Sequence[bool | None]) -> float | None:
    told = [answer for answer in answers if answer is not None]
    return 100 * sum(told) / len(told) if len(told) >= LEAST_RECENT else None


def _usual_gap_us(ends_newest_first: Sequence[int]) -> int | None:
    """The median time from one session that delivered to the next, end to end."""
    gaps = [later - earlier for later, earlier in pairwise(ends_newest_first)]
    return round(median(gaps)) if len(gaps) >= LEAST_GAPS else None
