"""An alert as a row and back."""

from typing import Any

from sqlalchemy import Row, Select, select

from monitor.alerts.model import Alert
from monitor.rules.answer import Texts
from monitor.state.tables import alerts, evaluations

_COLUMNS = {
    "rule": "rule",
    "subject": "subject",
    "state": "state",
    "level": "level",
    "pending_us": "pending_at",
    "firing_us": "firing_at",
    "resolved_us": "resolved_at",
    "resolved_reason": "resolved_reason",
    "true_since_us": "true_since",
    "false_since_us": "false_since",
    "next_level": "next_level",
    "next_level_since_us": "next_level_since",
    "no_data_since_us": "no_data_since",
    "condition": "condition",
}
"""Column -> field of those that are stored as they are."""


def select_alerts() -> Select[Any]:
    """Every column of alerts, and when the rule was last evaluated."""
    joined = alerts.outerjoin(evaluations, evaluations.c.rule == alerts.c.rule)
    return select(alerts, evaluations.c.at_us).select_from(joined)


def to_alert(row: Row[Any]) -> Alert:
    """The alert of a row of `select_alerts`."""
    stored = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row by column
    return Alert(
        id=stored["id"],
        labels=stored["labels"],
        values=stored["measured"],
        texts={language: Texts(**texts) for language, texts in stored["texts"].items()},
        evaluated_at=stored["at_us"] if stored["state"] != "resolved" else stored["resolved_us"],
        **{field: stored[column] for column, field in _COLUMNS.items()},
    )


def to_row(alert: Alert) -> dict[str, Any]:
    """The columns of an alert but for its number."""
    place = alert.place
    return {
        **{column: getattr(alert, field) for column, field in _COLUMNS.items()},
        "site": place.site,
        "station": place.station,
        "connector": place.connector,
        "labels": dict(alert.labels),
        "measured": dict(alert.values),
        "texts": {language: vars(texts) for language, texts in alert.texts.items()},
    }
