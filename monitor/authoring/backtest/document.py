"""A backtest as one JSON document: the shape that others script against."""

from collections.abc import Iterable, Mapping
from typing import Any

from monitor.authoring.backtest.difference import Difference, Moved
from monitor.authoring.backtest.episodes import Episode, Found
from monitor.cells import jsonable


def document(found: Found, changed: Difference | None = None) -> dict[str, Any]:
    """`episodes` and `mails`; with another version of the files also `against`."""
    plain: dict[str, Any] = {
        "episodes": _episodes(found.episodes),
        "mails": [{"receiver": mail.receiver, "at": mail.at, "subject": mail.subject} for mail in found.mails],
    }
    if changed:
        plain["against"] = {
            "new": _episodes(changed.new),
            "gone": _episodes(changed.gone),
            "earlier": [_moved(each) for each in changed.earlier],
            "later": [_moved(each) for each in changed.later],
            "same": changed.same,
            "mails": {name: {"before": before, "now": now} for name, (before, now) in changed.mails.items()},
        }
    told: dict[str, Any] = jsonable(plain)
    return told


def _episodes(episodes: Iterable[Episode]) -> list[Mapping[str, Any]]:
    return [
        {
            "rule": episode.rule,
            "subject": episode.subject,
            "level": episode.level,
            "pending_at": episode.pending_at,
            "firing_at": episode.firing_at,
            "resolved_at": episode.resolved_at,
        }
        for episode in episodes
    ]


def _moved(each: Moved) -> Mapping[str, Any]:
    [now] = _episodes([each.new])
    return {**now, "was_firing_at": each.old.firing_at}
