"""Tariffs in force, in words and as OCPI has them, and what other prices would have meant."""

from http import HTTPStatus
from typing import Any

from flask import Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from dashboards import compare_page, exports, tariff_page
from dashboards.api.asked import CompareQuery, TariffsQuery
from dashboards.api.operation import operation
from dashboards.api.ordering import by, in_order
from dashboards.api.shapes.common import Page
from dashboards.api.shapes.tariffs import TariffDetail, TariffShape
from dashboards.context import page_url
from dashboards.parameters import Parameters
from dashboards.sources import service
from monitor.tariffs import exact_json

COLUMNS = tuple(TariffShape.model_fields)


@operation("/tariffs", answer=Page[TariffShape], query=TariffsQuery, media=["text/csv"])
def tariffs(query: TariffsQuery) -> ResponseReturnValue:
    """Tariffs in force, with their words"""
    source = service()
    stored = ({"id": each.id, "currency": each.currency} for each in source.tariffs.tariffs.values())
    ordered = [each["id"] for each in in_order(stored, query.sort, by("id", "currency"))]
    found = tariff_page.ids_after(ordered, query.before)
    if exports.wants_csv():
        rows = [_row(tariff_page.tariff_row(source, each)) for each in found]
        return exports.stream("tariffs", COLUMNS, lambda: rows)
    shown = found[: query.limit]
    following = page_url(before=shown[-1]) if len(found) > query.limit else None
    return {"items": [_row(tariff_page.tariff_row(source, each)) for each in shown], "next": following}


@operation("/tariffs/<tariff_id>", answer=TariffDetail)
def tariff(tariff_id: str) -> ResponseReturnValue:
    """One tariff, with its OCPI object"""
    source = service()
    found = source.tariffs.tariffs.get(tariff_id) or abort(404)
    content = found.model_dump(mode="json", exclude_none=True)
    return {**_row(tariff_page.tariff_row(source, tariff_id)), "tariff": content}


@operation(
    "/tariffs/compare", answer=dict[str, Any], query=CompareQuery, media=["text/csv"],
    also={HTTPStatus.ACCEPTED: "It is being made; ask again after Retry-After."},
)  # fmt: skip
def compare(query: CompareQuery) -> ResponseReturnValue:
    """Past sessions under another tariff"""
    del query  # checked; the page and the API read the same names
    run = compare_page.run_of(service(), compare_page.read(Parameters(request.args), in_days=False))
    found = run.found
    if found is None:
        answer = jsonify(state="running", done=run.done, of=run.total)
        answer.status_code, answer.headers["Retry-After"] = HTTPStatus.ACCEPTED, "5"
        return answer
    if exports.wants_csv():
        return exports.stream("compare", compare_page.COLUMNS, lambda: compare_page.rows_of(found))
    return Response(exact_json.dumps(compare_page.as_json(found)), mimetype="application/json")


def _row(row: tariff_page.TariffRow) -> dict[str, Any]:
    """One tariff as a flat row; texts by language."""
    tariff = row.tariff
    return {
        "id": tariff.id,
        "currency": tariff.currency,
        "type": tariff.type,
        "version": tariff.version,
        "since": row.since,
        "valid_from": tariff.start_date_time,
        "valid_to": tariff.end_date_time,
        **{f"words_{told.language}": list(told.words) for told in row.told},
        **{f"examples_{told.language}": list(told.examples) for told in row.told},
        "versions": [each.tariff.version for each in row.versions],
        "assigned": [f"{placed.where}: {placed.assignment}" for placed in row.assignments],
        "warnings": [str(warning) for warning in row.warnings],
    }
