"""Which messages are due now, and what the groups remember of it. Pure; grouping as Alertmanager's but where noted.

Told differently from Alertmanager, each for the engineer on call: an alert that fires and resolves before its message
is told still (once, as resolved); who was told that an alert fires is told of its end even if it is inhibited or routed
elsewhere by then; a level that got worse does not wait for `group_interval`; what fired before a route was muted and
resolves meanwhile is told when the route speaks again (what fires and resolves meanwhile is not: so it was wanted); a
rota's next person is told of what still fires when the turn begins.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from monitor.alerts.flapping import Flapping, quiet
from monitor.alerts.groups import Group, GroupKey, label_name, name_of
from monitor.alerts.inhibition import inhibited
from monitor.alerts.lifecycle import RANK
from monitor.alerts.maintenance import maintained
from monitor.alerts.merging import Turn, together
from monitor.alerts.message import message_of
from monitor.alerts.model import Alert, Message, MessageKind, PriceOf
from monitor.alerts.responses import Silence, silenced
from monitor.alerts.routes import Route, Routes
from monitor.register import Register

_UNROUTED: Final = Route(to="")
"""Gives its intervals to a group that no route leads to any more, but that has yet to be told what resolved."""


@dataclass(frozen=True)
class Planned:
    """A message that is due, and the numbers of all alerts that it tells of, also those beyond its rows."""

    message: Message
    alerts: tuple[int, ...]


@dataclass(frozen=True)
class Plan:
    """The messages that are due, and all groups that have something to tell or to take back afterwards."""

    messages: tuple[Planned, ...]
    groups: tuple[Group, ...]


def plan(
    alerts: Iterable[Alert],
    groups: Iterable[Group],
    routes: Routes,
    *,
    inhibited_by: Mapping[str, Sequence[str]],
    register: Register,
    now: datetime,
    price_of: PriceOf = lambda _: None,
    acknowledged: AbstractSet[int] = frozenset(),
    silences: Sequence[Silence] = (),
    flapping: Sequence[Flapping] = (),
) -> Plan:
    """What is to be told now.

    `alerts`: those that fire and those that a group of `groups` still knows (what never fired is passed over).
    `price_of`: what the session under way at a connector costs so far.
    `inhibited_by`: per rule, as in `inhibited`. An alert that is inhibited now, that one of `silences` (those
    in force) mutes or that is under maintenance is not told; it is when that ends. `acknowledged`: numbers of alerts
    that somebody sees to; they do not escalate, and a group of these alone is not repeated. Of what flaps the alert
    with which that began is told, its end and those after it are not until it is calm.
    """
    fired = {alert.id: alert for alert in alerts if alert.firing_at is not None}
    unsteady, quiet_ones = quiet(fired.values(), flapping)
    hidden = inhibited(fired.values(), inhibited_by).keys() | silenced(fired.values(), silences).keys() | quiet_ones
    hidden |= maintained(fired.values(), routes.maintenance, now).keys()
    drafts = {group.key: _draft(group, fired, hidden, unsteady) for group in groups if _has_address(routes, group.key)}
    ways = {alert.id: _ways(alert, routes, now, acknowledged) for alert in fired.values()}
    _distribute(
        (alert for alert in fired.values() if alert.active and alert.id not in hidden), drafts, ways, routes, now
    )
    turns = [_turn(draft, _route_of(draft, ways), now, acknowledged) for draft in drafts.values()]
    after = {key: replace(draft.group, waiting=draft.waiting) for key, draft in drafts.items()}
    messages = []
    for bundle in sorted(together(filter(None, turns)), key=lambda bundle: bundle[0].group.key):
        group, key = _bundle(bundle)
        for turn in bundle:
            after[turn.group.key] = _told(drafts[turn.group.key], now, group.thread or key)
        alerts_told = [alert for turn in bundle for alert in turn.alerts]
        firing = any(alert.active for alert in alerts_told)
        kind: MessageKind = "repeat" if bundle[0].kind == "repeat" else "firing" if firing else "resolved"
        message = message_of(
            replace(group, thread=group.thread or key), key, kind, alerts_told, at=now,
            receiver=routes.receivers[group.key.receiver], register=register, flapping=unsteady,
            price_of=price_of,
        )  # fmt: skip
        messages.append(Planned(message, tuple(alert.id for alert in alerts_told)))
    return Plan(tuple(messages), tuple(group for _, group in sorted(after.items()) if group.waiting or group.told))


def _bundle(bundle: Sequence[Turn]) -> tuple[Group, str]:
    """What the groups of one message are as one group, and the key of the message."""
    first = bundle[0]
    if len(bundle) == 1:
        return first.group, first.group.next_key
    keys = sorted(turn.group.next_key for turn in bundle)
    threads = {turn.group.thread for turn in bundle}
    name = label_name({"rule": str(first.rule)})
    group = Group(
        first.group.key._replace(name=name),
        min(turn.group.opened_at for turn in bundle),
        thread=threads.pop() if len(threads) == 1 else "",
    )
    return group, hashlib.sha256("".join(keys).encode()).hexdigest()[:32]


@dataclass
class _Draft:
    """What a group knows at this moment: its alerts by what its address has been told of them."""

    group: Group
    ended: list[Alert] = field(default_factory=list)
    """Told as firing; resolved now."""
    visible: list[Alert] = field(default_factory=list)
    """Told as firing, and still so."""
    hidden: list[Alert] = field(default_factory=list)
    """The same, but inhibited or silenced now; and what was told as flapping, which is not told as resolved."""
    fresh: list[Alert] = field(default_factory=list)
    """Not told yet, firing or resolved in the meantime."""
    routed: set[int] = field(default_factory=set)
    """Numbers of the firing ones that a route leads here now."""

    @property
    def waiting(self) -> frozenset[int]:
        """Numbers of those still to be told."""
        return frozenset(alert.id for alert in self.fresh)


def _draft(group: Group, fired: Mapping[int, Alert], hidden: AbstractSet[int], unsteady: AbstractSet[int]) -> _Draft:
    told = [fired[number] for number in sorted(group.told) if number in fired]
    waiting = [fired[number] for number in sorted(group.waiting) if number in fired]
    return _Draft(
        group,
        ended=[alert for alert in told if not alert.active and alert.id not in unsteady],
        visible=[alert for alert in told if alert.active and alert.id not in hidden],
        hidden=[alert for alert in told if alert.id in (hidden if alert.active else unsteady)],
        # Those that still fire come anew from the routes, which may have changed.
        fresh=[alert for alert in waiting if not alert.active and alert.id not in hidden],
    )


def _has_address(routes: Routes, key: GroupKey) -> bool:
    receiver = routes.receivers.get(key.receiver)
    return receiver is not None and key.address in receiver.addresses


def _ways(alert: Alert, routes: Routes, now: datetime, acknowledged: AbstractSet[int]) -> tuple[Route, ...]:
    """The routes of the alert, each followed by those that it escalates to while nobody sees to it."""
    routed = routes.of(alert)
    if alert.id in acknowledged:
        return routed
    return tuple(way for route in routed for way in (route, *route.escalated(alert, now)))


def _distribute(
    firing: Iterable[Alert],
    drafts: dict[GroupKey, _Draft],
    ways: Mapping[int, Sequence[Route]],
    routes: Routes,
    now: datetime,
) -> None:
    """Put every alert that may be told into its groups, opening those that are missing.

    An address that was told of an alert in one group is not told again in another when labels or routes have changed.
    """
    homes: dict[tuple[str, str], dict[int, GroupKey]] = defaultdict(dict)
    for key, draft in drafts.items():
        homes[key.receiver, key.address].update(dict.fromkeys(draft.group.told, key))
    for alert in firing:
        for route in ways[alert.id]:
            name = name_of(alert, route)
            for address in routes.receivers[route.to].reached(now):
                home = homes[route.to, address]
                key = home.get(alert.id, GroupKey(route.to, address, name))
                draft = drafts.setdefault(key, _Draft(Group(key, opened_at=now)))
                draft.routed.add(alert.id)
                if alert.id not in home:
                    home[alert.id] = key
                    draft.fresh.append(alert)


def _route_of(draft: _Draft, ways: Mapping[int, Sequence[Route]]) -> Route:
    """The route whose intervals hold for the group: that of its first alert which still goes this way."""
    key = draft.group.key
    for alert in (*draft.visible, *draft.ended, *draft.fresh):
        for route in ways[alert.id]:
            if route.to == key.receiver and name_of(alert, route) == key.name:
                return route
    return _UNROUTED


def _turn(draft: _Draft, route: Route, now: datetime, acknowledged: AbstractSet[int]) -> Turn | None:
    """What the group has to tell, if anything; None also while its route is muted."""
    if route.muted(now):
        draft.fresh = [alert for alert in draft.fresh if alert.active]
        return None
    kind = _due(draft, route, now, acknowledged)
    alerts = (*draft.ended, *draft.visible, *draft.fresh)
    return Turn(draft.group, kind, alerts) if kind or (alerts and draft.group.told_at is None) else None


def _due(draft: _Draft, route: Route, now: datetime, acknowledged: AbstractSet[int]) -> MessageKind | None:
    """The kind of message that is due, None while there is nothing to tell or it has to wait."""
    group = draft.group
    worse = any(RANK[alert.level] > RANK[group.told[alert.id]] for alert in draft.visible if alert.id in draft.routed)
    news = bool(draft.fresh or draft.ended or worse)
    if group.told_at is None:
        due_at = group.opened_at + route.group_wait
    elif worse:
        due_at = now
    else:
        due_at = group.told_at + (route.group_interval if news else route.repeat_interval)
    if now < due_at:
        return None
    if news:
        return "firing" if draft.visible or any(alert.active for alert in draft.fresh) else "resolved"
    waits = (alert for alert in draft.visible if alert.id in draft.routed and alert.id not in acknowledged)
    return "repeat" if any(waits) else None


def _told(draft: _Draft, now: datetime, thread: str) -> Group:
    """The group when its message has been made: everything in it is told, but for what is hidden."""
    group = draft.group
    return replace(
        group,
        told_at=now,
        sequence=group.sequence + 1,
        thread=group.thread or thread,
        waiting=frozenset(),
        told={
            **{alert.id: group.told[alert.id] for alert in draft.hidden},
            **{alert.id: alert.level for alert in (*draft.visible, *draft.fresh) if alert.active},
        },
    )
