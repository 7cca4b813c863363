"""Alerts: the list, each one, and who sees to it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import abort
from flask.typing import ResponseReturnValue

from dashboards import alert_page, exports
from dashboards.api.asked import AcknowledgeBody, AlertsQuery
from dashboards.api.operation import operation
from dashboards.api.shapes import AlertDetail, AlertShape, Page
from dashboards.context import page_url, texts
from dashboards.parameters import BadParameter
from dashboards.principals import principal
from dashboards.sources import Service, service
from monitor.alerts.model import Alert
from monitor.alerts.responses import Acknowledgement, Silence
from monitor.errors import InputError

COLUMNS = (
    "id", "rule", "subject", "site", "station", "connector", "level", "state", "pending_at", "firing_at", "resolved_at",
    "resolved_reason", "no_data_since", "title", "summary", "cause", "acknowledged_at", "acknowledged_by",
    "silenced_until",
)  # fmt: skip


@operation("/alerts", answer=Page[AlertShape], query=AlertsQuery, media=["text/csv"])
def alerts(query: AlertsQuery) -> ResponseReturnValue:
    """Alerts, active and past"""
    source, since = service(), query.start
    if query.state is None:
        since = since or source.now() - timedelta(hours=24)
    if (query.sort == "-id" and query.after) or (query.sort == "id" and query.before):
        raise BadParameter("sort", "goes with 'before' when it is -id, with 'after' when it is id")
    filters = alert_page.AlertFilters(query.state or "all", query.level, query.site, query.rule, query.before)
    if exports.wants_csv():
        found = alert_page.find_all(source, filters, since, oldest_first=query.sort == "id")
        return exports.stream("alerts", COLUMNS, lambda: _in_batches(source, found))
    rows = alert_page.find(
        source, filters, limit=query.limit + 1, since=since, oldest_first=query.sort == "id", after=query.after
    )
    shown, cursor = rows[: query.limit], "before" if query.sort == "-id" else "after"
    following = page_url(**{cursor: shown[-1].id}) if len(rows) > query.limit else None
    return {"items": alert_rows(source, shown), "next": following}


@operation("/alerts/<int:alert_id>", answer=AlertDetail)
def alert(alert_id: int) -> ResponseReturnValue:
    """One alert with its reasons and its history"""
    return _detail(service(), _found(alert_id))


@operation("/alerts/<int:alert_id>/acknowledge", method="POST", answer=AlertDetail, body=AcknowledgeBody)
def acknowledge(alert_id: int, body: AcknowledgeBody) -> ResponseReturnValue:
    """See to an alert: no reminders of it until it is over"""
    source, now = service(), service().now()
    if body.until is not None and body.until <= now:
        raise BadParameter("until", "is over already")
    source.responses.acknowledge(
        _found(alert_id).id, by=principal().name, at=now, until=body.until, assignee=body.assignee, ticket=body.ticket,
        comment=body.comment,
    )  # fmt: skip
    return _detail(source, _found(alert_id))


@operation("/alerts/<int:alert_id>/acknowledge", method="DELETE", answer=AlertDetail)
def unacknowledge(alert_id: int) -> ResponseReturnValue:
    """See to an alert no more"""
    source = service()
    if not source.responses.withdraw(_found(alert_id).id, by=principal().name, at=source.now()):
        raise InputError(f"alert {alert_id} is not acknowledged")
    return _detail(source, _found(alert_id))


def alert_rows(source: Service, found: Sequence[Alert]) -> list[dict[str, Any]]:
    """Alerts as flat rows."""
    said = source.responses.acknowledged([alert.id for alert in found], source.now())
    muting = alert_page.muting(source)
    return [_row(alert, said.get(alert.id), muting) for alert in found]


def _row(alert: Alert, said: Acknowledgement | None, muting: Sequence[Silence]) -> dict[str, Any]:
    words = texts(alert)
    own = ("id", "rule", "subject", "level", "state", "pending_at", "firing_at", "resolved_at", "resolved_reason")
    acknowledged = said if alert.active else None
    return {
        **{name: getattr(alert, name) for name in (*own, "no_data_since")},
        **{name: getattr(alert.place, name) for name in ("site", "station", "connector")},
        "title": words.title,
        "summary": words.summary,
        "cause": words.cause,
        "acknowledged_at": acknowledged.at if acknowledged else None,
        "acknowledged_by": acknowledged.by if acknowledged else None,
        "silenced_until": _silenced_until(alert, muting),
    }


def _silenced_until(alert: Alert, muting: Sequence[Silence]) -> datetime | None:
    ends = [silence.ends_at for silence in muting if silence.mutes(alert)] if alert.active else []
    return max(ends, default=None)


def _in_batches(source: Service, found: Iterable[Alert]) -> Iterator[Mapping[str, Any]]:
    batch: list[Alert] = []
    for alert in found:
        batch.append(alert)
        if len(batch) == alert_page.BATCH:
            yield from alert_rows(source, batch)
            batch = []
    yield from alert_rows(source, batch)


def _detail(source: Service, alert: Alert) -> dict[str, Any]:
    said = source.responses.acknowledged([alert.id], source.now()).get(alert.id) if alert.active else None
    told = ("at", "by", "until", "assignee", "ticket", "comment")
    sent = ("at", "receiver", "address", "kind", "state", "sent_at", "error")
    return {
        **alert_rows(source, [alert])[0],
        "labels": alert.labels,
        "values": alert.values,
        "runbook": texts(alert).runbook,
        "acknowledgement": {name: getattr(said, name) for name in told} if said else None,
        "events": [
            {name: getattr(event, name) for name in ("at", "kind", "level", "reason")}
            for event in source.alerts.events(alert.id)
        ],
        "messages": [{name: getattr(each, name) for name in sent} for each in source.alerts.messages(alert.id)],
    }


def _found(alert_id: int) -> Alert:
    return (service().alerts.get(alert_id) if alert_id < 2**63 else None) or abort(404)
