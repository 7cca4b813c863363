"""SQL of windows over readings: every distinct aggregate once, all of a measurement in one scan."""

from collections.abc import Callable
from dataclasses import dataclass, field

from monitor.readings.schema import METER, STATUS
from monitor.rules.names import Source


@dataclass(frozen=True)
class Window:
    """One aggregate: `function` over `source` in (slot - span, slot]."""

    function: str
    source: Source
    span_us: int


@dataclass(frozen=True)
class Share:
    """The part of the time in (slot - span, slot] that `condition` (SQL over a row `m` and the frame `f`) held."""

    condition: str
    measurement: str
    span_us: int


@dataclass
class Windows:
    """The windows of one statement, each with the column that holds it."""

    aggregates: dict[Window, str] = field(default_factory=dict)
    shares: dict[Share, str] = field(default_factory=dict)

    def add(self, window: Window) -> str:
        """SQL of the value of a window in the statement."""
        column = self.aggregates.setdefault(window, f"w{len(self.aggregates)}")
        value = f"{window.source.measurement}_windows.{column}"
        return f"coalesce({value}, 0)" if window.function == "samples" else value

    def add_share(self, share: Share) -> str:
        """SQL of the value of a share in the statement."""
        column = self.shares.setdefault(share, f"s{len(self.shares)}")
        return f"share_{column}.{column}"

    @property
    def longest_us(self) -> int:
        """How far back the longest of them looks."""
        spans = [window.span_us for window in self.aggregates] + [share.span_us for share in self.shares]
        return max(spans, default=0)

    def tables(self) -> list[str]:
        """The common table expressions that hold them."""
        found = [
            _scan(measurement, {w: c for w, c in self.aggregates.items() if w.source.measurement == measurement})
            for measurement in ("meter", "status")
            if any(w.source.measurement == measurement for w in self.aggregates)
        ]
        return found + [_share(share, column) for share, column in self.shares.items()]

    def joins(self) -> str:
        """How the frame `f` is joined with them."""
        scans = {f"{w.source.measurement}_windows": None for w in self.aggregates}
        names = [*scans, *(f"share_{column}" for column in self.shares.values())]
        return "\n".join(f"LEFT JOIN {name} ON {name}.row_id = f.row_id" for name in names)


def _scan(measurement: str, windows: dict[Window, str]) -> str:
    """One pass over the rows of the longest span; shorter ones filter."""
    longest = max(window.span_us for window in windows)
    changing = {window.source.column for window in windows if window.function == "changes"}
    previous = "".join(f", {_previous(column)}" for column in sorted(changing))
    aggregates = ",\n    ".join(f"{_aggregate(window)} AS {column}" for window, column in windows.items())
    samples = _meter_samples(longest) if measurement == "meter" else _status_samples(longest)
    return f"""{measurement}_windows AS (
    SELECT m.row_id, {aggregates}
    FROM (SELECT m.*{previous} FROM ({samples}) m) m
    GROUP BY m.row_id
)"""


def _previous(column: str) -> str:
    """The value and time of the sample before, in the rows that have one."""
    over = "OVER (PARTITION BY m.row_id ORDER BY m.time_us)"
    sampled = f"CASE WHEN m.{column} IS NOT NULL THEN m.time_us END"
    return (
        f"lag(m.{column} IGNORE NULLS) {over} AS previous_{column}, "
        f"lag({sampled} IGNORE NULLS) {over} AS previous_{column}_us"
    )


def _meter_samples(span_us: int) -> str:
    """Meter rows of (slot - span, slot], of the session under way only."""
    return f"""SELECT f.row_id, f.slot_us, r.* FROM frame f JOIN ({_meter_rows(span_us)}) r
        ON r.connector_key = f.connector_key AND r.time_us <= f.slot_us AND r.time_us > f.slot_us - {span_us}
            AND r.from_us >= f.clip_us"""


def _status_samples(span_us: int) -> str:
    """Statuses of (slot - span, slot], and those from before: what held when the window began.

    All rows are read of connectors that changed in the window; of the others the last one, which the frame has.
    """
    inside = f"r.time_us <= f.slot_us AND r.time_us > f.slot_us - {span_us}"
    recent = f"SELECT * FROM status WHERE time_us > $first - {span_us} AND time_us <= $last"
    changed = f"SELECT 1 FROM ({recent}) r WHERE r.connector_key = f.connector_key AND {inside}"
    columns = ", ".join(f"r.{field.column}" for field in STATUS.fields)
    return f"""SELECT f.row_id, f.slot_us, r.time_us, {columns} FROM frame f JOIN status r
        ON r.connector_key = f.connector_key AND r.time_us <= f.slot_us WHERE EXISTS ({changed})
        UNION ALL BY NAME
        SELECT f.row_id, f.slot_us, f.reported_since_us AS time_us, f.reported AS status, f.error_code, f.vendor_code
        FROM frame f WHERE f.reported IS NOT NULL AND NOT EXISTS ({changed})"""


