"""The power curve of a connector as a PNG for mails: what it gave, what was offered, and what was expected of it."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from font_roboto import Roboto
from PIL import Image, ImageDraw, ImageFont

from monitor.ids import Place

WIDTH, HEIGHT = 900, 380
"""In pixels: more than it is shown at, for sharp screens."""
BEFORE: Final = timedelta(minutes=30)
"""So much is shown of the time before an alert fired."""
LONGEST: Final = timedelta(hours=6)

_LEFT, _RIGHT, _TOP, _BOTTOM = 110, 20, 60, 44
_PAPER, _INK, _GRID = "#ffffff", "#111418", "#d5d9de"
_POWER, _OFFERED, _EXPECTED, _FIRING = "#0b5cad", "#6b7280", "#B8480A", "#fdebdd"
_SILENCE_US = 10 * 60 * 1_000_000
"""A line is broken where nothing came for so long."""

Samples = Sequence[tuple[int, float | None, float | None]]
"""Time in epoch microseconds, power and offered power in watts, by time."""
SamplesOf = Callable[[Place, datetime, datetime], Samples]
"""The samples of a connector from one moment to before another."""


@dataclass(frozen=True)
class Curve:
    """What one picture shows. `limit_w`: the rating, drawn where nothing says what was offered."""

    samples: Samples
    start: datetime
    end: datetime
    firing_at: datetime
    zone: ZoneInfo
    expected_w: float | None = None
    limit_w: float | None = None


def stretch(firing_at: datetime, at: datetime) -> tuple[datetime, datetime]:
    """What a curve shows of an alert that is told at `at`: from before it fired, at most the last six hours."""
    return max(firing_at - BEFORE, at - LONGEST), at


def draw(curve: Curve, words: dict[str, str]) -> bytes:
    """A PNG of at most 16 colours; `words` has `power`, `offered`, `limit` and `expected` in the mail's language."""
    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    pen = ImageDraw.Draw(image)
    span_us = max((curve.end - curve.start) / timedelta(microseconds=1), 1)
    begin_us = curve.start.timestamp() * 1e6
    offered = any(sample[2] is not None for sample in curve.samples)
    limit_w = None if offered else curve.limit_w
    shown = [value for sample in curve.samples for value in sample[1:] if value is not None]
    top_w = _round_up(max([*shown, curve.expected_w or 0, limit_w or 0, 1000]))

    def x(at_us: float) -> float:
        return _LEFT + (at_us - begin_us) / span_us * (WIDTH - _LEFT - _RIGHT)

    def y(watts: float) -> float:
        return HEIGHT - _BOTTOM - watts / top_w * (HEIGHT - _TOP - _BOTTOM)

    pen.rectangle((max(x(curve.firing_at.timestamp() * 1e6), _LEFT), _TOP, WIDTH - _RIGHT, HEIGHT - _BOTTOM), _FIRING)
    for part in range(5):
        watts = top_w * part / 4
        pen.line((_LEFT, y(watts), WIDTH - _RIGHT, y(watts)), _GRID, 2)
        pen.text((_LEFT - 12, y(watts)), f"{_kilowatts(watts)}", _INK, _font(28), anchor="rm")
    for part in range(4):
        at = curve.start + (curve.end - curve.start) * part / 3
        anchor = "ls" if part == 0 else "rs" if part == 3 else "ms"
        clock = at.astimezone(curve.zone).strftime("%H:%M")
        pen.text((x(at.timestamp() * 1e6), HEIGHT - 10), clock, _INK, _font(28), anchor=anchor)
    legend = [(_POWER, words["power"])]
    for level_w, colour, word in ((limit_w, _OFFERED, "limit"), (curve.expected_w, _EXPECTED, "expected")):
        if level_w is not None:
            pen.line((_LEFT, y(level_w), WIDTH - _RIGHT, y(level_w)), colour, 4)
            legend.append((colour, f"{words[word]} {_kilowatts(level_w)} kW"))
    if offered:
        legend.append((_OFFERED, words["offered"]))
        _line(pen, [(x(sample[0]), y(sample[2])) if sample[2] is not None else None for sample in curve.samples],
              curve.samples, _OFFERED)  # fmt: skip
    _line(pen, [(x(sample[0]), y(sample[1])) if sample[1] is not None else None for sample in curve.samples],
          curve.samples, _POWER)  # fmt: skip
    _legend(pen, legend)
    file = io.BytesIO()
    image.quantize(16, method=Image.Quantize.FASTOCTREE).save(file, "PNG")
    return file.getvalue()


def samples_of(columns: dict[str, list[float | None]]) -> Samples:
    """Samples out of columns `time_us`, `power_w` and, where it is known, `offered_w`."""
    times = columns.get("time_us", [])
    nothing: list[float | None] = [None] * len(times)
    power, offered = columns.get("power_w", nothing), columns.get("offered_w", nothing)
    return [(int(at or 0), watts, most) for at, watts, most in zip(times, power, offered, strict=True)]


def told(curve: Curve, words: dict[str, str]) -> str:
    """What the picture shows, in words, for who does not see it."""
    known = [sample[1] for sample in curve.samples if sample[1] is not None]
    expected = f", {words['expected']} {_kilowatts(curve.expected_w)} kW" if curve.expected_w is not None else ""
    last = f"{_kilowatts(min(known))}-{_kilowatts(max(known))} kW" if known else "-"
    zone = curve.zone
    clock = f"{curve.start.astimezone(zone):%H:%M}-{curve.end.astimezone(zone):%H:%M}"
    return f"{words['power']} {last}{expected}, {clock}"


def _line(pen: ImageDraw.ImageDraw, points: list[tuple[float, float] | None], samples: Samples, colour: str) -> None:
    run: list[tuple[float, float]] = []
    before_us = 0
    for point, sample in zip(points, samples, strict=True):
        if run and (point is None or sample[0] - before_us > _SILENCE_US):
            _run(pen, run, colour)
            run = []
        if point is not None:
            run.append(point)
            before_us = sample[0]
    _run(pen, run, colour)


def _run(pen: ImageDraw.ImageDraw, run: list[tuple[float, float]], colour: str) -> None:
    if len(run) > 1:
        pen.line(run, colour, 4, joint="curve")
    elif run:
        pen.ellipse((run[0][0] - 4, run[0][1] - 4, run[0][0] + 4, run[0][1] + 4), colour)


def _legend(pen: ImageDraw.ImageDraw, entries: list[tuple[str, str]]) -> None:
    at: float = _LEFT
    for colour, word in entries:
        pen.line((at, 30, at + 40, 30), colour, 8)
        pen.text((at + 52, 30), word, _INK, _font(26), anchor="lm")
        at += 52 + pen.textlength(word, _font(26)) + 40
    pen.text((_LEFT - 12, 30), "kW", _INK, _font(26), anchor="rm")


def _kilowatts(watts: float) -> str:
    return f"{watts / 1000:.1f}".removesuffix(".0").replace(".", ",")


def _round_up(watts: float) -> float:
    """A little more than that: 1, 2, 4 or 8 times a power of ten, so that quarters of it read well."""
    step = 10.0 ** (len(str(int(watts))) - 1)
    return next(step * factor for factor in (1, 2, 4, 8, 10, 20) if step * factor >= watts * 1.02)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(Roboto, size)
