"""A line as small as a word: how a figure was over the last 24 hours. Drawn without a script."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WIDTH, HEIGHT, MARGIN = 100.0, 24.0, 2.0
GAP = timedelta(minutes=40)
"""Between two points further apart nothing is drawn: nobody knows what was there."""


@dataclass(frozen=True)
class Sparkline:
    """`path`: for `d` of an SVG path in a box of WIDTH by HEIGHT."""

    path: str
    least: float
    most: float


def sparkline(
    points: Sequence[tuple[datetime, float | None]], start: datetime, end: datetime, *, from_zero: bool = True
) -> Sparkline | None:
    """Points in the order of time; None where fewer than two are known."""
    known = [(at, value) for at, value in points if value is not None]
    if len(known) < 2:
        return None
    least, most = min(value for _, value in known), max(value for _, value in known)
    low = min(least, 0.0) if from_zero else least
    parts, last = [], None
    for at, value in known:
        x = WIDTH * ((at - start) / (end - start))
        height = (value - low) / (most - low) if most > low else 0.5
        y = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * height
        parts.append(f"{'M' if last is None or at - last > GAP else 'L'}{x:.1f} {y:.1f}")
        last = at
    return Sparkline("".join(parts), least, most)