def _meter_rows(span_us: int) -> str:
    """Meter rows, and power derived from registers for those who send none."""
    columns = ", ".join(field.column for field in METER.fields if field.kind == "number")
    return f"""SELECT connector_key, time_us, time_us AS from_us, {columns} FROM meter
        WHERE time_us > $first - {span_us} AND time_us <= $last
        UNION ALL BY NAME SELECT connector_key, time_us, from_us, power_mw FROM derived"""


def _aggregate(window: Window) -> str:
    """One aggregate with the samples of its own span, in the base unit."""
    column = f"m.{window.source.column}"
    here = f"FILTER ({column} IS NOT NULL AND m.time_us > m.slot_us - {window.span_us})"
    scaled = _AGGREGATES[window.function](column, here)
    if window.function in {"samples", "changes"} or window.source.scale == 1:
        return scaled if window.source.measurement == "status" else f"CAST({scaled} AS DOUBLE)"
    return f"({scaled}) / {window.source.scale}e0"


def _delta(column: str, here: str) -> str:
    last, first = f"arg_max({column}, m.time_us) {here}", f"arg_min({column}, m.time_us) {here}"
    return f"CASE WHEN count({column}) {here} > 1 THEN {last} - {first} END"


def _rate(column: str, here: str) -> str:
    """Of a register, as power: difference over the time between the first and the last sample."""
    span = f"max(m.time_us) {here} - min(m.time_us) {here}"
    return f"3600e6 * ({_delta(column, here)}) / nullif({span}, 0)"


def _stddev(column: str, here: str) -> str:
    """Of the population, from whole sums, so that it does not depend on the order of rows."""
    n, total = f"(count({column}) {here})", f"(sum({column}) {here})"
    squares = f"(sum({column}::HUGEINT * {column}) {here})"
    return f"sqrt(CAST({n} * {squares} - {total} * {total} AS DOUBLE)) / nullif({n}, 0)"


def _changes(column: str, here: str) -> str:
    """Samples unlike the one before. A meter's first sample has none; of a status the one from before the window
    counts, so that a status without a row in the window has not changed.
    """
    name = column.removeprefix("m.")
    within = here.removeprefix("FILTER (").removesuffix(")")
    changed = f"{within} AND {column} <> m.previous_{name}"
    if STATUS.field(name):
        return f"CASE WHEN count({column}) > 0 THEN count(*) FILTER ({changed}) END"
    changed += " AND " + within.replace("m.time_us", f"m.previous_{name}_us")
    return f"CASE WHEN count({column}) {here} > 0 THEN count(*) FILTER ({changed}) END"


_AGGREGATES: dict[str, Callable[[str, str], str]] = {
    "avg": lambda column, here: f"sum({column}) {here} / (count({column}) {here})",
    "min": lambda column, here: f"min({column}) {here}",
    "max": lambda column, here: f"max({column}) {here}",
    "first": lambda column, here: f"arg_min({column}, m.time_us) {here}",
    "last": lambda column, here: f"arg_max({column}, m.time_us) {here}",
    "samples": lambda column, here: f"count({column}) {here}",
    "delta": _delta,
    "rate": _rate,
    "stddev": _stddev,
    "changes": _changes,
}


def _share(share: Share, column: str) -> str:
    """How long each value held, as a part of the time for which a value is known."""
    start = f"slot_us - {share.span_us}"
    over = "(PARTITION BY m.row_id ORDER BY m.time_us)"
    meter = share.measurement == "meter"
    samples = _meter_samples(share.span_us) if meter else _status_samples(share.span_us)
    until, spacing = _METER_HOLDS if meter else _STATUS_HOLDS
    return f"""share_{column}_rows AS MATERIALIZED (
    SELECT m.row_id, m.slot_us, m.time_us, f.online, f.seen_us, f.doubt_us, f.doubt_from_us, {share.condition} AS holds,
        lead(m.time_us) OVER {over} AS following_us
    FROM ({samples}) m JOIN frame f ON f.row_id = m.row_id
    WHERE ({share.condition}) IS NOT NULL
), share_{column} AS (
    SELECT row_id,
        100e0 * coalesce(sum(held_us) FILTER (holds), 0) / nullif(sum(held_us), 0) AS {column}
    FROM (
        SELECT row_id, holds, {until} - greatest(time_us, {start}) AS held_us
        FROM (SELECT *, coalesce(following_us, slot_us) AS next_us FROM share_{column}_rows)
        {spacing.format(rows=f"share_{column}_rows")}
    ) WHERE held_us > 0 GROUP BY ALL
)"""


# A meter value holds until the next, at most twice its usual (median) spacing.
_METER_HOLDS = (
    "least(next_us, coalesce(time_us + 2 * spacing_us, next_us))",
    """JOIN (
            SELECT row_id, CAST(median(following_us - time_us) AS BIGINT) AS spacing_us
            FROM {rows} GROUP BY ALL
        ) USING (row_id)""",
)
# A status holds until the next, or an offline gap: the last one that ended, or the one that goes on.
_STATUS_HOLDS = (
    "least(next_us, CASE WHEN time_us < doubt_us THEN doubt_from_us END, CASE WHEN online IS false THEN seen_us END)",
    "",
)
