"""Days and hours on a site's wall clock, for whole columns of moments. Days are counted from 1970-01-01."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from monitor.units import to_us

Ints = npt.NDArray[np.int64]

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
_FIRST = date(1970, 1, 1)
_QUARTER_US = HOUR_US // 4


def local_us(moments_us: Ints, zone: ZoneInfo) -> Ints:
    """What the wall clock shows, in microseconds since 1970-01-01 00:00 on that clock."""
    moments = pd.DatetimeIndex(moments_us.astype("datetime64[us]")).tz_localize("UTC").tz_convert(zone)
    shown: Ints = moments.tz_localize(None).to_numpy().astype("datetime64[us]").astype(np.int64)
    return shown


def day_of(moment: datetime, zone: ZoneInfo) -> int:
    """The local day of a moment."""
    return (moment.astimezone(zone).date() - _FIRST).days


def date_of(day: int) -> date:
    """The date of a day."""
    return _FIRST + timedelta(days=day)


def month_of(day: int) -> int:
    """The calendar month of a day, counted from 1970-01."""
    its = date_of(day)
    return (its.year - _FIRST.year) * 12 + its.month - 1


def months_of(days: Ints) -> Ints:
    """The same of many days."""
    months: Ints = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months


def days_of_month(month: int) -> tuple[int, int]:
    """The first and the last day of a month."""
    first, following = (date(_FIRST.year + each // 12, each % 12 + 1, 1) for each in (month, month + 1))
    return (first - _FIRST).days, (following - _FIRST).days - 1


def split_months(first: int, last: int) -> tuple[tuple[int, int] | None, list[tuple[int, int]]]:
    """The calendar months that lie within days, first and last, and the runs of days around them."""
    months = month_of(first - 1) + 1 if first <= last else 0, month_of(last + 1) - 1
    if first > last or months[0] > months[1]:
        return None, [(first, last)] if first <= last else []
    begin, end = days_of_month(months[0])[0], days_of_month(months[1])[1]
    return months, [(a, b) for a, b in ((first, begin - 1), (end + 1, last)) if a <= b]


def midnight_us(day: int, zone: ZoneInfo) -> int:
    """When a local day begins, epoch microseconds; a day has 23, 24 or 25 hours."""
    return to_us(datetime.combine(date_of(day), time(0), zone))


def day_begin_us(moment_us: int, zone: ZoneInfo) -> int:
    """When the local day of a moment begins, epoch microseconds."""
    return midnight_us(int(local_us(np.array([moment_us]), zone)[0] // DAY_US), zone)


def pieces(starts_us: Ints, ends_us: Ints) -> tuple[Ints, Ints, Ints]:
    """Stretches cut at every quarter of an hour, which all zones share: the number of its stretch, start and end."""
    first, last = starts_us // _QUARTER_US, -(-ends_us // _QUARTER_US)
    counts = np.maximum(last - first, 0)
    whose = np.repeat(np.arange(len(starts_us)), counts)
    nth = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    begins = (first[whose] + nth) * _QUARTER_US
    return whose, np.maximum(begins, starts_us[whose]), np.minimum(begins + _QUARTER_US, ends_us[whose])
