"""What a connector's finished sessions say of it: is it slower than usual, does it fail, is anybody served by it.

- **delivered**: a session of at least 100 Wh;
- **failed**: one that delivered less, or whose stop reason is the charger's own (`FAULTS`); of unknown energy neither;
- **slow**: one that delivered at under half of the connector's usual power, or at under four fifths of it while the
  charger offered clearly less than its rating without a reason (`diagnosis.offer_lowered`), as it usually does not;
  unless its diagnosis is one that is not the charger's (`EXCUSES`). What a nearly full battery does not take is made
  good on both sides: of sessions with a known state of charge, powers as they would have been below the taper count.

Shares are of the last ten sessions, and unknown with fewer than `LEAST_RECENT` that say anything.

The limits were chosen on 567 real DC sessions before 2023 (`tests/benchmarks/slow_charging.py`): without the taper
5.5 % of healthy sessions were slow, with it 2.5 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from monitor.rules.names import DELIVERED_WH
from monitor.sessions.model import Session
from monitor.sessions.offer import is_lowered
from monitor.sessions.tapering import share_between
from monitor.units import from_us, to_us

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
looks the same, and the next nine cars are other ones. Tapering is one only where its part in it is not known."""

SLOW, SLOW_WITH_LOW_OFFER = 0.5, 0.8
"""Parts of the usual power below which a session is slow."""

TAPERS_FROM_W = 25_000.0
"""What AC gives (22 kW) and weak DC chargers too is less than any battery takes, nearly full or not."""


@dataclass(frozen=True)
class Past:
    """What counts of one finished session. None: not known."""

    ended_us: int
    energy_wh: float | None
    average_power_w: float | None
    user: str | None
    stop_reason: str | None
    diagnosis: str | None
    peak_power_w: float | None = None
    soc_in: float | None = None
    soc_out: float | None = None
    offer_lowered: bool = False

    @property
    def untapered_w(self) -> float | None:
        """The average power as it would have been below the taper; None where that cannot be told."""
        if self.average_power_w is None or self.soc_in is None or self.soc_out is None:
            return None
        if (self.peak_power_w or 0) < TAPERS_FROM_W:
            return None
        return self.average_power_w / share_between(self.soc_in, self.soc_out)

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

    def slow(self, usual: "Usual") -> bool | None:
        """Whether the charger gave far less than it usually does; None where that cannot be told."""
        if self.average_power_w is None or not self.delivered:
            return None
        power_w, usual_w, excuses = self.average_power_w, usual.power_w, EXCUSES
        if self.untapered_w is not None and usual.untapered_w is not None:
            power_w, usual_w, excuses = self.untapered_w, usual.untapered_w, EXCUSES - {"tapering"}
        if usual_w is None:
            return None
        limit = SLOW_WITH_LOW_OFFER if self.offer_lowered and not usual.offer_lowered else SLOW
        return power_w < limit * usual_w and self.diagnosis not in excuses


class Usual(NamedTuple):
    """What a connector's older sessions were like: medians of power, and whether most had a lowered offer."""

    power_w: float | None
    untapered_w: float | None
    offer_lowered: bool


def past_of(session: Session) -> Past:
    """A finished session as it counts here."""
    ended = session.plug_out or session.stopped or session.plug_in
    return Past(
        to_us(ended),
        session.energy_wh,
        session.average_power_w,
        session.user,
        session.stop_reason,
        session.diagnosis.code if session.diagnosis else None,
        session.peak_power_w,
        session.soc_in,
        session.soc_out,
        is_lowered(session.details),
    )


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


def history_of(newest_first: Sequence[Past], before: Sequence[Past] | None = None) -> ConnectorHistory:
    """The history of a connector's finished sessions, of which the last 60 count.

    `before`: the sessions as they were when an alert began that rests on the usual power; what is usual is of these.
    """
    recent = newest_first[:RECENT]
    usual = _usual((newest_first if before is None else before)[RECENT:USED])
    users = {past.user for past in recent if past.user is not None}
    ends = [past.ended_us for past in newest_first[:USED] if past.delivered]
    return ConnectorHistory(
        usual_power_w=usual.power_w,
        slow_share_10=_share([past.slow(usual) for past in recent]),
        failed_share_10=_share([past.failed for past in recent]),
        users_10=len(users) or None,
        delivered_us=ends[0] if ends else None,
        usual_gap_us=_usual_gap_us(ends),
        last_stop_reason=newest_first[0].stop_reason if newest_first else None,
    )


def _usual(older: Sequence[Past]) -> Usual:
    lowered = sum(past.offer_lowered for past in older)
    return Usual(
        _median([past.average_power_w for past in older]),
        _median([past.untapered_w for past in older]),
        lowered > len(older) / 2,
    )


def _median(powers: Sequence[float | None]) -> float | None:
    known = [power for power in powers if power is not None]
    return median(known) if len(known) >= LEAST_USUAL else None


def _share(answers: Sequence[bool | None]) -> float | None:
    told = [answer for answer in answers if answer is not None]
    return 100 * sum(told) / len(told) if len(told) >= LEAST_RECENT else None


def _usual_gap_us(ends_newest_first: Sequence[int]) -> int | None:
    """The median time from one session that delivered to the next, end to end."""
    gaps = [later - earlier for later, earlier in pairwise(ends_newest_first)]
    return round(median(gaps)) if len(gaps) >= LEAST_GAPS else None
