"""A figure as people read it."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from babel import Locale

from monitor import amounts
from monitor.insight.figures import Figure, Unit


def figure_text(value: Any, figure: Figure, locale: Locale, currency: str | None = None) -> str:
    """With its unit; unknown is a dash, never 0."""
    if value is None:
        return amounts.DASH
    if figure.unit == "money":
        return amounts.money(Decimal(value), currency or "", locale)
    return _TEXTS[figure.unit](value, locale)


_TEXTS: Mapping[Unit, Callable[[Any, Locale], str]] = {
    "count": amounts.number,
    "rate": lambda value, locale: amounts.number(value, locale, 1),
    "Wh": amounts.energy,
    "W": amounts.power,
    "s": lambda value, _: amounts.span(timedelta(seconds=value)),
    "share": lambda value, locale: amounts.percent(100 * value, locale, 1),
    "percent": amounts.percent,
    "text": lambda value, _: str(value),
}
