"""Curves of a connector: read, thinned out on the server, and told in words for who does not see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from flask import request

from dashboards import formats
from dashboards.context import page_url
from dashboards.language import gettext
from dashboards.parameters import BadParameter, Parameters
from monitor.ids import Place
from monitor.readings.store import ReadingStore
from monitor.units import from_us, to_us

POINTS = 1000
"""Points of a curve in the page: as many as a screen has columns to draw it; a shorter stretch has all of its own."""
ROWS_READ = 100_000
"""Rows of one connector read for a curve: 11 days at one every 10 s. A longer one is cut, and its caption says so."""
ROWS_TOLD = 24
"""Rows of the table under a curve."""
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=31)
"""Of a stretch that can be asked for."""
Stretch = tuple[datetime, datetime]
_COLUMNS = ("power_w", "offered_w", "soc")
_BREAK_FACTOR, _BREAK_LEAST_US = 5, 120_000_000


@dataclass(frozen=True)
class Line:
    """One line of a curve, in the unit that is shown. `ink` names a colour of the stylesheet."""

    label: str
    ink: str
    unit: str
    values: pd.Series
    dash: bool = False
    step: bool = False

    def text(self, value: float | None) -> str:
        """A value of this line as people read it."""
        if value is None or pd.isna(value):
            return formats.DASH
        said = formats.number(value) if self.unit == "%" else formats.figures(value)
        return f"{said}\u00a0{self.unit}"


@dataclass(frozen=True)
class Band:
    """A stretch of the curve with a background: the alert firing, a price in force."""

    start: datetime
    end: datetime
    ink: str
    label: str


@dataclass(frozen=True)
class Curve:
    """What one figure shows. `times` are epoch microseconds, ascending, and index every line's values."""

    times: pd.Series
    lines: tuple[Line, ...]
    bands: tuple[Band, ...]
    stretch: Stretch
    zone: tzinfo
    cut: bool

    @property
    def moves(self) -> list[tuple[str, str, str]]:
        """Sign, name and address of each other stretch that is a key away: what a mouse does by dragging."""
        start, end = self.stretch
        span = end - start
        found = [
            ("←", gettext("Earlier"), (start - span / 2, end - span / 2)),
            ("→", gettext("Later"), (start + span / 2, end + span / 2)),
            ("+", gettext("Closer"), (start + span / 4, end - span / 4)),
            ("−", gettext("Wider"), (start - span / 2, end + span / 2)),
        ]
        addresses = [
            (sign, name, page_url(**{"from": formats.iso(since), "to": formats.iso(until)}))
            for sign, name, (since, until) in found
            if SHORTEST <= until - since <= LONGEST
        ]
        return [*addresses, ("↺", gettext("As it was"), page_url(**{"from": None, "to": None}))]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return self.times.empty

    @property
    def band_legend(self) -> list[tuple[str, str]]:
        """Ink and label of each kind of band, in the order of their first."""
        return list(dict.fromkeys((band.ink, band.label) for band in self.bands))

    def as_json(self) -> dict[str, Any]:
        """What static/curve.js draws: times, columns of numbers and nulls, bands. Times are seconds.

        Each of `x` counts from the one before, the first from `from`, which takes a quarter of the bytes.
        """
        kept = self._with_breaks(thinned([line.values for line in self.lines], POINTS))
        return {
            "zone": str(self.zone),
            "from": self.stretch[0].timestamp(),
            "to": self.stretch[1].timestamp(),
            "x": _steps(kept.index.to_numpy(), self.stretch[0]),
            "y": [_numbers(kept[number]) for number in range(len(self.lines))],
            "lines": [
                {"label": line.label, "ink": line.ink, "unit": line.unit, "dash": line.dash, "step": line.step}
                for line in self.lines
            ],
            "bands": [
                {"from": to_us(band.start) / 1e6, "to": to_us(band.end) / 1e6, "ink": band.ink, "label": band.label}
                for band in self.bands
            ],
        }

    def _with_breaks(self, positions: np.ndarray[Any, np.dtype[np.int64]]) -> pd.DataFrame:
        """The kept rows by time, with an empty row in each gap: silence must not look like a straight line."""
        times = self.times.to_numpy()
        frame = pd.DataFrame(
            {n: line.values.to_numpy()[positions] for n, line in enumerate(self.lines)}, index=times[positions]
        )
        if len(times) < 3:
            return frame
        spacing = np.diff(times)
        limit = max(_BREAK_FACTOR * int(np.median(spacing)), _BREAK_LEAST_US)
        holes = times[:-1][spacing > limit] + 1
        return (
            pd.concat([frame, pd.DataFrame(index=holes, columns=frame.columns, dtype=float)]).sort_index()
            if len(holes)
            else frame
        )

    @property
    def told(self) -> list[str]:
        """One sentence a line: least, greatest, last."""
        sentences = []
        for line in self.lines:
            known = line.values.dropna()
            if known.empty:
                continue
            extremes = {"least": known.min(), "greatest": known.max(), "last": known.iloc[-1]}
            words = {name: line.text(value) for name, value in extremes.items()}
            sentences.append(
                gettext("%(line)s: least %(least)s, greatest %(greatest)s, last %(last)s", line=line.label, **words)
            )
        return sentences

    @property
    def table(self) -> list[tuple[datetime, list[str]]]:
        """At most ROWS_TOLD rows, evenly over the curve, the last one always."""
        count = len(self.times)
        chosen = sorted({round(row) for row in np.linspace(0, count - 1, min(count, ROWS_TOLD))})
        return [
            (from_us(int(self.times.iloc[row])), [line.text(line.values.iloc[row]) for line in self.lines])
            for row in chosen
        ]


