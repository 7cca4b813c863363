"""A group: what one address of a receiver is told together, and what it has been told so far."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from monitor.alerts.matching import label_of
from monitor.alerts.model import Alert
from monitor.alerts.routes import Route
from monitor.rules.answer import Level
from monitor.units import to_us


class GroupKey(NamedTuple):
    """Identity of a group; `name` is its labels as canonical JSON."""

    receiver: str
    address: str
    name: str


@dataclass(frozen=True)
class Group:
    """One group from its first alert until all of which it told have been told as resolved.

    `waiting`: alerts still to be told, among them those that have resolved meanwhile; `told`: those that the last
    messages said are firing, with the level they named. `thread` is the key of the first message, empty before it.
    """

    key: GroupKey
    opened_at: datetime
    told_at: datetime | None = None
    sequence: int = 0
    thread: str = ""
    waiting: frozenset[int] = frozenset()
    told: Mapping[int, Level] = field(default_factory=dict)

    @property
    def labels(self) -> dict[str, str]:
        """What its alerts have in common."""
        labels: dict[str, str] = json.loads(self.key.name)
        return labels

    @property
    def next_key(self) -> str:
        """The key of the next message: the same however often the same evaluation is planned.

        `opened_at` is in it because a group that was closed and opens again counts from 1.
        """
        parts = [*self.key, str(to_us(self.opened_at)), str(self.sequence + 1)]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def name_of(alert: Alert, route: Route) -> str:
    """The name of the group that the alert has on this route; labels that it does not have are left out."""
    return label_name({name: value for name in route.group_by if (value := label_of(alert, name)) is not None})


def label_name(labels: Mapping[str, str]) -> str:
    """The name of the group that has these labels."""
    return json.dumps(dict(labels), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
