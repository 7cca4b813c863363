"""Maps of the week: a table of seven days by 24 hours, the stronger the more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

from babel.dates import get_day_names

from dashboards.language import gettext, locale

LEVELS = 9
"""Strengths of colour; 0 is none, for what is not known too."""


@dataclass(frozen=True)
class Heat:
    """Rows of a day's name and its hours, each with its strength and its value; `told`: the map in words."""

    rows: Sequence[tuple[str, Sequence[tuple[int, str]]]]
    told: str


def heat(values: Sequence[float | None], shown: Callable[[float | None], str]) -> Heat:
    """The map of 168 values, Monday 00-01 first; the most is the strongest."""
    names = get_day_names("abbreviated", locale=locale())
    most = max((value for value in values if value is not None), default=0.0)
    cells = [(ceil(LEVELS * value / most) if value and most else 0, shown(value)) for value in values]
    peak = max(range(len(values)), key=lambda hour: values[hour] or 0.0)
    told = gettext("Most on %(hour)s: %(value)s", hour=when(peak), value=shown(most)) if most else gettext("Nothing.")
    return Heat([(names[day], cells[24 * day : 24 * day + 24]) for day in range(7)], told)


def when(hour: int) -> str:
    """An hour of the week in words: `Mon 08–09`."""
    day = get_day_names("abbreviated", locale=locale())[hour // 24]
    return f"{day} {hour % 24:02d}–{hour % 24 + 1:02d}"
