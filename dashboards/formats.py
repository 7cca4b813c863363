"""Quantities, money and times as people read them, in the locale of the request. Registered as Jinja filters.

Everything unknown is written as a dash, never as 0 (`monitor.amounts`). Only pages use these; JSON and CSV keep `.` and
ISO 8601.
"""

from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency
from flask import Flask

from dashboards.language import gettext, locale
from monitor import amounts, cells
from monitor.units import from_us

DASH = amounts.DASH
Number = amounts.Number
span = amounts.span


def number(value: Number | None, decimals: int = 0) -> str:
    """`1 234,5` for sv_SE."""
    return amounts.number(value, locale(), decimals)


def power(watts: Number | None) -> str:
    """`840 W`, `11,2 kW`, `118 kW`, `8,42 MW`."""
    return amounts.power(watts, locale())


def energy(watt_hours: Number | None) -> str:
    """`0,4 kWh`, `41,2 kWh`, `131 kWh`, `6,13 MWh`."""
    return amounts.energy(watt_hours, locale())


def figures(value: float) -> str:
    """Three figures, but no decimals that are all zero: `8,42`, `11,2`, `22`, `118`."""
    return amounts.figures(value, locale())


def percent(value: Number | None, decimals: int = 0) -> str:
    """A value in percent: `62 %`."""
    return amounts.percent(value, locale(), decimals)


def money(amount: Decimal | None, currency: str) -> str:
    """With the currency's own digits: `187,30 kr`."""
    return amounts.money(amount, currency, locale())


def exact_money(amount: Decimal | None, currency: str) -> str:
    """With every digit that is kept: `440,265 kr`. Lines so printed add up to the total before it is rounded."""
    if amount is None:
        return DASH
    return format_currency(amount, currency, "#,##0.00#### ¤", locale=locale(), currency_digits=False)


def money_whole(amount: Decimal, currency: str) -> str:
    """Without the small change, for a figure to look at: `251 300 kr`."""
    return format_currency(amount, currency, "#,##0 ¤", locale=locale(), currency_digits=False)


def unit_price(amount: Decimal, currency: str) -> str:
    """With four decimals, so that quantity x unit price can be checked by hand: `4,5000 kr`."""
    return format_currency(amount, currency, "#,##0.0000 ¤", locale=locale(), currency_digits=False)


def quantity(amount: Decimal, unit: str) -> str:
    """The quantity of a bill line: kWh and h with four decimals, sessions whole."""
    if unit == "session":
        return number(amount)
    return f"{number(amount, 4)}\u00a0{unit}"


def moment(at: datetime | int | None, zone: tzinfo, seconds: bool = False) -> str:
    """Date and time in a site's zone, as ISO writes them; microseconds since the epoch are taken too."""
    if at is None:
        return DASH
    local = _aware(at).astimezone(zone)
    return local.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def weekday(at: datetime | int | None, zone: tzinfo) -> str:
    """The day of the week, short, in the reader's language."""
    return "" if at is None else format_date(_aware(at).astimezone(zone), "EEE", locale=locale())


def clock(at: datetime | int | None, zone: tzinfo, seconds: bool = False) -> str:
    """The time of day alone, where the date is said beside it."""
    if at is None:
        return DASH
    return _aware(at).astimezone(zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def zone_label(zone: tzinfo, at: datetime) -> str:
    """`Europe/Stockholm (CET)`: the name says the rules, the abbreviation what holds now."""
    name = at.astimezone(zone).strftime("%Z")
    return name if name == str(zone) else f"{zone} ({name})"


def iso(at: datetime) -> str:
    """ISO 8601 in UTC with `Z`, as JSON, CSV and `datetime` attributes carry it."""
    return cells.iso(_aware(at))


def _aware(at: datetime | int) -> datetime:
    return from_us(at) if isinstance(at, int) else at.astimezone(UTC)


def truth(value: object) -> str:
    """A value that a rule saw, whatever its type."""
    if value is None:
        return gettext("missing")
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return str(value)


def install(app: Flask) -> None:
    """Make all of them filters of the application's templates."""
    filters = (number, power, energy, percent, money, exact_money, unit_price, quantity)
    for filter_ in (*filters, span, moment, weekday, clock, iso, zone_label):
        app.jinja_env.filters[filter_.__name__] = filter_
