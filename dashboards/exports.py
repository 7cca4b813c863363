"""JSON, CSV and Arrow for scripts: items and a link to the next page, or the whole range as a stream."""

import csv
import io
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any, TypeVar

from flask import Response, jsonify, request

from dashboards import formats
from monitor.readings.public import ARROW_STREAM

T = TypeVar("T")
S = TypeVar("S", str, bytes)
Piece = TypeVar("Piece")

STREAMS = 2
"""Long answers at once: each holds a thread of the server, and the pages need the others."""
_slots = threading.BoundedSemaphore(STREAMS)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def wants_csv() -> bool:
    """By `Accept`, or by `format=csv` where a link cannot set a header."""
    return _wants("csv", "text/csv")


def wants_arrow() -> bool:
    """By `Accept`, or by `format=arrow`."""
    return _wants("arrow", ARROW_STREAM)


def _wants(name: str, mimetype: str) -> bool:
    asked = request.args.get("format")
    return asked == name if asked else request.accept_mimetypes.best_match(["application/json", mimetype]) == mimetype


def plain(value: object) -> Any:
    """A value as JSON carries it: ISO 8601 in UTC, numbers for money, seconds for durations."""
    if isinstance(value, datetime):
        return formats.iso(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return float(value)  # money has fewer digits than a double keeps, so its shortest text is the amount
    if isinstance(value, frozenset):
        return sorted(value)
    return value


def cell(value: object) -> object:
    """A value as CSV carries it. A text that a spreadsheet would take for a formula gets an apostrophe in front."""
    value = f"{value:f}" if isinstance(value, Decimal) else plain(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(map(str, value))
    return value


def items(rows: Sequence[Mapping[str, object]], following: str | None) -> Response:
    """One page as JSON; `next` is the address of the next one, or null."""
    return jsonify({"items": [{k: plain(v) for k, v in row.items()} for row in rows], "next": following})


def stream(name: str, columns: Sequence[str], rows: Callable[[], Iterable[Mapping[str, object]]]) -> Response:
    """All rows as CSV with one header line; 503 while too many others stream."""
    return limited(rows, lambda found: _lines(columns, found), "text/csv", f"{name}.csv")


def limited(
    source: Callable[[], Iterable[T]], encode: Callable[[Iterator[T]], Iterator[S]], mimetype: str, filename: str
) -> Response:
    """Everything that `source` gives, encoded piece by piece; 503 while too many others stream.

    The first item is read before the answer begins, so that a store that is away still becomes an error.
    """
    if not _slots.acquire(blocking=False):
        response = jsonify(title="Busy", status=503, detail=f"{STREAMS} exports are running; try again in a moment")
        response.status_code, response.headers["Retry-After"] = 503, "5"
        return response
    try:
        items = iter(source())
        first = next(items, None)
    except BaseException:
        _slots.release()
        raise
    body = _Stream(encode(chain([first] if first is not None else [], items)), _slots.release)
    response = Response(body, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


class _Stream(Iterator[Piece]):
    """An iterator that gives its slot back once, when it ends or the client goes away."""

    def __init__(self, pieces: Iterator[Piece], release: Callable[[], None]) -> None:
        self._pieces = pieces
        self._release: Callable[[], None] | None = release

    def __next__(self) -> Piece:
        try:
            return next(self._pieces)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Called by the server at the end of the answer, whatever ended it."""
        release, self._release = self._release, None
        if release is not None:
            release()


def _lines(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for count, row in enumerate(rows, start=1):
        writer.writerow([cell(row.get(column)) for column in columns])
        if count % 500 == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
