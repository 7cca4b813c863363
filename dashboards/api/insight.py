"""How places perform, what does not count against them, and what each figure means."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from flask import abort
from flask.typing import ResponseReturnValue

from dashboards import exports, insight_csv
from dashboards.api.asked import (
    AnomaliesQuery,
    BehaviourQuery,
    CongestionQuery,
    ExclusionBody,
    PerformanceQuery,
    RevenueQuery,
)
from dashboards.api.operation import operation
from dashboards.api.ordering import by, in_order
from dashboards.api.shapes.common import Listed, Page
from dashboards.api.shapes.insight import (
    AnomalyShape,
    BehaviourShape,
    CongestionShape,
    ExclusionShape,
    FigureShape,
    PerformancePage,
    RevenueShape,
)
from dashboards.congestion_page import POOL_COLUMNS
from dashboards.context import page_url
from dashboards.parameters import BadParameter
from dashboards.performance_rows import COLUMNS, ordered
from dashboards.principals import principal
from dashboards.sources import service
from monitor.ids import Place
from monitor.insight.figures import FIGURES
from monitor.insight.revenue import Earned, Revenue
from monitor.state.anomalies import Anomaly
from monitor.state.exclusions import Excluded
from monitor.state.insight import Chosen


@operation("/insight/performance", answer=PerformancePage, query=PerformanceQuery, media=["text/csv"])
def performance(query: PerformanceQuery) -> ResponseReturnValue:
    """How connectors, EVSEs, stations, sites, vendors or models perform"""
    if query.start and query.end and query.end <= query.start:
        raise BadParameter("to", "is not after 'from'")
    source = service()
    chosen = Chosen(query.start, query.end, query.site)
    found = source.insight.performance(source.register, query.by, chosen, source.now())
    rows = ordered(list(found.rows), query.sort)
    if exports.wants_csv():
        return exports.stream("performance", COLUMNS, lambda: rows)
    upto = query.after + query.limit
    following = page_url(after=upto) if len(rows) > upto else None
    return {"items": rows[query.after : upto], "next": following, "start": found.start, "end": found.end}


@operation("/insight/figures", answer=Listed[FigureShape])
def figures() -> ResponseReturnValue:
    """Every figure with its definition"""
    names = ("name", "kind", "unit", "label", "definition", "source", "better")
    return {"items": [{name: getattr(figure, name) for name in names} for figure in FIGURES]}


@operation("/insight/congestion", answer=Page[CongestionShape], query=CongestionQuery, media=["text/csv"])
def congestion(query: CongestionQuery) -> ResponseReturnValue:
    """Which pools are full, when, and what is lost by it"""
    if query.start and query.end and query.end <= query.start:
        raise BadParameter("to", "is not after 'from'")
    source = service()
    chosen, target = Chosen(query.start, query.end, query.site), timedelta(seconds=query.target_wait_s)
    found = source.insight.congestion(source.register, chosen, source.now(), target)
    keys = by("site", "lost_sessions", "pool_full_share", "wait_s")
    rows = in_order([vars(each) for each in found], query.sort, keys)
    if exports.wants_csv():
        return exports.stream("congestion", POOL_COLUMNS, lambda: rows)
    upto = query.after + query.limit
    return {
        "items": rows[query.after : upto],
        "next": page_url(after=upto) if len(rows) > upto else None,
    }


@operation("/insight/behaviour", answer=BehaviourShape, query=BehaviourQuery, media=["text/csv"])
def behaviour(query: BehaviourQuery) -> ResponseReturnValue:
    """When people come, how long they stay, what they take and what they meet"""
    if query.start and query.end and query.end <= query.start:
        raise BadParameter("to", "is not after 'from'")
    source = service()
    chosen = Chosen(query.start, query.end, query.site)
    found = source.insight.behaviour(source.register, chosen, source.now(), query.season)
    if exports.wants_csv():
        return exports.stream("behaviour", insight_csv.BEHAVIOUR, lambda: insight_csv.behaviour_rows(found))
    months = {f"{1970 + month // 12}-{month % 12 + 1:02d}": count for month, count in found.by_month.items()}
    return {**vars(found), "by_month": months, "returning": vars(found.returning)}


@operation("/insight/anomalies", answer=Listed[AnomalyShape], query=AnomaliesQuery, media=["text/csv"])
def anomalies(query: AnomaliesQuery) -> ResponseReturnValue:
    """Connectors that stopped being what they were"""
    found = [_placed(each) for each in service().insight.anomalies(query.site)]
    return (
        exports.stream("anomalies", insight_csv.ANOMALIES, lambda: found) if exports.wants_csv() else {"items": found}
    )


@operation("/insight/revenue", answer=Listed[RevenueShape], query=RevenueQuery, media=["text/csv"])
def revenue(query: RevenueQuery) -> ResponseReturnValue:
    """What sessions earned, by currency"""
    if query.start and query.end and query.end <= query.start:
        raise BadParameter("to", "is not after 'from'")
    source = service()
    chosen = Chosen(query.start, query.end, query.site)
    found = source.insight.revenue(source.register, chosen, source.now(), query.cost_per_kwh)
    if exports.wants_csv():
        return exports.stream("revenue", insight_csv.REVENUE, lambda: insight_csv.revenue_rows(found))
    return {"items": [_revenue(each) for each in found]}


def _revenue(each: Revenue) -> dict[str, Any]:
    tables = {name: [_earned(row) for row in getattr(each, name)] for name in ("tariffs", "groups", "hours")}
    under = _earned(each.under_cost) if each.under_cost else None
    elements = None if each.elements is None else [row._asdict() for row in each.elements]
    return {
        "currency": each.currency, "total": _earned(each.total), "parts": each.parts, "under_cost": under, **tables,
        "elements": elements,
    }  # fmt: skip


def _earned(each: Earned) -> dict[str, Any]:
    return {**each._asdict(), "per_kwh": each.per_kwh}


@operation("/insight/exclusions", answer=Listed[ExclusionShape])
def exclusions() -> ResponseReturnValue:
    """Outages that do not count against uptime"""
    return {"items": [_placed(each) for each in service().exclusions.list()]}


@operation("/insight/exclusions", method="POST", answer=ExclusionShape, body=ExclusionBody, status=HTTPStatus.CREATED)
def add_exclusion(body: ExclusionBody) -> ResponseReturnValue:
    """Let a stretch not count against uptime"""
    if body.end <= body.start:
        raise BadParameter("end", "is not after 'start'")
    if body.connector is not None and body.station is None:
        raise BadParameter("station", "is missing: a connector is of a station")
    source, place = service(), Place(body.site, body.station, body.connector)
    made = source.exclusions.add(
        place, body.start, body.end, reason=body.reason, author=principal().name, at=source.now()
    )
    return _placed(made)


@operation("/insight/exclusions/<int:number>", method="DELETE", answer=ExclusionShape)
def remove_exclusion(number: int) -> ResponseReturnValue:
    """Let it count again"""
    source = service()
    found = next((each for each in source.exclusions.list() if each.id == number), None) or abort(404)
    source.exclusions.remove(number, by=principal().name, at=source.now())
    return _placed(found)


def _placed(each: Excluded | Anomaly) -> dict[str, Any]:
    own = {name: value for name, value in vars(each).items() if name != "place"}
    return {**own, **each.place._asdict(), "subject": each.place.subject}
