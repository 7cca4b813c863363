"""Alerts: the list, each one, and who sees to it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from flask import abort
from flask.typing import ResponseReturnValue

from dashboards import alert_list, exports, silencing
from dashboards.api.asked import AcknowledgeBody, AlertsQuery, CommentBody, VerdictBody
from dashboards.api.operation import operation
from dashboards.api.shapes.alerts import AlertDetail, AlertShape, CommentShape
from dashboards.api.shapes.common import Listed, Page
from dashboards.context import page_url, texts
from dashboards.parameters import BadParameter
from dashboards.principals import principal
from dashboards.sources import Service, service
from monitor.alerts import flat
from monitor.alerts.model import Alert
from monitor.errors import InputError
from monitor.state.alert_detail import alert_detail, comment_row
from monitor.state.alert_order import Sort


@operation("/alerts", answer=Page[AlertShape], query=AlertsQuery, media=["text/csv"])
def alerts(query: AlertsQuery) -> ResponseReturnValue:
    """Alerts, active and past"""
    source, since = service(), query.start
    if query.state is None:
        since = since or source.now() - timedelta(hours=24)
    filters = alert_list.AlertFilters(
        query.state or "all", query.level, query.site, query.rule, _sort(query), query.after or query.before
    )
    if exports.wants_csv():
        found = alert_list.find_all(source, filters, since)
        return exports.stream("alerts", flat.COLUMNS, lambda: _in_batches(source, found))
    rows = alert_list.find(source, filters, limit=query.limit + 1, since=since)
    shown = rows[: query.limit]
    following = page_url(sort=filters.sort, after=shown[-1].id, before=None) if len(rows) > query.limit else None
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


@operation("/alerts/<int:alert_id>/comments", answer=Listed[CommentShape])
def comments(alert_id: int) -> ResponseReturnValue:
    """What people noted about an alert"""
    return {"items": [comment_row(each) for each in service().remarks.comments(_found(alert_id).id)]}


@operation(
    "/alerts/<int:alert_id>/comments", method="POST", answer=CommentShape, body=CommentBody, status=HTTPStatus.CREATED
)
def add_comment(alert_id: int, body: CommentBody) -> ResponseReturnValue:
    """Note something about an alert, active or over"""
    source = service()
    return comment_row(source.remarks.comment(_found(alert_id).id, body.text, by=principal().name, at=source.now()))


@operation("/alerts/<int:alert_id>/verdict", method="POST", answer=AlertDetail, body=VerdictBody)
def judge(alert_id: int, body: VerdictBody) -> ResponseReturnValue:
    """Say of an alert that is over whether it was right; a later verdict takes the place of an earlier one"""
    source, found = service(), _found(alert_id)
    source.remarks.judge(found.id, body.verdict, by=principal().name, at=source.now(), comment=body.comment)
    return _detail(source, found)


def _sort(query: AlertsQuery) -> Sort:
    if query.before is None:
        return query.sort or "-id"
    if query.after is not None or query.sort not in {None, "-id"}:
        raise BadParameter("before", "goes with the order -id alone; after goes with all")
    return "-id"


def alert_rows(source: Service, found: Sequence[Alert]) -> list[dict[str, Any]]:
    """Alerts as flat rows."""
    said = source.responses.acknowledged([alert.id for alert in found], source.now())
    muting = silencing.muting(source)
    return [flat.alert_row(alert, texts(alert), said.get(alert.id), muting) for alert in found]


def _in_batches(source: Service, found: Iterable[Alert]) -> Iterator[Mapping[str, Any]]:
    batch: list[Alert] = []
    for alert in found:
        batch.append(alert)
        if len(batch) == alert_list.BATCH:
            yield from alert_rows(source, batch)
            batch = []
    yield from alert_rows(source, batch)


def _detail(source: Service, alert: Alert) -> dict[str, Any]:
    return alert_detail(source.database, alert, texts(alert), source.now())


def _found(alert_id: int) -> Alert:
    return (service().alerts.get(alert_id) if alert_id < 2**63 else None) or abort(404)
