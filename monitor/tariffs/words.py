"""Restrictions, prices and spans of time in words, English and Swedish."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import groupby

from monitor.tariffs.calendar import MIDNIGHT
from monitor.tariffs.model import Dimension
from monitor.tariffs.ocpi import WEEKDAYS, Element, PriceComponent, Restrictions, Tariff
from monitor.tariffs.taxes import shown_price
from monitor.tariffs.values import tidy
from monitor.units import decimal_comma

LANGUAGES = ("en", "sv")

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "always": "always", "otherwise": "otherwise", "once": "once per session", "from": "from {}",
        "until": "until {}", "weekdays": "weekdays", "weekends": "weekends", "first": "first {}", "after": "after {}",
        "below": "below {}", "level": "at {} and more", "between": "at {} – {}", "to": "{} to {}",
        "reservation": "reservation", "expired": "reservation not used",
        "rounded": "rounded up to whole {}", "per": "per", "minute": "minute", "hour": "hour",
        "days": "Mon Tue Wed Thu Fri Sat Sun",
    },
    "sv": {
        "always": "alltid", "otherwise": "i övrigt", "once": "en gång per session", "from": "från {}",
        "until": "till {}", "weekdays": "mån–fre", "weekends": "lör–sön", "first": "första {}", "after": "efter {}",
        "below": "under {}", "level": "vid {} och mer", "between": "vid {} – {}", "to": "{} till {}",
        "reservation": "reservation", "expired": "outnyttjad reservation",
        "rounded": "avrundat uppåt till hela {}", "per": "per", "minute": "minut", "hour": "timme",
        "days": "mån tis ons tors fre lör sön",
    },
}  # fmt: skip


@lru_cache(maxsize=4096)
def reason(tariff: Tariff, index: int, dimension: Dimension, step: int | None) -> Mapping[str, str]:
    """Why element `index` priced a dimension, per language; `step`: Wh or seconds that the total was rounded up to."""
    return {language: _reason(tariff, index, dimension, step, language) for language in LANGUAGES}


def _reason(tariff: Tariff, index: int, dimension: Dimension, step: int | None, language: str) -> str:
    texts, element = TEXTS[language], tariff.elements[index]
    parts = [when(element.restrictions, language) or _without_restriction(tariff, index, dimension, language)]
    if step and step > 1:
        size = f"{step} Wh" if dimension == "ENERGY" else span(step)
        parts.append(texts["rounded"].format(size))
    return "; ".join(parts)


def _without_restriction(tariff: Tariff, index: int, dimension: Dimension, language: str) -> str:
    if dimension == "FLAT":
        return TEXTS[language]["once"]
    return TEXTS[language]["otherwise" if _has_earlier(tariff.before(index), dimension) else "always"]


def _has_earlier(elements: tuple[Element, ...], dimension: Dimension) -> bool:
    return any(element.component(dimension) and element.restrictions.reservation is None for element in elements)


def when(restrictions: Restrictions, language: str) -> str:
    """When an element holds: `09:00–17:00 weekdays, first 20 kWh`; empty without restrictions."""
    clock = " ".join(part for part in (_hours(restrictions, language), _days(restrictions, language)) if part)
    parts = [
        _reservation(restrictions, language),
        clock,
        _dates(restrictions, language),
        _so_far(_text(restrictions.min_kwh, "kWh"), _text(restrictions.max_kwh, "kWh"), language),
        _so_far(_seconds(restrictions.min_duration), _seconds(restrictions.max_duration), language),
        _level(_text(restrictions.min_power, "kW"), _text(restrictions.max_power, "kW"), language),
        _level(_text(restrictions.min_current, "A"), _text(restrictions.max_current, "A"), language),
    ]
    return ", ".join(part for part in parts if part)


def span(seconds: int) -> str:
    """Seconds as people say them: `30 min`, `1 h 30 min`, `45 s`."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = [f"{count} {unit}" for count, unit in ((hours, "h"), (minutes, "min"), (left, "s")) if count]
    return " ".join(parts) or "0 s"


