"""Each charging period of a CDR from elsewhere against what our readings say of the same stretch."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from monitor.tariffs.cdr import Cdr, ends
from monitor.tariffs.model import Usage, UsageKind
from monitor.tariffs.rounding import rounded
from monitor.tariffs.values import tidy

TOLERANCE = Decimal("0.0001")
"""Numbers in OCPI have four decimals."""

_Found = tuple[Literal["energy", "time", "parking"], Literal["meter"], str, Decimal, Decimal]
_TIMES: tuple[tuple[Literal["time", "parking"], str, UsageKind], ...] = (
    ("time", "TIME", "charging"),
    ("parking", "PARKING_TIME", "parking"),
)


def differing_periods(cdr: Cdr, used: Usage) -> Iterator[_Found]:
    """Kind, field, what is stated (kWh, hours) and what our readings say.

    Energy within one of our periods may have flowed at any time of it: where a border of the CDR cuts one, anything
    from none to all of its energy is right.
    """
    for index, (period, end) in enumerate(zip(cdr.charging_periods, ends(cdr), strict=True)):
        name, start = f"charging_periods[{index}]", period.start_date_time
        if (stated := period.volume("ENERGY")) is not None:
            least, likely, most = _energy_kwh(used, start, end)
            if not least - TOLERANCE <= stated <= most + TOLERANCE:
                yield "energy", "meter", f"{name}.ENERGY", stated, likely
        for kind, volume, ours in _TIMES:
            hours = tidy(rounded(_hours(used, start, end, ours), 4))
            if (stated := period.volume(volume)) is not None and abs(stated - hours) > TOLERANCE:
                yield kind, "meter", f"{name}.{volume}", stated, hours


def _energy_kwh(used: Usage, start: datetime, end: datetime) -> tuple[Decimal, Decimal, Decimal]:
    """The least, the likely (constant power within a period) and the most that flowed between both times."""
    least = likely = most = Decimal(0)
    for period in used.periods:
        share = _overlap(period.start, period.end, start, end) / (period.end - period.start)
        if share > 0:
            kwh = period.energy_wh / 1000
            most += kwh
            least += kwh if share == 1 else 0
            likely += kwh * Decimal(str(share))
    return least, tidy(rounded(likely, 4)), most


def _hours(used: Usage, start: datetime, end: datetime, kind: UsageKind) -> Decimal:
    lasting = sum(
        (_overlap(each.start, each.end, start, end) for each in used.periods if each.kind == kind), timedelta(0)
    )
    return Decimal(lasting // timedelta(microseconds=1)) / 3_600_000_000


def _overlap(start: datetime, end: datetime, other_start: datetime, other_end: datetime) -> timedelta:
    return max(min(end, other_end) - max(start, other_start), timedelta(0))
