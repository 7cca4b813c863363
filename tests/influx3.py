"""InfluxDB 3 Core as the answers recorded from 3.6 show it (../shared/influx), over HTTP, for a machine without one.

It keeps its rows in a real influxd 1.6.7 and lets that answer InfluxQL. What is different is done here as recorded: a
token for everything, /ping too; a write makes its database and is taken whole or not at all; answers are Parquet with
types, tags in dictionaries and the column `iox::measurement`, and have no bytes where there are no rows; an unknown
database is 404; one statement a question; no `Accept` header for CSV; rows of one moment in another order than
they were written in; and a question may touch so many files, one for each ten minutes with rows of its measurement.
"""

import gzip
import io
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import urllib3

TOKEN = "apiv3_secret"
TAGS = ("site", "station", "connector", "event")
_BLOCK_NS = 600 * 10**9
_PING = b'{"version":"3.6.0","revision":"7e07b134f4","process_id":"4ec842e1-7779-4446-9434-7e57e4fb5acc"}'
_UNREADABLE = b'{"code":"invalid","message":"write buffer error: parsing for line protocol failed"}'
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_BACKSLASH = "\N{REVERSE SOLIDUS OPERATOR}"
"""Stands in 1.6.7 for the backslash of a tag, which 3.x writes as two and 1.6.7 cannot have at the end."""
Answer = tuple[int, bytes]


