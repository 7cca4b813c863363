"""Which times of chargers are believed, and what stands in for those that are not."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from monitor.units import to_us

Precision = Literal["ns", "us", "ms", "s", "m", "h"]
"""Units of a written time; minutes and hours are InfluxDB 1's."""

US_PER_UNIT: dict[Precision, tuple[int, int]] = {
    "ns": (1, 1000),
    "us": (1, 1),
    "ms": (1000, 1),
    "s": (1_000_000, 1),
    "m": (60_000_000, 1),
    "h": (3_600_000_000, 1),
}
"""Written time x first // second = microseconds."""

EARLIEST_US = to_us(datetime(2010, 1, 1, tzinfo=UTC))
"""Before this no charger was there: its clock was lost."""
LATEST_US = (2**63 - 1) // 1000
"""The last microsecond that InfluxDB can name (April 2262)."""
AHEAD_US = timedelta(minutes=10) // timedelta(microseconds=1)
"""How far ahead of its arrival a transaction or link row is believed."""


@dataclass(frozen=True)
class Believed:
    """The time of a row, and the one it claimed where that was not believed."""

    time_us: int
    claimed_us: int | None = None


def believe(claimed_us: int, received_us: int) -> Believed:
    """The time of a transaction or link row: what it claims, else when it arrived.

    What is claimed is clipped to what a column of whole numbers holds.
    """
    if EARLIEST_US <= claimed_us <= received_us + AHEAD_US:
        return Believed(claimed_us)
    return Believed(received_us, max(-(2**63), min(claimed_us, 2**63 - 1)))


def cannot_be(time_us: int) -> str:
    """Why a meter or status row of this time is not taken; empty when it is."""
    if time_us < EARLIEST_US:
        return "its time is before 2010: is the charger's clock lost, or the precision of the request another?"
    if time_us > LATEST_US:
        return "its time is after 2262: is the precision of the request another?"
    return ""
