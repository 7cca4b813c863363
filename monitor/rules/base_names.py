"""Names of a connector that follow from others of the same row: SQL over the columns of monitor.rules.connectors."""

import re
from collections.abc import Iterable, Mapping

from monitor.readings.schema import METER
from monitor.rules.connectors import COLUMNS
from monitor.rules.expected import EXPECTED
from monitor.rules.names import DELIVERED_WH, TAKEN_STATUSES

_TAKEN = ", ".join(f"'{status}'" for status in TAKEN_STATUSES)

NAMES: Mapping[str, str] = {
    **{field.name: f"{field.column} / {field.scale}e0" for field in METER.fields if field.kind == "number"},
    "silent_for": "(slot_us - seen_us) / 1e6",
    "status_for": "CASE WHEN status IS NOT NULL THEN (slot_us - reported_since_us) / 1e6 END",
    "reading_age": "(slot_us - reading_us) / 1e6",
    "session_age": "(slot_us - started_us) / 1e6",
    "idle_for": "CASE WHEN has_session THEN coalesce((slot_us - idle_since_us) / 1e6, 0) END",
    "since_delivered": f"""CASE WHEN session_energy_wh >= {DELIVERED_WH} OR delivered_us > slot_us THEN 0e0
        ELSE (slot_us - delivered_us) / 1e6 END""",
    "usual_gap": "usual_gap_us / 1e6",
    "taken": f"""coalesce(online IS NOT false AND (status IN ({_TAKEN}) OR (status IS NULL AND has_session)), false)""",
    # Since when it has not been free, as far as it is known.
    "held_since_us": """CASE WHEN online IS false THEN seen_us
        ELSE coalesce(least(held_us, started_us), least(reported_since_us, started_us)) END""",
    **EXPECTED,
}
"""Each may use those before it."""

_WORD = re.compile(r"\w+")


def needed(sql: str | Iterable[str]) -> tuple[frozenset[str], list[str]]:
    """What statements need: columns of `Connectors`, and of NAMES, in their order."""
    asked = set(_WORD.findall(sql if isinstance(sql, str) else " ".join(sql)))
    for name in reversed(list(NAMES)):
        if name in asked:
            asked |= set(_WORD.findall(NAMES[name]))
    return frozenset(asked & COLUMNS), [name for name in NAMES if name in asked]
