"""Who is told of which alert, in what portions, how often: what `rules/notify.yaml` says, as values. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from monitor.alerts.maintenance import Maintenance
from monitor.alerts.matching import matches
from monitor.alerts.model import Alert
from monitor.alerts.monthly import Monthly
from monitor.alerts.muting import Mute
from monitor.alerts.rotas import Rota

CHANNELS: Final = ("webhook", "apprise")
"""Beside mail."""

DIGESTED: Final = ("mail", "apprise")
"""Channels that people read. What takes webhooks is a program, and wants each message as it was."""


@dataclass(frozen=True)
class Webhook:
    """Where messages are posted, signed with `secret` unless it is empty."""

    url: str
    secret: str = field(default="", repr=False)


@dataclass(frozen=True)
class Receiver:
    """Who is told, at which addresses, in which language. With a rota: one of the addresses, by turns.

    An address is a mail address, or the name of another channel, a colon and the receiver: what a webhook's own address
    holds may be secret, and may change while a message waits.
    """

    name: str
    addresses: tuple[str, ...]
    language: str
    rota: Rota | None = None
    webhook: Webhook | None = None
    apprise: str = field(default="", repr=False)
    """Address for the package apprise, which may hold a token."""

    def reached(self, now: datetime) -> tuple[str, ...]:
        """The addresses that are told at `now` of what is new."""
        return (self.rota.on_call(now),) if self.rota else self.addresses


@dataclass(frozen=True)
class Escalation:
    """Who is told too of an alert that has been firing for `after` and that nobody has acknowledged."""

    after: timedelta
    to: str


@dataclass(frozen=True)
class Route:
    """One way to a receiver. `goes_on`: later routes are looked at too."""

    to: str
    match: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    goes_on: bool = False
    group_by: tuple[str, ...] = ("site",)
    group_wait: timedelta = timedelta(seconds=30)
    group_interval: timedelta = timedelta(minutes=5)
    repeat_interval: timedelta = timedelta(hours=4)
    mutes: tuple[Mute, ...] = ()
    escalations: tuple[Escalation, ...] = ()

    def takes(self, alert: Alert) -> bool:
        """Whether the alert goes this way; one of level info only where `match` names that level."""
        if alert.level == "info" and "info" not in self.match.get("level", ()):
            return False
        return matches(alert, self.match)

    def muted(self, now: datetime) -> bool:
        """Whether nothing is told this way at `now`."""
        return any(mute.holds(now) for mute in self.mutes)

    def escalated(self, alert: Alert, now: datetime) -> Iterator["Route"]:
        """The further ways of a firing alert that nobody acknowledged; they do not wait for company."""
        for step in self.escalations:
            if alert.firing_at is not None and now - alert.firing_at >= step.after:
                yield replace(self, to=step.to, group_wait=timedelta(0), escalations=())


@dataclass(frozen=True)
class Routes:
    """All receivers and the ways to them. Without any nothing is sent."""

    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    default: Route | None = None
    maintenance: tuple[Maintenance, ...] = ()
    reports: tuple[Monthly, ...] = ()

    def of(self, alert: Alert) -> tuple[Route, ...]:
        """The ways that an alert goes: the first that takes it and, while they go on, later ones; else the default."""
        taken = []
        for route in self.routes:
            if route.takes(alert):
                taken.append(route)
                if not route.goes_on:
                    break
        if not taken and self.default and self.default.takes(alert):
            taken.append(self.default)
        return tuple(taken)


def channel_of(address: str) -> str:
    """The channel that a receiver's address belongs to: one of CHANNELS, named before its colon, else mail."""
    name = address.partition(":")[0]
    return name if name in CHANNELS else "mail"
