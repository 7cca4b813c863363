"""The write endpoints, as InfluxDB 2 and 1 have them, so that its clients, Telegraf and curl work unchanged.

`/api/v2/write` and `/write` take line protocol, plain or gzip. 204 comes after the readings are on disk. Where lines
are wrong the others are kept all the same, and the answer is 400 naming each wrong line. Organisation, bucket and
database are accepted as they come; who may write, `dashboards.access` says.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, cast

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from monitor.errors import DiskFull, InputError, StoreUnavailable
from monitor.ingest.clock import Precision
from monitor.ingest.line_protocol import Parsed, Rejected
from monitor.service import Service

VERSION = "v2.7.0-laddvakt"
"""What clients choose their dialect by: 2.x, whose write endpoint this is."""

_PRECISIONS: dict[str, Precision] = {"ns": "ns", "us": "us", "ms": "ms", "s": "s"}
_PRECISIONS_1X: dict[str, Precision] = {**_PRECISIONS, "n": "ns", "u": "us", "µ": "us", "m": "m", "h": "h"}
_NAMED_LINES = 20
"""How many wrong lines an answer names; the health page counts the others."""
_RETRY_AFTER_S = 5

writes = Blueprint("writes", __name__)


class Refused(Exception):
    """A request that is not taken: its status, InfluxDB's word for it, and why."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@writes.post("/api/v2/write")
def write_2x() -> Response:
    """InfluxDB 2: `?org=&bucket=&precision=ns|us|ms|s`."""
    try:
        _write(_PRECISIONS)
    except Refused as refused:
        return answer(refused, {"code": refused.code, "message": refused.message})
    return Response(status=HTTPStatus.NO_CONTENT)


@writes.post("/write")
def write_1x() -> Response:
    """InfluxDB 1: `?db=&precision=n|u|ms|s|m|h`."""
    try:
        _write(_PRECISIONS_1X)
    except Refused as refused:
        return answer(refused, {"error": refused.message})
    return Response(status=HTTPStatus.NO_CONTENT)


@writes.get("/ping")
def ping() -> Response:
    """204 with the version, for GET and HEAD."""
    return Response(status=HTTPStatus.NO_CONTENT, headers=_versions())


def influx_health() -> Response:
    """What InfluxDB 2 answers on `/health`: 200 with `pass`, or 503 with `fail` and why."""
    try:
        _service().store.health()
    except StoreUnavailable as error:
        health = {"name": "influxdb", "status": "fail", "message": str(error), "checks": [], "version": VERSION}
        return _with(jsonify(health), HTTPStatus.SERVICE_UNAVAILABLE)
    message = "ready for queries and writes"
    return jsonify(name="influxdb", status="pass", message=message, checks=[], version=VERSION, commit="")


def _write(precisions: dict[str, Precision]) -> None:
    """Store the request's lines; raise Refused when any of it was not stored."""
    written = request.args.get("precision", "ns")
    if written not in precisions:
        raise Refused(HTTPStatus.BAD_REQUEST, "invalid", f"precision {written!r} is none of {', '.join(precisions)}")
    with refusing():
        parsed = _service().intake.write(body(), precisions[written])
    if parsed.rejected:
        raise Refused(HTTPStatus.BAD_REQUEST, "invalid", _report(parsed))


@contextmanager
def refusing() -> Iterator[None]:
    """What keeps rows from being stored, as a refusal of the request."""
    try:
        yield
    except DiskFull as error:
        raise Refused(HTTPStatus.INSUFFICIENT_STORAGE, "insufficient storage", str(error)) from error
    except StoreUnavailable as error:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", str(error)) from error
    except InputError as error:
        raise Refused(HTTPStatus.BAD_REQUEST, "invalid", str(error)) from error


def body() -> bytes:
    """The request's body, unpacked; raises Refused when it is too large or packed in another way than gzip."""
    limit = _service().settings.web.max_body
    request.max_content_length = limit
    try:
        raw = request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise _too_large(limit) from error
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding == "gzip":
        return _inflated(raw, limit)
    if encoding != "identity":
        message = f"Content-Encoding {encoding!r} is not known; send gzip or none"
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "invalid", message)
    return raw


def _inflated(raw: bytes, limit: int) -> bytes:
    """Unpacked gzip, of one part or several; never more than one byte over the limit is unpacked."""
    parts: list[bytes] = []
    size = 0
    while raw:
        unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            part = unpacking.decompress(raw, limit - size + 1)
        except zlib.error as error:
            raise Refused(HTTPStatus.BAD_REQUEST, "invalid", f"the body is not gzip: {error}") from error
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        if not unpacking.eof:
            raise Refused(HTTPStatus.BAD_REQUEST, "invalid", "the body's gzip ends too early")
        parts.append(part)
        raw = unpacking.unused_data
    return b"".join(parts)


def _too_large(limit: int) -> Refused:
    message = f"the body is larger than {limit} bytes; send smaller batches, or raise web.max_body"
    return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request too large", message)


def _report(parsed: Parsed) -> str:
    named: Sequence[Rejected] = parsed.rejected[:_NAMED_LINES]
    lines = "; ".join(f"line {rejected.line}: {rejected.message}" for rejected in named)
    others = len(parsed.rejected) - len(named)
    more = f"; and {others} more" if others else ""
    return f"partial write ({parsed.batch.rows} stored, {len(parsed.rejected)} rejected): {lines}{more}"


def answer(refused: Refused, said: Mapping[str, Any]) -> Response:
    """The answer of a request that is not taken."""
    response = _with(jsonify(said), refused.status)
    response.headers["X-Platform-Error-Code"] = refused.code
    if refused.status is HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(_RETRY_AFTER_S)
    return response


def _with(response: Response, status: HTTPStatus) -> Response:
    response.status_code = status
    response.headers.update(_versions())
    return response


def _versions() -> dict[str, str]:
    return {"X-Influxdb-Version": VERSION, "X-Influxdb-Build": "OSS"}


def _service() -> Service:
    return cast("Service", current_app.extensions["laddvakt"])
