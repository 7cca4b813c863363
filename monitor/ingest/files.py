"""Files of lines, plain or gzip, in pieces that fit a request; and what kind of lines they are."""

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, Literal, cast

from monitor.errors import InputError
from monitor.ingest.clock import Precision

Format = Literal["line-protocol", "ocpp", "sessions"]

PIECE = 4 * 2**20
"""Bytes read at a time."""
LONGEST_LINE = 64 * 2**20
"""Bytes until a line has to end: a packed file may hold any number of them."""
LARGEST_DOCUMENT = 256 * 2**20
"""Bytes of a file that is one JSON document, which is read as a whole."""
_SEARCHED = 2**20
"""How much of a file is looked at to find out what it is."""
_GZIP = b"\x1f\x8b"
_LINE_PROTOCOL = re.compile(rb"(?:\\.|[^\\, \t])+,(?:\\.|[^\\ ])+=(?:\\.|[^\\ ])+ +(?:\\.|[^\\ =])+=")
_TIMED = re.compile(rb" (-?[0-9]{9,19})\r?$", re.MULTILINE)
_PRECISION_OF_DIGITS: dict[int, Precision] = {10: "s", 13: "ms", 16: "us", 19: "ns"}


@dataclass(frozen=True)
class Piece:
    """Whole lines of a file, the number of the first one, and how many bytes of the file have been read with them."""

    first_line: int
    body: bytes
    position: int


def pieces(path: Path, format_: Format, size: int = PIECE) -> Iterator[Piece]:
    """A file's lines in order. Raises InputError when it cannot be read, a gzip is broken, or a line never ends."""
    with _translated(path), path.open("rb") as raw:
        lines = _unpacked(raw)
        pending, number = b"", 1
        whole = format_ == "ocpp" and _is_one_document(beginning(path))
        while True:
            read = lines.read(LARGEST_DOCUMENT + 1 if whole else size)
            pending += read
            if whole and len(pending) > LARGEST_DOCUMENT:
                largest = f"{LARGEST_DOCUMENT // 2**20} MiB"
                raise InputError(f"{path}: one JSON document of more than {largest}; write one message a line")
            end = len(pending) if whole or not read else _cut(pending, format_)
            if end:
                yield Piece(number, pending[:end], raw.tell())
                number += pending.count(b"\n", 0, end)
                pending = pending[end:]
            if len(pending) > LONGEST_LINE:
                longest = f"{LONGEST_LINE // 2**20} MiB"
                raise InputError(f"{path}: line {number} is longer than {longest}; is this a file of lines?")
            if not read:
                return


def format_of(path: Path) -> Format:
    """What a file holds, by its first line. Raises InputError when that does not tell."""
    head = beginning(path).lstrip(b"\xef\xbb\xbf \t\r\n")
    line = next((line for line in head.splitlines() if line.strip() and not line.startswith(b"#")), b"")
    if line[:1] in {b"{", b"["}:
        return "ocpp"
    if _LINE_PROTOCOL.match(line):
        return "line-protocol"
    if head.startswith(b"PK") or re.search(rb"[,;\t]", line):
        return "sessions"
    raise InputError(f"{path}: its first line does not tell what it holds; name it with --format")


def precision_of(path: Path) -> Precision:
    """The unit of the times in a file of line protocol, by the digits of the first: ten are seconds. Else ns."""
    found = _TIMED.search(beginning(path))
    return _PRECISION_OF_DIGITS.get(len(found[1]), "ns") if found else "ns"


def beginning(path: Path) -> bytes:
    """The first megabyte of a file, unpacked. Raises InputError."""
    with _translated(path), path.open("rb") as raw:
        return _unpacked(raw).read(_SEARCHED)


def _unpacked(raw: BufferedReader) -> BufferedReader:
    if raw.peek(2)[:2] == _GZIP:
        return BufferedReader(cast("Any", gzip.GzipFile(fileobj=raw)), PIECE)
    return raw


class _translated:  # noqa: N801 - used as a word
    """Turns what reading a file raises into InputError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (EOFError, zlib.error, gzip.BadGzipFile)):
            raise InputError(f"{self._path}: the gzip is broken: {error}") from error
        if isinstance(error, OSError):
            raise InputError(f"{self._path}: {error.strerror}") from error


def _is_one_document(beginning_: bytes) -> bool:
    """Whether a file of messages is one JSON array over several lines, not one message a line."""
    text = beginning_.lstrip(b"\xef\xbb\xbf \t\r\n")
    try:
        json.loads(text.split(b"\n", 1)[0])
    except ValueError:
        return text.startswith(b"[")
    return False


def _cut(pending: bytes, format_: Format) -> int:
    """Where the last whole line ends; 0 while there is none."""
    end = pending.rfind(b"\n") + 1
    if format_ != "line-protocol":
        return end
    # A text may hold line breaks: then there is an odd number of quotes before one of them.
    for _ in range(1000):
        if end == 0 or (pending.count(b'"', 0, end) - pending.count(b'\\"', 0, end)) % 2 == 0:
            return end
        end = pending.rfind(b"\n", 0, end - 1) + 1
    return pending.rfind(b"\n") + 1
