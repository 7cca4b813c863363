"""What typical visits cost under a tariff, in words: `20 kWh in 30 min on a weekday at 17:30: 124,80 SEK`."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.tariffs.model import Usage, UsagePeriod
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.pricing import price
from monitor.tariffs.rounding import currency_digits, rounded
from monitor.tariffs.words import number, span
from monitor.units import decimal_comma


class Visit(NamedTuple):
    """A car's visit: `weekday` 0 is Monday; parked minutes follow the charging ones."""

    kwh: int
    minutes: int
    parked: int
    weekday: int
    clock: time


VISITS = (
    Visit(20, 30, 0, 2, time(17, 30)),
    Visit(20, 30, 0, 6, time(3, 0)),
    Visit(30, 180, 60, 2, time(9, 0)),
)

_TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "visit": "{kwh} kWh in {time} on a {day} at {clock:%H:%M}{parked} costs {amount} {currency}{tax}",
        "weekday": "weekday", "sunday": "Sunday", "parked": ", then {} connected without charging",
        "excl": " without tax", "incl": "",
    },
    "sv": {
        "visit": "{kwh} kWh på {time} en {day} kl. {clock:%H:%M}{parked} kostar {amount} {currency}{tax}",
        "weekday": "vardag", "sunday": "söndag", "parked": ", sedan {} ansluten utan att ladda",
        "excl": " utan skatt", "incl": "",
    },
}  # fmt: skip


def examples(tariff: Tariff, language: str, zone: ZoneInfo, on: date) -> Iterator[str]:
    """One sentence a visit in the week that begins on or after `on`, `en` or `sv`, as a consumer pays."""
    for visit in VISITS:
        bill = price(_usage(visit, zone, on), tariff, zone)
        texts = _TEXTS[language]
        amount = bill.total.excl_vat if bill.total.incl_vat is None else bill.total.incl_vat
        assert amount is not None  # a tariff leaves at most one of both unknown
        yield texts["visit"].format(
            kwh=number(Decimal(visit.kwh)),
            time=span(visit.minutes * 60),
            day=texts["sunday" if visit.weekday == 6 else "weekday"],
            clock=visit.clock,
            parked=texts["parked"].format(span(visit.parked * 60)) if visit.parked else "",
            amount=decimal_comma(str(rounded(amount, currency_digits(tariff.currency)))),
            currency=tariff.currency,
            tax=texts["excl" if bill.total.incl_vat is None else "incl"],
        )


def _usage(visit: Visit, zone: ZoneInfo, on: date) -> Usage:
    day = on + timedelta(days=(visit.weekday - on.weekday()) % 7)
    start = datetime.combine(day, visit.clock, zone).astimezone(UTC)
    charged = start + timedelta(minutes=visit.minutes)
    # For tariffs that ask for the current: its sum over the phases, at 230 V each.
    current = Decimal(visit.kwh) * 1000 * 60 / visit.minutes / 230
    periods = [UsagePeriod(start, charged, "charging", Decimal(visit.kwh) * 1000, current_a=current)]
    if visit.parked:
        periods.append(UsagePeriod(charged, charged + timedelta(minutes=visit.parked), "parking", Decimal(0)))
    return Usage(start, periods[-1].end, tuple(periods))
