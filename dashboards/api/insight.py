"""How places perform, and what each figure means."""

from flask.typing import ResponseReturnValue

from dashboards import exports
from dashboards.api.asked import PerformanceQuery
from dashboards.api.operation import operation
from dashboards.api.shapes.common import Listed
from dashboards.api.shapes.insight import FigureShape, PerformancePage
from dashboards.context import page_url
from dashboards.parameters import BadParameter
from dashboards.performance_rows import COLUMNS, ordered
from dashboards.sources import service
from monitor.insight.figures import FIGURES
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
