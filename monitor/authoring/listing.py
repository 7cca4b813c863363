"""`laddvakt rules list`: each rule with its last run and its last episodes."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, Protocol

from monitor.alerts.remarks import Tally
from monitor.authoring.in_force import InForce
from monitor.state.alerts import AlertStore

EPISODES = 3
"""The last ones of each rule."""


class Failing(Protocol):
    """What tells whether a rule's last evaluation went well."""

    @property
    def error(self) -> str:
        """Why it failed; empty when it did not."""
        ...


def state_of(run: Failing | None) -> Literal["runs", "fails", "not evaluated"]:
    """Of a rule by its last run."""
    if run is None:
        return "not evaluated"
    return "fails" if run.error else "runs"


def episodes(alerts: AlertStore, rule: str) -> list[dict[str, Any]]:
    """The last alerts of a rule, newest first."""
    return [
        {
            "subject": alert.subject,
            "state": alert.state,
            "level": alert.level,
            "pending_at": _iso(alert.pending_at),
            "firing_at": _iso(alert.firing_at),
            "resolved_at": _iso(alert.resolved_at),
        }
        for alert in alerts.list(rule=rule, limit=EPISODES)
    ]


def precision_row(tally: Tally | None) -> dict[str, Any]:
    """How often each verdict was given on a rule's alerts, and what follows of it; unknown is None, never 0."""
    counts = tally or Tally()
    return {"verdicts": dict(vars(counts)), "precision": counts.precision}


def rows_without_service(files: InForce, alerts: AlertStore, tallies: Mapping[str, Tally]) -> list[dict[str, Any]]:
    """The rules as the API gives them, while no service runs: what a run would give is None."""
    unknown = dict.fromkeys(("evaluated_at", "matches", "unknown", "error", "duration_s"))
    return [
        {
            "id": rule.id,
            "on": rule.on,
            "title": dict(rule.title),
            "levels": {level: expression.text for level, expression in rule.levels.items()},
            "severity": rule.severity,
            "file": rule.file,
            "line": rule.line,
            "state": state_of(None),
            **unknown,
            **precision_row(tallies.get(rule.id)),
            "episodes": episodes(alerts, rule.id),
        }
        for rule in files.rules.rules
    ]


def lines(rows: list[Mapping[str, Any]]) -> Iterator[str]:
    """The rows as text for a terminal."""
    for row in rows:
        yield f"{row['id']} ({row['on']}, {'/'.join(row['levels']) or row['severity']}) {row['file']}:{row['line']}"
        if row["evaluated_at"] is None:
            yield f"  {row['state']}"
        else:
            told = f"{row['matches']} match, {row['unknown']} unknown, {row['duration_s'] * 1000:.0f} ms"
            yield f"  {row['state']}: {row['evaluated_at']}, {told} {row['error']}".rstrip()
        if any(row["verdicts"].values()):
            counts = ", ".join(f"{count} {verdict}" for verdict, count in row["verdicts"].items())
            precise = "unknown" if row["precision"] is None else f"{row['precision']:.0%}"
            yield f"  precision {precise}: {counts}"
        for episode in row["episodes"]:
            until = f" until {episode['resolved_at']}" if episode["resolved_at"] else ""
            since = episode["firing_at"] or episode["pending_at"]
            yield f"  {episode['state']} {episode['level']} on {episode['subject']} since {since}{until}"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
