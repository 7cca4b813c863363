"""What `laddvakt doctor` finds out: one thing that was looked at."""

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["fine", "warning", "wrong", "down"]
"""`wrong`: the configuration has to change (exit 1); `down`: something does not answer (exit 3)."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `rows`: readings as they arrive here, where some are shown."""

    part: str
    kind: Kind
    message: str
    rows: tuple[dict[str, Any], ...] = ()
