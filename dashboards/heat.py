"""Maps of the week as SVG: seven rows of 24 hours, the darker the more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from babel.dates import get_day_names

from dashboards.language import gettext, locale

CELL_X, CELL_Y, LEFT, TOP = 24, 14, 34, 14


@dataclass(frozen=True)
class Cell:
    """One hour. `opacity` None: nothing is known of it."""

    x: int
    y: int
    opacity: float | None
    title: str


@dataclass(frozen=True)
class Heat:
    """A map with its labels, in the units of its viewBox, and what it says in words."""

    width: int
    height: int
    cells: Sequence[Cell]
    days: Sequence[tuple[int, str]]
    hours: Sequence[tuple[int, str]]
    told: str
    rows: Sequence[tuple[str, Sequence[str]]]


def heat(values: Sequence[float | None], shown: Callable[[float | None], str]) -> Heat:
    """The map of 168 values, Monday 00-01 first; the most is full ink."""
    names = get_day_names("abbreviated", locale=locale())
    days = [names[day] for day in range(7)]
    most = max((value for value in values if value is not None), default=0.0)
    cells = [
        Cell(
            LEFT + CELL_X * (hour % 24),
            TOP + CELL_Y * (hour // 24),
            None if value is None else round(value / most, 3) if most else 0.0,
            f"{when(hour)}: {shown(value)}",
        )
        for hour, value in enumerate(values)
    ]
    peak = max(range(len(values)), key=lambda hour: values[hour] or 0.0)
    told = gettext("Most on %(hour)s: %(value)s", hour=when(peak), value=shown(most)) if most else gettext("Nothing.")
    return Heat(
        LEFT + CELL_X * 24,
        TOP + CELL_Y * 7,
        cells,
        [(TOP + CELL_Y * day + 11, name) for day, name in enumerate(days)],
        [(LEFT + CELL_X * hour, f"{hour:02d}") for hour in range(0, 24, 3)],
        told,
        [(days[day], [shown(value) for value in values[24 * day : 24 * day + 24]]) for day in range(7)],
    )


def when(hour: int) -> str:
    """An hour of the week in words: `Mon 08–09`."""
    day = get_day_names("abbreviated", locale=locale())[hour // 24]
    return f"{day} {hour % 24:02d}–{hour % 24 + 1:02d}"
