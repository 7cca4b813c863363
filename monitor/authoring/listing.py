"""`laddvakt rules list`: each rule with its last run and its last episodes."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from monitor.authoring.in_force import InForce
from monitor.state.alerts import AlertStore

EPISODES = 3
"""The last ones of each rule."""


class Run(Protocol):
    """A rule's last evaluation, as `monitor.service.RuleRun` has it."""

    @property
    def at(self) -> datetime: ...
    @property
    def matches(self) -> int: ...
    @property
    def unknown(self) -> int: ...
    @property
    def error(self) -> str: ...
    @property
    def duration_s(self) -> float: ...


def rule_rows(files: InForce, runs: Mapping[str, Run], alerts: AlertStore) -> list[dict[str, Any]]:
    """One row a rule, in the order of the files. Of a rule that no service runs, what a run gives is None."""
    return [
        {
            "id": rule.id,
            "on": rule.on,
            "title": dict(rule.title),
            "when": " ".join(rule.when.text.split()),
            "levels": {level: " ".join(when.text.split()) for level, when in rule.levels.items()},
            "severity": rule.severity,
            "hold_for_s": rule.hold_for.total_seconds(),
            "keep_firing_for_s": rule.keep_firing_for.total_seconds(),
            "inhibited_by": list(rule.inhibited_by),
            "labels": dict(rule.labels),
            "file": rule.file,
            "line": rule.line,
            **_run(runs.get(rule.id)),
            "episodes": [
                {
                    "subject": alert.subject,
                    "state": alert.state,
                    "level": alert.level,
                    "pending_at": _iso(alert.pending_at),
                    "firing_at": _iso(alert.firing_at),
                    "resolved_at": _iso(alert.resolved_at),
                }
                for alert in alerts.list(rule=rule.id, limit=EPISODES)
            ],
        }
        for rule in files.rules.rules
    ]


def lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    """The rows as text for a terminal."""
    for row in rows:
        levels = "/".join(row["levels"] or [row["severity"]])
        yield f"{row['id']} ({row['on']}, {levels}) {row['file']}:{row['line']}"
        if row["evaluated_at"] is None:
            yield f"  {row['state']}"
        else:
            told = f"{row['matches']} match, {row['unknown']} unknown, {row['duration_s'] * 1000:.0f} ms"
            yield f"  {row['state']}: {row['evaluated_at']}, {told} {row['error']}".rstrip()
        for episode in row["episodes"]:
            until = f" until {episode['resolved_at']}" if episode["resolved_at"] else ""
            since = episode["firing_at"] or episode["pending_at"]
            yield f"  {episode['state']} {episode['level']} on {episode['subject']} since {since}{until}"


def _run(run: Run | None) -> dict[str, Any]:
    if run is None:
        keys = ("evaluated_at", "duration_s", "matches", "unknown")
        return {"state": "not evaluated", **dict.fromkeys(keys), "error": ""}
    return {
        "state": "fails" if run.error else "runs",
        "evaluated_at": _iso(run.at),
        "duration_s": run.duration_s,
        "matches": run.matches,
        "unknown": run.unknown,
        "error": run.error,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
