"""How an alert is silenced from its page or from a mail, for some hours."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from dashboards.sources import Service
from monitor.alerts.model import Alert
from monitor.alerts.responses import Breadth, Silence, matching

HOURS: Final = 4
LASTS: Final = timedelta(hours=HOURS)
HOURS_MAX: Final = 24 * 90
CHOICES: Final = (1, 4, 12, 24, 72, 168)


def silence(
    source: Service,
    alert: Alert,
    lasts: timedelta,
    *,
    author: str,
    reason: str,
    breadth: Breadth = "place",
    details: Mapping[str, Any] | None = None,
) -> Silence:
    """Mute the alert's rule at its place, or more than that; raises InputError without a reason."""
    now = source.now()
    return source.responses.silence(
        matching(alert, breadth), author=author, reason=reason, starts_at=now, ends_at=now + lasts, at=now,
        details=details,
    )  # fmt: skip
