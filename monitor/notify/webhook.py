"""Webhooks: a message as the JSON that Alertmanager posts (version 4), so that what takes its posts takes ours.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from monitor.alerts.model import Message, MessageRow
from monitor.alerts.routes import Routes, Webhook
from monitor.errors import DeliveryRefused, DeliveryUnavailable
from monitor.ids import Place
from monitor.notify.clean import clean, runbook_address
from monitor.notify.destination import Destination

SIGNATURE = "X-Laddvakt-Signature"
"""`sha256=` and the HMAC of the body under the receiver's secret, in hexadecimal."""

NEVER = "0001-01-01T00:00:00Z"
"""How Alertmanager writes the end of an alert that fires."""

_SECONDS = 15.0
_TRY_AGAIN = frozenset({401, 403, 404, 408, 421, 425, 429})
"""Refusals that a person can mend at the other end without a new message from us; 5xx are too."""


class WebhookChannel:
    """Posts to the webhooks of the receivers in `routes()`, which may change at any time.

    `public_url` is where the pages are. Addresses in the own network are refused unless `private` allows them.
    """

    name = "webhook"
    ready = True
    limit = timedelta(seconds=2 * _SECONDS)

    def __init__(self, routes: Callable[[], Routes], public_url: str, *, private: bool) -> None:
        self._routes, self._public_url, self._private = routes, public_url, private

    def line(self) -> "WebhookChannel":
        """Itself: every post has a connection of its own."""
        return self

    async def send(self, message: Message) -> str:
        """Post it; a status of 2xx is arrival, redirects are not followed."""
        receiver = self._routes().receivers.get(message.receiver)
        if receiver is None or receiver.webhook is None:
            raise DeliveryRefused(f"receiver {message.receiver!r} has no webhook any more")
        body = json.dumps(payload(message, self._public_url), ensure_ascii=False).encode()
        return await asyncio.to_thread(self._post, receiver.webhook, message.key, body)

    async def close(self) -> None:
        """Nothing is kept open."""

    def _post(self, webhook: Webhook, key: str, body: bytes) -> str:
        headers = {"Content-Type": "application/json", "User-Agent": "Laddvakt", "Idempotency-Key": key}
        if webhook.secret:
            headers[SIGNATURE] = "sha256=" + hmac.new(webhook.secret.encode(), body, hashlib.sha256).hexdigest()
        destination = Destination.of(webhook.url, private=self._private)
        timeout = urllib3.Timeout(total=_SECONDS)
        try:
            with destination.connections(timeout) as pool:
                answer = pool.request(
                    "POST", destination.path, body=body, headers={**headers, "Host": destination.host_header},
                    redirect=False, retries=False, preload_content=False,
                )  # fmt: skip
                said = clean(answer.read(500).decode(errors="replace"), 200)
                answer.release_conn()
        except HTTPError as error:
            raise DeliveryUnavailable(f"webhook {destination.shown}: {clean(str(error), 200)}") from error
        told = f"{answer.status} {said}".rstrip()
        if 200 <= answer.status < 300:
            return told
        refusal = f"webhook {destination.shown} answered {told}"
        if 300 <= answer.status < 400:
            raise DeliveryRefused(f"{refusal}; redirects are not followed: put the address it leads to in notify.yaml")
        if answer.status >= 500 or answer.status in _TRY_AGAIN:
            raise DeliveryUnavailable(refusal)
        raise DeliveryRefused(refusal)


def payload(message: Message, public_url: str) -> dict[str, Any]:
    """The message in Alertmanager's shape; `truncatedAlerts` counts those that have no row."""
    alerts = [_alert(row, public_url) for row in message.rows]
    return {
        "version": "4",
        "groupKey": json.dumps([message.receiver, dict(message.group)], ensure_ascii=False, sort_keys=True),
        "truncatedAlerts": message.firing + message.resolved - len(message.rows),
        "status": "firing" if message.firing else "resolved",
        "receiver": message.receiver,
        "groupLabels": dict(message.group),
        "commonLabels": _common([alert["labels"] for alert in alerts]),
        "commonAnnotations": _common([alert["annotations"] for alert in alerts]),
        "externalURL": public_url,
        "alerts": alerts,
    }


def _alert(row: MessageRow, public_url: str) -> dict[str, Any]:
    place = Place.parse(row.subject)
    parts = {"site": place.site, "station": place.station, "connector": place.connector}
    labels = {**row.labels, "alertname": row.rule, "severity": row.level, "subject": row.subject}
    labels |= {name: value for name, value in parts.items() if value}
    texts = {
        "title": row.texts.title, "summary": row.texts.summary, "cause": row.texts.cause,
        "runbook_url": runbook_address(row.texts.runbook, public_url), "reason": row.resolved_reason,
    }  # fmt: skip
    return {
        "status": "resolved" if row.state == "resolved" else "firing",
        "labels": labels,
        "annotations": {name: text for name, text in texts.items() if text},
        "startsAt": _moment(row.firing_at),
        "endsAt": _moment(row.resolved_at) if row.resolved_at else NEVER,
        "generatorURL": f"{public_url}/alerts/{row.alert}",
        "fingerprint": hashlib.sha256(f"{row.rule} {row.subject}".encode()).hexdigest()[:16],
    }


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _common(maps: list[dict[str, str]]) -> dict[str, str]:
    """The entries that all have."""
    first, *others = maps or [{}]
    return {name: value for name, value in first.items() if all(each.get(name) == value for each in others)}