def stretch_asked(usual: Stretch) -> Stretch:
    """`from` and `to` of the address, each by itself; what it does not name is as usual.

    Raises BadParameter where they name no stretch, or one that is longer than LONGEST.
    """
    start, end = Parameters(request.args).range()
    found = start or usual[0], end or usual[1]
    if found[1] - found[0] > LONGEST:
        raise BadParameter("from", gettext("A curve shows at most %(days)s days.", days=LONGEST.days))
    if found[0] >= found[1]:
        raise BadParameter("from", gettext("The stretch ends before it begins."))
    return found


def thinned(lines: Sequence[pd.Series], points: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Positions of the rows to draw: of each stretch the least and the greatest of every line, the first and the last.

    What a person would see of all points stays: no peak is lost, however narrow it is.
    """
    count = len(lines[0]) if lines else 0
    if count <= points:
        return np.arange(count)
    stretches = max((points - 2) // (2 * len(lines)), 1)
    stretch = np.arange(count) * stretches // count
    kept = {0, count - 1}
    for values in lines:
        known = pd.Series(values.to_numpy(), dtype="float64").dropna()
        groups = known.groupby(stretch[known.index.to_numpy()])
        kept.update(groups.idxmin())
        kept.update(groups.idxmax())
    return np.array(sorted(kept), dtype=np.int64)


def _steps(times: np.ndarray[Any, np.dtype[np.int64]], start: datetime) -> list[float]:
    """Seconds, to the millisecond; rounded before they are set apart, so that errors do not add up."""
    return [_short(step / 1000) for step in np.diff(np.round(times / 1000), prepend=round(to_us(start) / 1000))]


def _numbers(column: "pd.Series[float]") -> list[float | None]:
    return [None if pd.isna(value) else _short(round(float(value), 3)) for value in column]


def _short(value: float) -> float:
    """Whole numbers without `.0`, which as JSON are the same."""
    return int(value) if value == int(value) else float(value)


def of_connector(
    store: ReadingStore, place: Place, stretch: Stretch, zone: tzinfo, *,
    bands: Sequence[Band] = (), expected_w: float | None = None,
) -> Curve:  # fmt: skip
    """Power, what was offered, the state of charge, and what a rule expected, over `stretch` (start, end)."""
    frame = _read(store, place, *stretch)
    times = frame.pop("time_us") if "time_us" in frame else pd.Series(dtype="int64")
    lines = [Line(gettext("Power"), "power", "kW", frame.get("power_w", pd.Series(dtype=float)) / 1000)]
    if "offered_w" in frame and frame["offered_w"].notna().any():
        lines.append(Line(gettext("Offered"), "offered", "kW", frame["offered_w"].ffill() / 1000, dash=True, step=True))
    if expected_w is not None:
        flat = pd.Series(np.full(len(times), expected_w / 1000))
        lines.append(Line(gettext("Expected"), "expected", "kW", flat, dash=True))
    if "soc" in frame and frame["soc"].notna().any():
        lines.append(Line(gettext("State of charge"), "soc", "%", frame["soc"]))
    return Curve(times, tuple(lines), tuple(bands), stretch, zone, cut=len(times) >= ROWS_READ)


def _read(store: ReadingStore, place: Place, start: datetime, end: datetime) -> pd.DataFrame:
    batches = list(store.scan("meter", start, end, place=place, limit=ROWS_READ))
    if not batches:
        return pd.DataFrame()
    table = pa.Table.from_batches(batches)
    columns: Mapping[str, Any] = {
        name: table[name].to_pandas() for name in ("time_us", *_COLUMNS) if name in table.column_names
    }
    return pd.DataFrame(columns)
