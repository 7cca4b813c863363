"""Uptime as NEVI counts it, and availability over known time. Pure, over spells: stretches in one condition.

NEVI: 23 CFR 680.116(b), https://www.ecfr.gov/current/title-23/section-680.116: per charging port, monthly over the
previous twelve months, uptime = (525,600 - (T_outage - T_excluded)) / 525,600 minutes. T_excluded is the part of the
outage that was caused by what the operator does not govern: the grid, the internet, vandalism, nature, planned
maintenance; and time outside of the hours of operation.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

Condition = Literal["down", "unseen"]
YEAR_MINUTES = 525_600


@dataclass(frozen=True)
class Spell:
    """A stretch in which a connector was down (Faulted, Unavailable), or in which nobody saw it. `end` None: it lasts.

    Unseen time inside an outage is still an outage for NEVI: nothing says that it was repaired.
    """

    condition: Condition
    start: datetime
    end: datetime | None
    status: str = ""
    error_code: str = ""


@dataclass(frozen=True)
class Exclusion:
    """A stretch whose outages do not count, and why."""

    start: datetime
    end: datetime
    reason: str


class Stretch(NamedTuple):
    """From inclusive to exclusive."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Port:
    """What is known of one port, or of several added up, over a time. Seconds.

    `total_s` counts from its first status on. `down_s` is seen to be down, `outage_s` includes what was silent
    meanwhile, `excluded_s` the part of that which is excused.
    """

    total_s: float
    outage_s: float
    excluded_s: float
    usable_s: float
    down_s: float
    faults: int
    recovered: int
    recovered_s: float
    faults_by_code: Mapping[str, int] = field(default_factory=dict)

    @property
    def uptime(self) -> float | None:
        """NEVI's, between 0 and 1; None where there was no time to count."""
        return nevi_uptime(self.total_s / 60, self.outage_s / 60, self.excluded_s / 60)

    @property
    def availability(self) -> float | None:
        """Usable over known time; None where nothing is known."""
        known = self.usable_s + self.down_s
        return self.usable_s / known if known else None

    @property
    def known_share(self) -> float | None:
        """Known over all time."""
        return (self.usable_s + self.down_s) / self.total_s if self.total_s else None


def nevi_uptime(minutes: float, outage: float, excluded: float) -> float | None:
    """The formula; `excluded` is a part of `outage`."""
    return (minutes - (outage - excluded)) / minutes if minutes else None


def port_of(
    first_status: datetime, spells: Iterable[Spell], exclusions: Iterable[Exclusion], start: datetime, end: datetime
) -> Port | None:
    """A connector over [start, end), from its first status on; None where that came later."""
    within = Stretch(max(start, first_status), end)
    if within.start >= end:
        return None
    spells = list(spells)
    down = union(clipped([(s.start, s.end) for s in spells if s.condition == "down"], within))
    unseen = union(clipped([(s.start, s.end) for s in spells if s.condition == "unseen"], within))
    excused = union(clipped([(each.start, each.end) for each in exclusions], within))
    total = (within.end - within.start).total_seconds()
    seen_down = seconds(down) - seconds(both(down, unseen))
    faults = [s for s in spells if s.status == "Faulted" and within.start <= s.start < within.end]
    over = [s.end - s.start for s in faults if s.end is not None and s.end <= within.end]
    return Port(
        total_s=total,
        outage_s=seconds(down),
        excluded_s=seconds(both(down, excused)),
        usable_s=total - seconds(union([*down, *unseen])),
        down_s=seen_down,
        faults=len(faults),
        recovered=len(over),
        recovered_s=sum(span.total_seconds() for span in over),
        faults_by_code=Counter(s.error_code or "unknown" for s in faults),
    )


def combined(ports: Sequence[Port]) -> Port | None:
    """Several ports as one: their times and faults added up. None: there are none."""
    if not ports:
        return None
    codes: Counter[str] = Counter()
    for port in ports:
        codes.update(port.faults_by_code)
    names = ("total_s", "outage_s", "excluded_s", "usable_s", "down_s", "faults", "recovered", "recovered_s")
    return Port(**{name: sum(getattr(port, name) for port in ports) for name in names}, faults_by_code=codes)


def clipped(stretches: Iterable[tuple[datetime, datetime | None]], within: Stretch) -> list[Stretch]:
    """The parts that lie within; what lasts, lasts to its end."""
    parts = [Stretch(max(start, within.start), min(end or within.end, within.end)) for start, end in stretches]
    return [part for part in parts if part.start < part.end]


def union(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same time without overlaps, in order."""
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1].end:
            found[-1] = Stretch(found[-1].start, max(found[-1].end, end))
        else:
            found.append(Stretch(start, end))
    return found


def both(some: Sequence[Stretch], others: Sequence[Stretch]) -> list[Stretch]:
    """The time that lies in both; each is a union."""
    parts = [Stretch(max(a.start, b.start), min(a.end, b.end)) for a in some for b in others]
    return [part for part in parts if part.start < part.end]


def seconds(stretches: Iterable[Stretch]) -> float:
    """How long they are together."""
    return sum((end - start).total_seconds() for start, end in stretches)
