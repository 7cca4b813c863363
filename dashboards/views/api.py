"""JSON and CSV beside the pages, for scripts. Shapes: design.md section 10."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from dashboards import alert_page, compare_page, exports, reading_rows, session_list, tariff_page
from dashboards.context import page_url, texts
from dashboards.parameters import Parameters
from dashboards.sources import service
from monitor.alerts.model import Alert
from monitor.readings import frames
from monitor.sessions.flat import SESSION_COLUMNS, session_row
from monitor.tariffs import exact_json

api = Blueprint("api", __name__, url_prefix="/api/v1")

_PLACE = ("site", "station", "connector")
_PAGING = ("limit", "format")
ALERT_COLUMNS = (
    "id", "rule", "subject", *_PLACE, "level", "state", "pending_at", "firing_at", "resolved_at", "resolved_reason",
    "no_data_since", "title", "summary", "cause",
)  # fmt: skip
TARIFF_COLUMNS = (
    "id", "currency", "type", "version", "since", "valid_from", "valid_to", "words_en", "words_sv", "examples_en",
    "examples_sv", "versions", "assigned", "warnings",
)  # fmt: skip


@api.get("/readings")
def readings() -> ResponseReturnValue:
    """Rows of one measurement: from `from` on in order of time, without it the newest first."""
    parameters = Parameters(request.args)
    parameters.known("measurement", *_PLACE, "from", "to", "cursor", *_PAGING)
    filters, limit = reading_rows.read_filters(parameters), parameters.limit()
    source = service()
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
    rows, cursor = reading_rows.page(source, filters, limit)
    return exports.items(rows, page_url(cursor=cursor) if cursor else None)


@api.get("/alerts")
def alerts() -> ResponseReturnValue:
    """Alerts, newest first: without `state` the active ones and those resolved since `from`, else in the last 24 h."""
    parameters = Parameters(request.args)
    parameters.known("state", "level", "site", "rule", "from", "before", *_PAGING)
    filters, limit = alert_page.AlertFilters.read(parameters), parameters.limit()
    source, since = service(), parameters.moment("from")
    if parameters.text("state") is None:
        filters = alert_page.with_state(filters, "all")
        since = since or source.now() - timedelta(hours=24)

    if exports.wants_csv():
        found = alert_page.find_all(source, filters, since)
        return exports.stream("alerts", ALERT_COLUMNS, lambda: map(alert_row, found))
    page = alert_page.find(source, filters, limit=limit + 1, since=since)
    following = page_url(before=page[limit - 1].id) if len(page) > limit else None
    return exports.items([alert_row(alert) for alert in page[:limit]], following)


@api.get("/sessions")
def sessions() -> ResponseReturnValue:
    """Sessions by plug-in, newest first."""
    parameters = Parameters(request.args)
    parameters.known("from", "to", *session_list.FILTERS, "before", *_PAGING)
    filters, limit = session_list.read_filters(parameters, days=False), parameters.limit()
    source = service()
    if exports.wants_csv():
        found = session_list.find_all(source, filters)
        return exports.stream("sessions", SESSION_COLUMNS, lambda: map(session_row, found))
    page = session_list.find(source, filters, limit + 1)
    following = page_url(before=page[limit - 1].id) if len(page) > limit else None
    return exports.items([session_row(session) for session in page[:limit]], following)


@api.get("/tariffs")
def tariffs() -> ResponseReturnValue:
    """Every tariff in force, with its words."""
    parameters = Parameters(request.args)
    parameters.known("before", *_PAGING)
    source, limit = service(), parameters.limit()
    found = tariff_page.ids_after(source, parameters.text("before"))
    if exports.wants_csv():
        rows = [tariff_row(tariff_page.tariff_row(source, each)) for each in found]
        return exports.stream("tariffs", TARIFF_COLUMNS, lambda: rows)
    following = page_url(before=found[limit - 1]) if len(found) > limit else None
    return exports.items([tariff_row(tariff_page.tariff_row(source, each)) for each in found[:limit]], following)


@api.get("/tariffs/compare")
def compare() -> ResponseReturnValue:
    """Past sessions under another tariff: 202 with how far it is until it has been made, then as the command's."""
    parameters = Parameters(request.args)
    parameters.known(*compare_page.FIELDS, "format")
    run = compare_page.run_of(service(), compare_page.read(parameters, in_days=False))
    found = run.found
    if found is None:
        answer = jsonify(state="running", done=run.done, of=run.total)
        answer.status_code, answer.headers["Retry-After"] = 202, "5"
        return answer
    if exports.wants_csv():
        return exports.stream("compare", compare_page.COLUMNS, lambda: compare_page.rows_of(found))
    return Response(exact_json.dumps(compare_page.as_json(found)), mimetype="application/json")


def tariff_row(row: tariff_page.TariffRow) -> dict[str, Any]:
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


def alert_row(alert: Alert) -> dict[str, Any]:
    """One alert as a flat row."""
    said = texts(alert)
    own = ("id", "rule", "subject", "level", "state", "pending_at", "firing_at", "resolved_at", "resolved_reason")
    return {
        **{name: getattr(alert, name) for name in (*own, "no_data_since")},
        **alert.place._asdict(),
        "title": said.title,
        "summary": said.summary,
        "cause": said.cause,
    }
