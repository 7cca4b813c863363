"""Quantities and money as people read them: on pages in the reader's locale, in mails in that of the receiver.

Everything unknown is written as a dash, never as 0.
"""

from datetime import timedelta
from decimal import Decimal

from babel import Locale
from babel.numbers import format_currency, format_decimal

from monitor.tariffs.rounding import currency_digits, rounded

DASH = "–"
Number = float | int | Decimal
LOCALES = {"en": Locale.parse("en_SE"), "sv": Locale.parse("sv_SE")}
"""English words with Swedish numbers and ISO dates, or all of it Swedish."""


def number(value: Number | None, locale: Locale, decimals: int = 0) -> str:
    """`1 234,5` for sv_SE."""
    if value is None:
        return DASH
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return str(format_decimal(value, pattern, locale=locale))


def power(watts: Number | None, locale: Locale) -> str:
    """`840 W`, `11,2 kW`, `118 kW`, `8,42 MW`: the three figures that matter."""
    return _scaled(watts, (("MW", 1_000_000), ("kW", 1000)), "W", locale)


def energy(watt_hours: Number | None, locale: Locale) -> str:
    """`0,4 kWh`, `41,2 kWh`, `131 kWh`, `6,13 MWh`."""
    if watt_hours is not None and abs(float(watt_hours)) < 1000:
        return f"{number(float(watt_hours) / 1000, locale, 1)}\u00a0kWh"
    return _scaled(watt_hours, (("GWh", 1_000_000_000), ("MWh", 1_000_000), ("kWh", 1000)), "Wh", locale)


def percent(value: Number | None, locale: Locale, decimals: int = 0) -> str:
    """A value in percent: `62 %`."""
    return DASH if value is None else f"{number(value, locale, decimals)}\u00a0%"


def money(amount: Decimal | None, currency: str, locale: Locale) -> str:
    """With the currency's own digits: `187,30 kr`. Half up, as bills are rounded; babel alone would round half even."""
    if amount is None:
        return DASH
    return str(format_currency(rounded(amount, currency_digits(currency)), currency, locale=locale))


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


def figures(value: float, locale: Locale) -> str:
    """Three figures, but no decimals that are all zero: `8,42`, `11,2`, `22`, `118`."""
    decimals = 0 if abs(value) >= 100 or value == round(value) else 1 if abs(value) >= 10 else 2
    return number(value, locale, decimals)


def _scaled(value: Number | None, scales: tuple[tuple[str, int], ...], base: str, locale: Locale) -> str:
    if value is None:
        return DASH
    for unit, factor in scales:
        if abs(float(value)) >= factor:
            return f"{figures(float(value) / factor, locale)}\u00a0{unit}"
    return f"{number(value, locale)}\u00a0{base}"
