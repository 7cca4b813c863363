"""Quantities, money and times as people read them, in the locale of the request. Registered as Jinja filters.

Everything unknown is written as a dash, never as 0. Only pages use these; JSON and CSV keep `.` and ISO 8601.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from flask import Flask

from dashboards.language import gettext, locale
from monitor import cells
from monitor.tariffs.rounding import currency_digits, rounded
from monitor.units import from_us

DASH = "–"
Number = float | int | Decimal


def number(value: Number | None, decimals: int = 0) -> str:
    """`1 234,5` for sv_SE."""
    if value is None:
        return DASH
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(value, pattern, locale=locale())


def power(watts: Number | None) -> str:
    """`840 W`, `11,2 kW`, `118 kW`, `8,42 MW`: the three figures that matter."""
    return _scaled(watts, (("MW", 1_000_000), ("kW", 1000)), "W")


def energy(watt_hours: Number | None) -> str:
    """`0,4 kWh`, `41,2 kWh`, `131 kWh`, `6,13 MWh`."""
    if watt_hours is not None and abs(float(watt_hours)) < 1000:
        return f"{number(float(watt_hours) / 1000, 1)}\u00a0kWh"
    return _scaled(watt_hours, (("GWh", 1_000_000_000), ("MWh", 1_000_000), ("kWh", 1000)), "Wh")


def figures(value: float) -> str:
    """Three figures, but no decimals that are all zero: `8,42`, `11,2`, `22`, `118`."""
    decimals = 0 if abs(value) >= 100 or value == round(value) else 1 if abs(value) >= 10 else 2
    return number(value, decimals)


def _scaled(value: Number | None, scales: tuple[tuple[str, int], ...], base: str) -> str:
    if value is None:
        return DASH
    for unit, factor in scales:
        if abs(float(value)) >= factor:
            return f"{figures(float(value) / factor)}\u00a0{unit}"
    return f"{number(value)}\u00a0{base}"


def percent(value: Number | None, decimals: int = 0) -> str:
    """A value in percent: `62 %`."""
    return DASH if value is None else f"{number(value, decimals)}\u00a0%"


def money(amount: Decimal | None, currency: str) -> str:
    """With the currency's own digits: `187,30 kr`. Half up, as bills are rounded; babel alone would round half even."""
    if amount is None:
        return DASH
    return format_currency(rounded(amount, currency_digits(currency)), currency, locale=locale())


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


def span(duration: timedelta | None) -> str:
    """A duration in its two largest units: `45 s`, `14 min`, `2 h 5 min`, `3 d 4 h`."""
    if duration is None:
        return DASH
    seconds = max(int(duration.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds}\u00a0s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if hours < 1:
        return f"{minutes}\u00a0min"
    if days < 1:
        return f"{hours}\u00a0h" + (f" {minutes % 60}\u00a0min" if minutes % 60 else "")
    return f"{days}\u00a0d" + (f" {hours % 24}\u00a0h" if hours % 24 else "")


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
