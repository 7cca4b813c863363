"""SQL of `expected_w`: what a connector should give this car now.

It is the least of the bounds that are known, and missing without a session or when no bound is known:

- `rating`: of the connector;
- `offer`: what the charger offers. A lowered offer excuses only while a sibling of the power group charges or the
  register says `load_managed`, because a dead power module lowers the offer too;
- `share`: the station's and the power group's limit, divided by the cars that charge on it;
- `phases`: on AC the phases that carry current, each with its part of the rating (unknown: 230 V x 32 A);
- `peak`: the highest power of this session, unless that is under half of a known `usual_power_w`: a charger that is
  slow from the start must not excuse itself;
- `taper`: above 70 % state of charge on DC the part of its peak that a battery usually still takes, of the peak, else
  of the rating.
"""

from itertools import pairwise

from monitor.rules.names import EXPECTED_BY

TAPER = ((70, 0.67), (80, 0.50), (90, 0.35), (95, 0.28))
"""State of charge (percent) -> median share of peak power left, over published curves of 293 vehicles; straight lines
between, and the last slope goes on to 100 %."""

PHASE_W = 230 * 32
"""What one phase gives at most where the register does not say: 230 V x 32 A."""


def taper_sql(soc: str) -> str:
    """The share of peak power left at `soc`, 1 up to 70 %."""
    pieces = [f"WHEN {soc} <= {TAPER[0][0]} THEN 1.0e0"]
    for (low, at_low), (high, at_high) in pairwise(TAPER):
        slope = (at_high - at_low) / (high - low)
        line = f"{at_low}e0 + ({soc} - {low}) * {slope!r}e0"
        pieces.append(
            f"WHEN {soc} <= {high} THEN {line}" if high != TAPER[-1][0] else f"WHEN {soc} > {low} THEN {line}"
        )
    return f"CASE {' '.join(pieces)} END"


_BOUNDS = {
    "rating": "rated_w",
    "offer": "CASE WHEN offered_w >= rated_w OR rated_w IS NULL OR siblings > 0 OR load_managed THEN offered_w END",
    "share": "least(group_max_w / (1 + siblings), station_max_w / (1 + station_siblings))",
    "phases": f"CASE WHEN current = 'AC' AND phases > 0 THEN phases * coalesce(rated_w / rated_phases, {PHASE_W}) END",
    "peak": "peak_bound_w",
    "taper": f"CASE WHEN current = 'DC' AND soc > 70 THEN coalesce(peak_bound_w, rated_w) * ({taper_sql('soc')}) END",
}

PEAK_BOUND = "CASE WHEN usual_power_w IS NULL OR session_peak_w >= 0.5 * usual_power_w THEN session_peak_w END"


def expected_sql(relation: str) -> str:
    """SELECT of `relation` with `expected_w` and `expected_by` beside its columns."""
    bounds = ", ".join(f"{bound} AS bound_{name}" for name, bound in _BOUNDS.items())
    names = [f"bound_{name}" for name in EXPECTED_BY]
    which = " ".join(f"WHEN bound_{name} = expected_w THEN '{name}'" for name in EXPECTED_BY)
    return f"""
SELECT * EXCLUDE ({", ".join(names)}), CASE {which} END AS expected_by FROM (
    SELECT *, CASE WHEN session IS NOT NULL THEN CAST(least({", ".join(names)}) AS DOUBLE) END AS expected_w FROM (
        SELECT *, {bounds} FROM (SELECT *, {PEAK_BOUND} AS peak_bound_w FROM {relation})
    )
)"""


def bounds_sql() -> str:
    """Each bound as a column over the frame `f`, which has all that they are made of."""
    return ", ".join(f"({bound}) AS {name}" for name, bound in _BOUNDS.items())
