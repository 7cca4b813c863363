"""Groups that are told together: one rule at many sites at once is one cause, a carrier's outage, and one message."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from monitor.alerts.groups import Group
from monitor.alerts.model import Alert, MessageKind

MANY_SITES = 10
"""At more sites than this a rule's groups are told together."""


@dataclass(frozen=True)
class Turn:
    """A group that has something to tell: `alerts`. `kind` is None while it waits for company."""

    group: Group
    kind: MessageKind | None
    alerts: tuple[Alert, ...]

    @property
    def rule(self) -> str | None:
        """The rule of all its alerts; None when they have several."""
        rules = {alert.rule for alert in self.alerts}
        return rules.pop() if len(rules) == 1 else None

    @property
    def opens(self) -> bool:
        """Whether nothing has been told of it yet."""
        return self.group.told_at is None


def together(turns: Iterable[Turn]) -> Iterator[tuple[Turn, ...]]:
    """What is to be told now: groups that are due, each alone, or those of one address and rule at many sites at once.

    One that has not been told yet does not wait on while others that opened with it are told.
    """
    alike: dict[tuple[object, ...], list[Turn]] = defaultdict(list)
    for turn in turns:
        key = turn.group.key
        how = "opens" if turn.opens else turn.kind
        alike[key.receiver, key.address, turn.rule or key.name, how].append(turn)
    for some in alike.values():
        due = [turn for turn in some if turn.kind]
        if not due:
            continue
        sites = {alert.place.site for turn in some for alert in turn.alerts}
        if some[0].rule and len(sites) > MANY_SITES:
            yield tuple(some)
        else:
            yield from ((turn,) for turn in due)
