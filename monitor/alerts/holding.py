"""What may be told while not every rule has been tried since a start: the service's own alerts, and nothing else. Pure.

A rule that has not been tried may inhibit others. The service's own alerts are inhibited by none.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace

from monitor.alerts.groups import Group
from monitor.alerts.model import Alert


def own(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """Those about the service itself."""
    return tuple(alert for alert in alerts if alert.place.source is not None)


def apart(groups: Iterable[Group], mine: AbstractSet[int]) -> tuple[Group, ...]:
    """The groups as if they knew of no alerts but `mine`."""
    return tuple(
        replace(group, waiting=group.waiting & mine, told={n: level for n, level in group.told.items() if n in mine})
        for group in groups
    )


def joined(before: Iterable[Group], after: Iterable[Group], mine: AbstractSet[int]) -> Iterator[Group]:
    """The groups that a plan over `apart` left, with what was kept from it, as it was."""
    planned = {group.key: group for group in after}
    for group in before:
        kept = group.waiting - mine, {n: level for n, level in group.told.items() if n not in mine}
        now = planned.pop(group.key, None)
        if now is not None:
            yield replace(now, waiting=now.waiting | kept[0], told={**kept[1], **now.told})
        elif any(kept):
            yield replace(group, waiting=kept[0], told=kept[1])
    yield from planned.values()
