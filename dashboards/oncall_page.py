"""What the page of rotas shows: who is on call now, whose turn is when, and who can be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from dashboards.sources import Service
from monitor.alerts.oncall import Roster, rosters
from monitor.alerts.routes import Receiver
from monitor.notify.trial import Outcome


@dataclass(frozen=True)
class Turns:
    """One rota with the zone of its handovers."""

    roster: Roster
    zone: ZoneInfo


@dataclass(frozen=True)
class Reachable:
    """A receiver or rota, and the addresses that are told now."""

    receiver: Receiver
    reached: tuple[str, ...]


@dataclass(frozen=True)
class OnCallPage:
    """Everything on the page; `outcomes`: what became of the test message to `tried`."""

    rotas: list[Turns]
    receivers: list[Reachable]
    tried: str
    outcomes: Sequence[Outcome]


def oncall_page(source: Service, tried: str = "", outcomes: Sequence[Outcome] = ()) -> OnCallPage:
    """As of now."""
    now, routes = source.now(), source.rules.in_force.routes
    return OnCallPage(
        rotas=[Turns(roster, ZoneInfo(roster.zone)) for roster in rosters(routes, now)],
        receivers=[Reachable(receiver, receiver.reached(now)) for _, receiver in sorted(routes.receivers.items())],
        tried=tried,
        outcomes=outcomes,
    )
