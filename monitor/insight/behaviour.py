"""How people use a site: when they come, how long they stay, what they take, what goes wrong, who comes back. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.insight.congestion import PoolWeek
from monitor.insight.performance import Sums, over

FEWEST_USERS = 5
"""A cell of fewer people could be pointed at."""
VISITS = ((1, 1), (2, 2), (3, 5), (6, 10), (11, None))
"""How often users came: the classes, from and to."""
Week = list[float | None]
Bins = Sequence[tuple[float, float | None]]

STAYS_MIN: Bins = ((0, 15), (15, 30), (30, 60), (60, 120), (120, 240), (240, 480), (480, 720), (720, None))
ENERGIES_KWH: Bins = ((0, 0.1), (0.1, 5), (5, 10), (10, 20), (20, 30), (30, 40), (40, 60), (60, None))
SOCS: Bins = tuple((float(low), float(low + 10) if low < 90 else None) for low in range(0, 100, 10))


@dataclass(frozen=True)
class Returning:
    """Users by how often they came; None: fewer than FEWEST_USERS, so not told. `users` is told only with all cells."""

    cells: Mapping[str, int | None]
    users: int | None
    known_share: float | None


@dataclass(frozen=True)
class Behaviour:
    """The figures of `figures.of_kind("behaviour")`; each `*_by_hour` has 168 hours of the week by plug-in."""

    arrivals: int
    arrivals_by_hour: Week
    stay_by_hour: Week
    energy_by_hour: Week
    idle_by_hour: Week
    by_month: Mapping[int, int]
    stays: Mapping[str, int]
    energies: Mapping[str, int]
    soc_in: Mapping[str, int]
    soc_out: Mapping[str, int]
    problems: Mapping[str, int | None]
    returning: Returning


def by_hour(weeks: Sequence[PoolWeek]) -> dict[str, Week]:
    """Arrivals an hour, mean stay (s), energy (Wh) and idle share by hour of the week of plug-in."""
    names = ("arrivals", "stay_s", "energy_wh", "idle_s", "timed_s")
    sums = {name: sum((week.of(name) for week in weeks), np.zeros(168)) for name in names}
    observed = np.max([week.observed for week in weeks], axis=0) if weeks else np.zeros(168)
    return {
        "arrivals_by_hour": _quotients(sums["arrivals"], observed),
        "stay_by_hour": _quotients(sums["stay_s"], sums["arrivals"]),
        "energy_by_hour": _quotients(sums["energy_wh"], sums["arrivals"]),
        "idle_by_hour": _quotients(sums["idle_s"], sums["timed_s"]),
    }


def problems(sums: Sums, unplugged_faulted: int | None) -> dict[str, int | None]:
    """What went wrong, in sessions. None: nobody knows."""
    any_ = sums["sessions"] > 0
    return {
        "failed_starts": sums["judged"] - sums["delivered"] if sums["judged"] else None,
        "short_stops": sums["short"] if any_ else None,
        "moves": sums["moved"] if any_ else None,
        "stopped_by_fault": sums["stopped_by_fault"] if any_ else None,
        "unplugged_faulted": unplugged_faulted,
    }


def returning(visits: Sequence[int], sessions: int) -> Returning:
    """`visits`: sessions of each user, without who it is."""
    counts = np.array(visits, np.int64)
    cells: dict[str, int | None] = {}
    for low, high in VISITS:
        number = int(((counts >= low) & (counts <= (high or counts.max(initial=0)))).sum())
        cells[label(low, high)] = None if 0 < number < FEWEST_USERS else number
    hidden = None in cells.values()
    # A sum beside all cells but one would tell that one.
    return Returning(cells, None if hidden else len(counts), over(int(counts.sum()), sessions))


def histogram(values: npt.NDArray[np.float64], bins: Bins) -> dict[str, int]:
    """How many lie in each bin; what is not known (NaN) is in none."""
    known = values[~np.isnan(values)]
    return {
        label(low, high): int(((known >= low) & (known < (np.inf if high is None else high))).sum())
        for low, high in bins
    }


def label(low: float, high: float | None) -> str:
    """`3–5`, `11–`, `1`."""
    return f"{low:g}" if high == low else f"{low:g}–" if high is None else f"{low:g}–{high:g}"


def _quotients(values: Any, counts: Any) -> Week:
    return [float(value / count) if count else None for value, count in zip(values, counts, strict=True)]
