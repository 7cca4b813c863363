"""Silences: what is not told, by whose word and until when."""

from http import HTTPStatus
from typing import Any

from flask import abort
from flask.typing import ResponseReturnValue

from dashboards.api.asked import SilenceBody, SilencesQuery
from dashboards.api.operation import operation
from dashboards.api.shapes.alerts import SilenceShape
from dashboards.api.shapes.common import Page
from dashboards.context import page_url
from dashboards.parameters import BadParameter
from dashboards.principals import principal
from dashboards.sources import service
from monitor.alerts.responses import Silence


@operation("/silences", answer=Page[SilenceShape], query=SilencesQuery)
def silences(query: SilencesQuery) -> ResponseReturnValue:
    """Silences"""
    source = service()
    now = source.now() if query.state == "current" else None
    found = source.responses.silences(now=now, before=query.before, limit=query.limit + 1, sort=query.sort)
    shown = found[: query.limit]
    following = page_url(before=shown[-1].id) if len(found) > query.limit else None
    return {"items": [_row(silence) for silence in shown], "next": following}


@operation("/silences", method="POST", answer=SilenceShape, body=SilenceBody, status=HTTPStatus.CREATED)
def add_silence(body: SilenceBody) -> ResponseReturnValue:
    """Mute alerts that match"""
    source, now = service(), service().now()
    starts_at = body.starts_at or now
    if body.ends_at <= max(starts_at, now):
        raise BadParameter("ends_at", "is not after the start, or is over already")
    made = source.responses.silence(
        body.matchers, author=principal().name, reason=body.reason, starts_at=starts_at, ends_at=body.ends_at, at=now
    )
    return _row(made)


@operation("/silences/<int:number>", answer=SilenceShape)
def silence(number: int) -> ResponseReturnValue:
    """One silence"""
    found = service().responses.get_silence(number) if number < 2**63 else None
    return _row(found or abort(404))


@operation("/silences/<int:number>", method="DELETE", answer=SilenceShape)
def end_silence(number: int) -> ResponseReturnValue:
    """End a silence now; it stays in the list"""
    source = service()
    found = source.responses.end_silence(number, by=principal().name, at=source.now()) if number < 2**63 else None
    return _row(found or abort(404))


def _row(silence: Silence) -> dict[str, Any]:
    return dict(vars(silence))
