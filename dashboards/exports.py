"""JSON, CSV and Arrow for scripts: items and a link to the next page, or the whole range as a stream."""

import io
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import TypeVar

import pyarrow as pa
from flask import Response, jsonify, request

from monitor.cells import csv_lines, plain
from monitor.readings.scanning import ARROW

T = TypeVar("T")

STREAMS = 2
"""Long answers at once: each holds a thread of the server, and the pages need the others."""
_slots = threading.BoundedSemaphore(STREAMS)


def wants_csv() -> bool:
    """By `Accept`, or by `format=csv` where a link cannot set a header."""
    if request.args.get("format") == "csv":
        return True
    accept = request.accept_mimetypes
    return accept.best_match(["application/json", "text/csv"]) == "text/csv"


def wants_arrow() -> bool:
    """By `Accept` alone: a program asks for it."""
    accept = request.accept_mimetypes
    return accept.best_match(["application/json", "text/csv", ARROW]) == ARROW and "format" not in request.args


def items(rows: Sequence[Mapping[str, object]], following: str | None) -> Response:
    """One page as JSON; `next` is the address of the next one, or null."""
    return jsonify({"items": [{k: plain(v) for k, v in row.items()} for row in rows], "next": following})


def stream(name: str, columns: Sequence[str], rows: Callable[[], Iterable[Mapping[str, object]]]) -> Response:
    """All rows as CSV with one header line; 503 while too many others stream."""
    return _streamed(rows, lambda whole: _lines(columns, whole), f"{name}.csv", "text/csv")


def arrow(name: str, schema: pa.Schema, batches: Callable[[], Iterable[pa.RecordBatch]]) -> Response:
    """All rows as an Arrow IPC stream; 503 while too many others stream."""
    return _streamed(batches, lambda whole: _messages(schema, whole), f"{name}.arrows", ARROW)


def _streamed(
    parts: Callable[[], Iterable[T]], made: Callable[[Iterable[T]], Iterator[bytes]], file: str, mimetype: str
) -> Response:
    """The first part is read before the answer begins, so that a store that is away still becomes an error."""
    if not _slots.acquire(blocking=False):
        response = jsonify(title="Busy", status=503, detail=f"{STREAMS} exports are running; try again in a moment")
        response.mimetype = "application/problem+json"
        response.status_code, response.headers["Retry-After"] = 503, "5"
        return response
    try:
        source = iter(parts())
        first = list(islice(source, 1))
    except BaseException:
        _slots.release()
        raise
    response = Response(_Stream(made(chain(first, source)), source, _slots.release), mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return response


class _Stream(Iterator[bytes]):
    """An iterator that gives its slot back once, when it ends or the client goes away."""

    def __init__(self, lines: Iterator[bytes], source: Iterator[object], release: Callable[[], None]) -> None:
        self._lines = lines
        self._source = source
        self._release: Callable[[], None] | None = release

    def __next__(self) -> bytes:
        try:
            return next(self._lines)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Called by the server at the end of the answer, whatever ended it."""
        release, self._release = self._release, None
        if release is None:
            return
        try:
            if isinstance(self._source, Generator):
                self._source.close()  # the reader of the store ends now, not when memory is next tidied
        finally:
            release()


def _lines(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    return (text.encode() for text in csv_lines(columns, rows))


def _messages(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    buffer = io.BytesIO()
    with pa.ipc.new_stream(buffer, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.BytesIO) -> bytes:
    buffer.seek(0)
    content = buffer.read()
    buffer.seek(0)
    buffer.truncate()
    return content
