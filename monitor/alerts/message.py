"""The content of a message: frozen when it is planned, so that a retry hours later says the same."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from urllib.parse import quote

from monitor.alerts.groups import Group
from monitor.alerts.lifecycle import RANK
from monitor.alerts.model import Alert, Message, MessageKind, MessageRow, PriceOf
from monitor.alerts.routes import Receiver
from monitor.ids import Place
from monitor.register import Register, Site
from monitor.rules.answer import Texts

ROWS: Final = 20
"""Alerts that a message shows; beyond, it counts."""


def message_of(
    group: Group,
    key: str,
    kind: MessageKind,
    alerts: Sequence[Alert],
    *,
    at: datetime,
    receiver: Receiver,
    register: Register,
    flapping: Container[int] = (),
    price_of: PriceOf = lambda _: None,
) -> Message:
    """The message `key` about `alerts` (firing and resolved) to the group's address, in the receiver's language.

    `group` is as it is after this message; `flapping`: numbers of alerts that are told as such. The site's facts are
    given where all alerts are at one site.
    """
    rows = [
        replace(_row(alert, receiver.language, flaps=alert.id in flapping), limit_w=_limit_w(register, alert.place))
        for alert in alerts
    ]
    shown = sorted(rows, key=worst_first)[:ROWS]
    sites = {alert.place.site for alert in alerts}
    stations = {alert.place.station for alert in alerts}
    site_key = sites.pop() if len(sites) == 1 else ""
    site = register.site(site_key) or Site()
    return Message(
        key=key,
        thread=group.thread,
        receiver=receiver.name,
        address=group.key.address,
        language=receiver.language,
        group=group.labels,
        kind=kind,
        at=at,
        firing=sum(alert.active for alert in alerts),
        resolved=sum(not alert.active for alert in alerts),
        rows=tuple(_priced(row, price_of) for row in shown),
        zone=register.zone(site_key).key,
        site_name=site.name,
        contact=site.contact,
        access=site.access,
        links=_links(site.links, {"site": site_key, "station": stations.pop() if len(stations) == 1 else None}),
    )


def _row(alert: Alert, language: str, *, flaps: bool) -> MessageRow:
    texts = alert.texts
    # An alert of a rule that could not be rendered still says which rule it is and where.
    own = texts.get(language) or texts.get("en") or next(iter(texts.values()), Texts(alert.rule, alert.subject))
    return MessageRow(
        alert=alert.id,
        rule=alert.rule,
        subject=alert.subject,
        state=alert.state,
        level=alert.level,
        firing_at=alert.firing_at or alert.pending_at,
        resolved_at=alert.resolved_at,
        resolved_reason=alert.resolved_reason,
        texts=own,
        labels=alert.labels,
        expected_w=_watts(alert.values.get("expected_w")),
        flapping=flaps,
    )


def _priced(row: MessageRow, price_of: PriceOf) -> MessageRow:
    """With what the customer's session costs so far, where one is affected."""
    place = Place.parse(row.subject)
    return replace(row, price=price_of(place)) if row.state == "firing" and place.connector else row


def _watts(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _limit_w(register: Register, place: Place) -> float | None:
    station = register.station(place)
    connector = station.connectors.get(place.connector or "") if station else None
    return float(connector.rated) if connector and connector.rated is not None else None


def worst_first(row: MessageRow) -> tuple[bool, int, object, str, str]:
    """Firing before resolved, worse before milder, then the one that has lasted longest."""
    return row.state == "resolved", -RANK[row.level], row.firing_at, row.subject, row.rule


def _links(links: Mapping[str, str], names: Mapping[str, str | None]) -> dict[str, str]:
    """The site's links with `{site}` and `{station}` filled in; without those that name what the message has not."""
    filled = {}
    for title, template in links.items():
        link = template
        for name, value in names.items():
            link = link.replace(f"{{{name}}}", quote(value, safe="")) if value else link
        if not any(f"{{{name}}}" in link for name in names):
            filled[title] = link
    return filled
