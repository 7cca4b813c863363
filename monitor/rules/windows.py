"""The windows that rules look back on: every distinct one once, shared by all of them.

Those over meter readings are computed from samples (monitor.rules.meter_windows) and are columns of the frame; those
over statuses, of which there are few, by SQL of their own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from monitor.readings.schema import STATUS
from monitor.rules.names import Source


@dataclass(frozen=True)
class Window:
    """One aggregate: `function` over `source` in (slot - span, slot]."""

    function: str
    source: Source
    span_us: int


@dataclass(frozen=True)
class Share:
    """The part of the time in (slot - span, slot] that `condition` held, which is SQL over a row `m`.

    `m` has the columns `readings` of the measurement, as they were, and `frame_names` of the frame, as they are at the
    slot.
    """

    condition: str
    measurement: str
    span_us: int
    readings: tuple[str, ...]
    frame_names: tuple[str, ...]


@dataclass
class Windows:
    """The windows of one statement, each with the column that holds it."""

    aggregates: dict[Window, str] = field(default_factory=dict)
    shares: dict[Share, str] = field(default_factory=dict)

    def add(self, window: Window) -> str:
        """SQL of the value of a window in the statement."""
        column = self.aggregates.setdefault(window, f"w{len(self.aggregates)}")
        if window.source.measurement == "meter":
            return f"f.{column}"
        value = f"status_windows.{column}"
        return f"coalesce({value}, 0)" if window.function == "samples" else value

    def add_share(self, share: Share) -> str:
        """SQL of the value of a share in the statement."""
        column = self.shares.setdefault(share, f"s{len(self.shares)}")
        return f"f.{column}" if share.measurement == "meter" else f"share_{column}.{column}"

    @property
    def longest_us(self) -> int:
        """How far back the longest of them looks."""
        spans = [window.span_us for window in self.aggregates] + [share.span_us for share in self.shares]
        return max(spans, default=0)

    @property
    def meter_aggregates(self) -> Mapping[Window, str]:
        """Of meter readings, with their columns of the frame."""
        return {window: column for window, column in self.aggregates.items() if window.source.measurement == "meter"}

    @property
    def meter_shares(self) -> Mapping[Share, str]:
        """Of meter readings, with their columns of the frame."""
        return {share: column for share, column in self.shares.items() if share.measurement == "meter"}

    @property
    def meter_readings(self) -> frozenset[str]:
        """Stored columns of the meter readings that are looked back on."""
        return frozenset({window.source.column for window in self.meter_aggregates}).union(
            *(share.readings for share in self.meter_shares)
        )

    def tables(self) -> list[str]:
        """The common table expressions that hold the windows over statuses."""
        aggregates = {w: c for w, c in self.aggregates.items() if w.source.measurement == "status"}
        return ([_scan(aggregates)] if aggregates else []) + [
            _share(share, column) for share, column in self._status_shares()
        ]

    def joins(self) -> str:
        """How the frame `f` is joined with them."""
        scanned = any(window.source.measurement == "status" for window in self.aggregates)
        names = [*(["status_windows"] if scanned else []), *(f"share_{column}" for _, column in self._status_shares())]
        return "\n".join(f"LEFT JOIN {name} ON {name}.row_id = f.row_id" for name in names)

    def _status_shares(self) -> list[tuple[Share, str]]:
        return [(share, column) for share, column in self.shares.items() if share.measurement == "status"]


def _scan(windows: dict[Window, str]) -> str:
    """One pass over the rows of the longest span; shorter ones filter."""
    longest = max(window.span_us for window in windows)
    changing = {window.source.column for window in windows if window.function == "changes"}
    previous = "".join(f", {_previous(column)}" for column in sorted(changing))
    aggregates = ",\n    ".join(f"{_aggregate(window)} AS {column}" for window, column in windows.items())
    return f"""status_windows AS (
    SELECT m.row_id, {aggregates}
    FROM (SELECT m.*{previous} FROM ({_samples(longest)}) m) m
    GROUP BY m.row_id
)"""


def _previous(column: str) -> str:
    """The value of the sample before, in the rows that have one."""
    return f"lag(m.{column} IGNORE NULLS) OVER (PARTITION BY m.row_id ORDER BY m.time_us) AS previous_{column}"


def _samples(span_us: int) -> str:
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


def _aggregate(window: Window) -> str:
    """One aggregate with the samples of its own span."""
    column = f"m.{window.source.column}"
    here = f"{column} IS NOT NULL AND m.time_us > m.slot_us - {window.span_us}"
    return _AGGREGATES[window.function](column, here)


def _changes(column: str, here: str) -> str:
    """Samples unlike the one before, which may be from before the window: one that holds since then is no change."""
    changed = f"{here} AND {column} <> m.previous_{column.removeprefix('m.')}"
    return f"CASE WHEN count({column}) > 0 THEN CAST(count(*) FILTER ({changed}) AS DOUBLE) END"


_AGGREGATES: Mapping[str, Callable[[str, str], str]] = {
    "first": lambda column, here: f"arg_min({column}, m.time_us) FILTER ({here})",
    "last": lambda column, here: f"arg_max({column}, m.time_us) FILTER ({here})",
    "samples": lambda column, here: f"CAST(count({column}) FILTER ({here}) AS DOUBLE)",
    "changes": _changes,
}


def _share(share: Share, column: str) -> str:
    """How long each status held, as a part of the time for which one is known.

    A status holds until the next, or an offline gap: the last one that ended, or the one that goes on.
    """
    known = "".join(f", f.{name}" for name in share.frame_names)
    return f"""share_{column}_rows AS (
    SELECT m.*, {share.condition} AS holds, lead(m.time_us) OVER (PARTITION BY m.row_id ORDER BY m.time_us) AS next_us
    FROM (
        SELECT m.*, f.online, f.seen_us, f.doubt_us, f.doubt_from_us{known}
        FROM ({_samples(share.span_us)}) m JOIN frame f ON f.row_id = m.row_id
    ) m WHERE ({share.condition}) IS NOT NULL
), share_{column} AS (
    SELECT row_id,
        100e0 * coalesce(sum(held_us) FILTER (holds), 0) / nullif(sum(held_us), 0) AS {column}
    FROM (
        SELECT row_id, holds, least(
            coalesce(next_us, slot_us), CASE WHEN time_us < doubt_us THEN doubt_from_us END,
            CASE WHEN online IS false THEN seen_us END
        ) - greatest(time_us, slot_us - {share.span_us}) AS held_us
        FROM share_{column}_rows
    ) WHERE held_us > 0 GROUP BY ALL
)"""