class Core:
    """`upstream`: address of the influxd 1.6.7; `file_limit`: as `--query-file-limit`. `questions` counts them."""

    def __init__(self, upstream: str, file_limit: int) -> None:
        self._upstream = upstream
        self._pool = urllib3.PoolManager(retries=False)
        self.file_limit = file_limit
        self.questions = 0
        self.url = ""

    def write(self, bucket: str, precision: str, body: bytes) -> Answer:
        names = {"us": "u", "ns": "n"}
        # Where a line is wrong 1.6.7 keeps the others: so all are tried elsewhere first.
        for database in (f"{bucket}, tried", bucket):
            if database not in self._databases():
                self._ask(f'CREATE DATABASE "{database}"', method="POST")
            fields = {"db": database, "precision": names.get(precision, precision)}
            told = self._pool.request("POST", f"{self._upstream}/write?{urlencode(fields)}", body=_resolved(body))
            if told.status != 204:
                return 400, _UNREADABLE
        return 204, b""

    def query(self, database: str, question: str, *, as_json: bool = False) -> Answer:
        """`as_json`: as its `/query` does, with times in microseconds."""
        self.questions += 1
        if ";" in _QUOTED.sub("", question):
            return 500, b"must provide only one InfluxQl statement per query"
        if database not in self._databases():
            return 404, json.dumps({"error": f"query error: database not found: {database}"}).encode()
        if question.startswith("SELECT") and (files := self._files(database, question)) > self.file_limit:
            return 500, (
                f"Query would scan {files} Parquet files, exceeding the file limit. InfluxDB 3 Core caps file access"
            ).encode()
        found = self._ask(question.replace(r"\\", _BACKSLASH), database)
        if "error" in found:
            return 500, f"error in InfluxQL statement: parsing error: {found['error']}".encode()
        series = found.get("series", [])
        return 200, json.dumps(_json(series)).encode() if as_json else _parquet(series)

    def _files(self, database: str, question: str) -> int:
        """Ten minutes of the measurement with rows, as far as the question goes."""
        measurement = re.findall(r'FROM ("(?:[^"\\]|\\.)*")', question)[-1]
        first, last = (re.findall(rf"time {sign} (\d+)", question)[-1] for sign in (">=", "<"))
        found = self._ask(f"SELECT * FROM {measurement} WHERE time >= {first} AND time < {last}", database)
        return len({row[0] // _BLOCK_NS for series in found.get("series", []) for row in series["values"]})

    def _databases(self) -> list[str]:
        [series] = self._ask("SHOW DATABASES")["series"]
        return [row[0] for row in series.get("values", [])]

    def _ask(self, question: str, database: str = "", method: str = "GET") -> dict[str, Any]:
        fields = {"q": question, "db": database, "epoch": "ns"}
        told = json.loads(self._pool.request(method, f"{self._upstream}/query?{urlencode(fields)}").data)
        result: dict[str, Any] = told["results"][0] if "results" in told else told
        return result


def _parquet(series: list[dict[str, Any]]) -> bytes:
    if not series:
        return b""
    [one] = series
    rows = one["values"]
    if one["columns"][0] == "time":
        backwards = rows[::-1]
        rows = sorted(backwards, key=lambda row: row[0]) if _ascending(rows) else rows
    columns = {"iox::measurement": pa.array([one["name"]] * len(rows)).dictionary_encode()}
    for name, values in zip(one["columns"], zip(*rows, strict=True), strict=True):
        columns[name] = _column(name, list(values))
    into = io.BytesIO()
    pq.write_table(pa.table(columns), into)
    return into.getvalue()


def _json(series: list[dict[str, Any]]) -> dict[str, Any]:
    for each in series:
        if each["columns"][0] == "time":
            each["values"] = [[row[0] // 1000, *row[1:]] for row in each["values"]]
    return {"results": [{"statement_id": 0, **({"series": series} if series else {})}]}


def _ascending(rows: list[list[Any]]) -> bool:
    return all(before[0] <= after[0] for before, after in pairwise(rows))


def _column(name: str, values: list[Any]) -> pa.Array:
    if name == "time":
        return pa.array(values, pa.int64()).cast(pa.timestamp("ns"))
    if name in TAGS:
        return pa.array([each and each.replace(_BACKSLASH, "\\") for each in values], pa.string()).dictionary_encode()
    if name.startswith("n_"):
        return pa.array(values, pa.int64())
    if all(value is None for value in values):
        return pa.nulls(len(values))
    return pa.array([float(each) if isinstance(each, int) else each for each in values])


class Handler(BaseHTTPRequestHandler):
    """One request; `core` is set in a class of each server's own."""

    protocol_version = "HTTP/1.1"
    core: Core

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, body: bytes) -> None:
        status, said = self._said(body)
        self.send_response(status)
        if self.path == "/ping" and status == 200:
            self.send_header("X-Influxdb-Version", "3.6.0")
            self.send_header("X-Influxdb-Build", "Core")
        self.send_header("Content-Length", str(len(said)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(said)

    def _said(self, body: bytes) -> Answer:
        where = urlsplit(self.path)
        fields = {name: values[0] for name, values in parse_qs(where.query).items()}
        if self.headers.get("Authorization") not in {f"Token {TOKEN}", f"Bearer {TOKEN}"}:
            return 401, b""
        if where.path == "/ping":
            return 200, _PING
        if where.path == "/api/v2/write":
            packed = self.headers.get("Content-Encoding") == "gzip"
            return self.core.write(fields["bucket"], fields["precision"], gzip.decompress(body) if packed else body)
        return self._asked(where.path, fields)

    def _asked(self, path: str, fields: dict[str, str]) -> Answer:
        if path == "/query" and fields["epoch"] == "u":
            return self.core.query(fields["db"], fields["q"], as_json=True)
        if path != "/api/v3/query_influxql" or fields["format"] != "parquet":
            return 404, b""
        if "csv" in self.headers.get("Accept", ""):
            return 500, b"invalid mime type (application/csv)"
        return self.core.query(fields["db"], fields["q"])


@contextmanager
def core3(upstream: str, file_limit: int = 432) -> Iterator[Core]:
    """A server on a free port."""
    core = Core(upstream, file_limit)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OfCore", (Handler,), {"core": core}))
    core.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield core
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _resolved(body: bytes) -> bytes:
    return re.sub(rb"(?m)^(?:[^ \\\n]|\\.)+", lambda tags: tags[0].replace(b"\\\\", _BACKSLASH.encode()), body)
