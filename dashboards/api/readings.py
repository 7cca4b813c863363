"""Readings as they are stored."""

from flask import request
from flask.typing import ResponseReturnValue

from dashboards import exports, reading_rows
from dashboards.api.asked import ReadingsQuery
from dashboards.api.operation import operation
from dashboards.api.shapes.common import Page
from dashboards.api.shapes.network import ReadingShape
from dashboards.context import page_url
from dashboards.parameters import Parameters
from dashboards.sources import service
from monitor.readings import frames
from monitor.readings.scanning import ARROW


@operation("/readings", answer=Page[ReadingShape], query=ReadingsQuery, media=["text/csv", ARROW])
def readings(query: ReadingsQuery) -> ResponseReturnValue:
    """Rows of one measurement"""
    filters, source = reading_rows.read_filters(Parameters(request.args)), service()
    if exports.wants_csv():
        return exports.stream(
            filters.measurement.name,
            reading_rows.columns(filters.measurement),
            lambda: reading_rows.rows(source, filters),
        )
    if exports.wants_arrow():
        return exports.arrow(
            filters.measurement.name,
            frames.schema(filters.measurement),
            lambda: reading_rows.batches(source, filters),
        )
    rows, cursor = reading_rows.page(source, filters, query.limit)
    return {"items": rows, "next": page_url(cursor=cursor) if cursor else None}