def money(value: Decimal) -> str:
    """An amount with two to four decimals: `4,99`, `0,0333`."""
    exact = tidy(value)
    decimals = min(max(-int(exact.as_tuple().exponent), 2), 4)
    return decimal_comma(f"{exact:.{decimals}f}")


def number(value: Decimal) -> str:
    """A quantity with the digits that it has: `20`, `50,5`."""
    return decimal_comma(str(tidy(value)))


def unit_price(tariff: Tariff, component: PriceComponent, language: str) -> str:
    """What a consumer pays: `4,99 SEK per kWh`, `0,50 SEK per minute`, per hour where a minute is not round."""
    texts, currency, price = TEXTS[language], tariff.currency, shown_price(tariff, component)
    if component.type == "FLAT":
        return f"{money(price)} {currency}"
    if component.type == "ENERGY":
        return f"{money(price)} {currency} {texts['per']} kWh"
    amount, unit = per_minute(price)
    name = texts["minute" if unit == "min" else "hour"]
    return f"{money(amount)} {currency} {texts['per']} {name}"


def per_minute(price_per_hour: Decimal) -> tuple[Decimal, str]:
    """An hourly price as (price, `min`) where that has at most four decimals, else (price, `h`)."""
    minute = (price_per_hour / 60).quantize(Decimal("0.0001"))
    return (tidy(minute), "min") if minute * 60 == price_per_hour else (price_per_hour, "h")


def _hours(restrictions: Restrictions, language: str) -> str:
    start, end = restrictions.start_time or MIDNIGHT, restrictions.end_time or MIDNIGHT
    if start == end:
        return ""
    if start == MIDNIGHT:
        return TEXTS[language]["until"].format(f"{end:%H:%M}")
    if end == MIDNIGHT:
        return TEXTS[language]["from"].format(f"{start:%H:%M}")
    return f"{start:%H:%M}–{end:%H:%M}"


def _days(restrictions: Restrictions, language: str) -> str:
    days = sorted({WEEKDAYS.index(day) for day in restrictions.day_of_week or ()})
    if len(days) in {0, 7}:
        return ""
    if days in ([0, 1, 2, 3, 4], [5, 6]):
        return TEXTS[language]["weekdays" if len(days) == 5 else "weekends"]
    names = TEXTS[language]["days"].split()
    runs = [[day for _, day in run] for _, run in groupby(enumerate(days), key=lambda pair: pair[1] - pair[0])]
    return ", ".join(names[run[0]] if len(run) == 1 else f"{names[run[0]]}–{names[run[-1]]}" for run in runs)


def _dates(restrictions: Restrictions, language: str) -> str:
    first = restrictions.start_date and str(restrictions.start_date)
    last = restrictions.end_date and str(restrictions.end_date - timedelta(days=1))  # OCPI's end is exclusive
    if first and last:
        return first if first == last else TEXTS[language]["to"].format(first, last)
    if first:
        return TEXTS[language]["from"].format(first)
    return TEXTS[language]["until"].format(last) if last else ""


def _so_far(low: str, high: str, language: str) -> str:
    """A restriction on what the session has had: energy or time."""
    if low and high:
        return f"{low} – {high}"
    if high:
        return TEXTS[language]["first"].format(high)
    return TEXTS[language]["after"].format(low) if low else ""


def _level(low: str, high: str, language: str) -> str:
    """A restriction on what flows now: power or current."""
    if low and high:
        return TEXTS[language]["between"].format(low, high)
    if high:
        return TEXTS[language]["below"].format(high)
    return TEXTS[language]["level"].format(low) if low else ""


def _reservation(restrictions: Restrictions, language: str) -> str:
    if restrictions.reservation is None:
        return ""
    return TEXTS[language]["expired" if restrictions.reservation == "RESERVATION_EXPIRES" else "reservation"]


def _text(value: Decimal | None, unit: str) -> str:
    # A minimum of 0 restricts nothing that a driver would notice.
    return f"{number(value)} {unit}" if value else ""


def _seconds(value: int | None) -> str:
    return span(value) if value else ""
