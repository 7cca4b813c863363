"""What a CDR's charging periods say was used, and what in them leaves a doubt about the price."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from monitor.errors import InputError
from monitor.tariffs.cdr import Cdr, ChargingPeriod, FoundCdr, ends
from monitor.tariffs.model import Usage, UsageKind, UsagePeriod
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.selection import KILO, Ladder, plan_of

TIMES: tuple[tuple[str, UsageKind], ...] = (
    ("TIME", "charging"),
    ("PARKING_TIME", "parking"),
    ("RESERVATION_TIME", "reservation"),
)
ROUNDED_HOURS = Decimal("0.0001")
"""A volume in hours with OCPI's four decimals may be this much off."""


@dataclass(frozen=True)
class ReadUsage:
    """The usage of a CDR, and remarks about its periods in words."""

    usage: Usage
    warnings: tuple[str, ...]


def usage_of(found: FoundCdr, tariff: Tariff) -> ReadUsage:
    """Periods with the volumes that the CDR states, priced by `tariff`; raises InputError where their times cannot be.

    Volumes are billed as stated; restrictions see the times. Costs in the CDR are not looked at.
    """
    cdr, warnings = found.cdr, list[str]()
    ordered = sorted(cdr.charging_periods, key=lambda period: period.start_date_time)
    if ordered != list(cdr.charging_periods):
        warnings.append("charging_periods are not in the order of their times: they were put in order")
        cdr = cdr.model_copy(update={"charging_periods": tuple(ordered)})
    _check_times(cdr, found)
    start = min(cdr.start_date_time, ordered[0].start_date_time)
    if ordered[0].start_date_time != cdr.start_date_time:
        warnings.append(
            f"the first charging period begins at {_at(ordered[0].start_date_time)}, the CDR at "
            f"{_at(cdr.start_date_time)}: durations count from the earlier"
        )
    periods: list[UsagePeriod] = []
    for index, (period, end) in enumerate(zip(ordered, ends(cdr), strict=True)):
        warnings += _remarks(period, end, index)
        periods += (replace(each, elements=tariff.elements_of(period.tariff_id)) for each in _periods(period, end))
    return ReadUsage(Usage(start, cdr.end_date_time, tuple(periods)), tuple(warnings))


def doubts(cdr: Cdr, tariff: Tariff) -> Iterator[str]:
    """Where a restriction lies between a period's MIN_ and MAX_: who sent it should have split it there."""
    plan = plan_of(tariff, "session")
    for index, period in enumerate(cdr.charging_periods):
        for name, unit, ladder, factor in (("POWER", "kW", plan.power, KILO), ("CURRENT", "A", plan.current, 1)):
            low, high = period.volume(f"MIN_{name}"), period.volume(f"MAX_{name}")
            if low is not None and high is not None and _between(ladder, low * factor, high * factor):
                yield (
                    f"charging period {index} ({_at(period.start_date_time)}): a restriction of the tariff lies "
                    f"between MIN_{name} {low:f} and MAX_{name} {high:f} {unit}"
                )


def _between(ladder: Ladder, low: Decimal, high: Decimal) -> bool:
    return any(low < threshold <= high for threshold in ladder.thresholds)


def _check_times(cdr: Cdr, found: FoundCdr) -> None:
    if cdr.end_date_time < max(cdr.start_date_time, cdr.charging_periods[-1].start_date_time):
        name = f"CDR {cdr.id!r}" if cdr.id else "CDR"
        raise InputError(
            f"{found.source.file}: {name}: end_date_time {_at(cdr.end_date_time)} is before a start; correct the times"
        )


def _periods(period: ChargingPeriod, end: datetime) -> Iterator[UsagePeriod]:
    """One period of ours, or several where charging, parking and reservation share one, in that order of time."""
    start = period.start_date_time
    energy = (period.volume("ENERGY") or Decimal(0)) * KILO
    whole = UsagePeriod(start, end, "neither", energy, _power(period), _current(period))
    timed = [(kind, hours) for name, kind in TIMES if (hours := period.volume(name))]
    if not timed:
        # A volume of 0 still says what kind of time it is.
        kinds = [kind for name, kind in TIMES if period.volume(name) is not None]
        if start < end or energy or not kinds:
            yield replace(whole, kind=kinds[0], time_s=Decimal(0)) if kinds else whole
        return
    timed.sort(key=lambda pair: ("reservation", "charging", "parking").index(pair[0]))
    total, at, energetic = sum(hours for _, hours in timed), start, _energetic([kind for kind, _ in timed])
    for index, (kind, hours) in enumerate(timed):
        last = index == len(timed) - 1
        until = end if last else at + timedelta(seconds=round((end - start).total_seconds() * float(hours / total)))
        flow = {} if len(timed) == 1 or kind == energetic else {"power_w": None, "current_a": None}
        share = energy if kind == energetic else Decimal(0)
        yield replace(whole, start=at, end=until, kind=kind, energy_wh=share, time_s=hours * 3600, **flow)
        at = until


def _energetic(kinds: list[UsageKind]) -> UsageKind:
    return "charging" if "charging" in kinds else kinds[-1]


def _power(period: ChargingPeriod) -> Decimal | None:
    """POWER, or MIN_ and MAX_POWER that are equal; else None, energy over time; without energy their middle."""
    stated, low, high = (period.volume(name) for name in ("POWER", "MIN_POWER", "MAX_POWER"))
    if stated is None and (low == high or period.volume("ENERGY") is None):
        stated = _middle(low, high)
    return None if stated is None else stated * KILO


def _current(period: ChargingPeriod) -> Decimal | None:
    stated = period.volume("CURRENT")
    return _middle(period.volume("MIN_CURRENT"), period.volume("MAX_CURRENT")) if stated is None else stated


def _middle(low: Decimal | None, high: Decimal | None) -> Decimal | None:
    if low is not None and high is not None:
        return (low + high) / 2
    return high if low is None else low


def _remarks(period: ChargingPeriod, end: datetime, index: int) -> Iterator[str]:
    name = f"charging period {index} ({_at(period.start_date_time)})"
    given = {each: period.volume(each) for each, _ in TIMES}
    timed = {each: hours for each, hours in given.items() if hours}
    if len(timed) > 1:
        yield f"{name}: {' and '.join(timed)} in one period, which should have been split; energy was taken as charged"
    elapsed = Decimal((end - period.start_date_time) // timedelta(microseconds=1)) / 3_600_000_000
    total = sum(timed.values(), Decimal(0))
    if timed and abs(total - elapsed) > ROUNDED_HOURS:
        yield (
            f"{name}: {' and '.join(timed)} {total:f} h, but it lasts "
            f"{elapsed.quantize(ROUNDED_HOURS).normalize():f} h: the stated volume was billed"
        )
    if period.volume("ENERGY") is None and (period.volume("ENERGY_IMPORT") or period.volume("ENERGY_EXPORT")):
        yield f"{name}: ENERGY_IMPORT and ENERGY_EXPORT are no volumes of a CDR: not billed"


def _at(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
