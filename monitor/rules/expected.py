"""SQL of `expected_w`: what a connector should give this car now.

It is the least of the bounds that are known, and missing without a session or when no bound is known:

- `rating`: of the connector;
- `offer`: what the charger offers; on AC that is for all phases, and a car on fewer gets its part. A lowered offer
  excuses only while a sibling of the power group charges or the
  register says `load_managed`, because a dead power module lowers the offer too;
- `share`: the station's and the power group's limit, divided by the cars that charge on it;
- `phases`: on AC the phases that carry current, each with its part of the rating (unknown: 230 V x 32 A);
- `peak`: the highest power of this session, unless that is under half of a known `usual_power_w`: a charger that is
  slow from the start must not excuse itself;
- `taper`: above 70 % state of charge on DC the part of its peak that a battery usually still takes, of the peak, else
  of the rating. A car that came with more than 40 % had its peak of this session on that slope already, so of it only
  what is lost from there on counts.
"""

from itertools import pairwise

from monitor.rules.names import EXPECTED_BY

TAPER = ((70, 0.67), (80, 0.50), (90, 0.35), (95, 0.28))
"""State of charge (percent) -> median share of peak power left, over published curves of 293 vehicles; straight lines
between, and the last slope goes on to 100 %."""

ARRIVAL = ((40, 1.0), (50, 0.85), (60, 0.75), *TAPER)
"""The same from further down, for what a car has lost already when it comes: its peak of this session is of there."""

PHASE_W = 230 * 32
"""What one phase gives at most where the register does not say: 230 V x 32 A."""


def taper_sql(soc: str, points: tuple[tuple[int, float], ...] = TAPER) -> str:
    """The share of peak power left at `soc`, 1 up to the first of the points."""
    pieces = [f"WHEN {soc} <= {points[0][0]} THEN 1.0e0"]
    for (low, at_low), (high, at_high) in pairwise(points):
        slope = (at_high - at_low) / (high - low)
        line = f"{at_low}e0 + ({soc} - {low}) * {slope!r}e0"
        pieces.append(
            f"WHEN {soc} <= {high} THEN {line}" if high != points[-1][0] else f"WHEN {soc} > {low} THEN {line}"
        )
    return f"CASE {' '.join(pieces)} END"


_OFFERED = "coalesce(offered_w, CASE WHEN current = 'AC' THEN offered_a * 230 * rated_phases END)"
_PHASES_USED = (
    "CASE WHEN current = 'AC' AND phases > 0 AND phases < rated_phases THEN phases / rated_phases::DOUBLE ELSE 1e0 END"
)

_BOUNDS = {
    "rating": "rated_w",
    "offer": f"CASE WHEN {_OFFERED} >= rated_w OR rated_w IS NULL OR siblings > 0 OR load_managed "
    f"THEN {_OFFERED} * {_PHASES_USED} END",
    "share": "least(group_max_w / (1 + siblings), station_max_w / (1 + station_siblings))",
    "phases": f"CASE WHEN current = 'AC' AND phases > 0 THEN phases * coalesce(rated_w / rated_phases, {PHASE_W}) END",
    "peak": "peak_bound_w",
    "taper": f"""CASE WHEN current = 'DC' AND soc > 70 THEN CASE
        WHEN peak_bound_w IS NULL THEN rated_w * ({taper_sql("soc")})
        ELSE peak_bound_w * least(({taper_sql("soc")}) / coalesce({taper_sql("soc_in", ARRIVAL)}, 1e0), 1e0)
    END END""",
}

_WHICH = " ".join(f"WHEN bound_{name} = expected_w THEN '{name}'" for name in EXPECTED_BY)

EXPECTED = {
    "peak_bound_w": "CASE WHEN usual_power_w IS NULL OR session_peak_w >= 0.5 * usual_power_w THEN session_peak_w END",
    **{f"bound_{name}": bound for name, bound in _BOUNDS.items()},
    "expected_w": f"""CASE WHEN has_session
        THEN CAST(least({", ".join(f"bound_{name}" for name in EXPECTED_BY)}) AS DOUBLE) END""",
    "expected_by": f"CASE {_WHICH} END",
}
"""Columns over the names of a connector; each may use those before it."""
