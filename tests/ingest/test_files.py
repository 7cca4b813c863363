"""Files in pieces: whole lines, their numbers, gzip, and what kind of lines they are."""

import gzip
from pathlib import Path

import pytest

from monitor.errors import InputError
from monitor.ingest.files import format_of, pieces, precision_of

LINE = b'status,site=s,station=x,connector=1 info="a\nb" 1777636800\n'


def test_pieces_are_whole_lines_with_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "lines.gz"
    path.write_bytes(gzip.compress(LINE * 10))
    found = list(pieces(path, "line-protocol", size=200))
    assert b"".join(piece.body for piece in found) == LINE * 10
    assert len(found) > 2
    for piece in found:
        assert piece.body.startswith(b"status,")
        assert piece.first_line % 2 == 1


def test_the_last_line_needs_no_break(tmp_path: Path) -> None:
    (tmp_path / "lines").write_bytes(b"a\nb\nc")
    assert [(p.first_line, p.body) for p in pieces(tmp_path / "lines", "ocpp", size=2)] == [
        (1, b"a\n"),
        (2, b"b\n"),
        (3, b"c"),
    ]


KINDS = {
    "line protocol": (b"# comment\n\nmeter,site=s,station=x,connector=1 power_w=1 1777636800\n", "line-protocol"),
    "messages": (b'\xef\xbb\xbf{"time": 1}\n', "ocpp"),
    "arrays": (b"[1, 2]\n", "ocpp"),
    "sessions": (b"session,site,station\n", "sessions"),
}


@pytest.mark.parametrize(("body", "kind"), KINDS.values(), ids=KINDS.keys())
def test_what_a_file_holds(tmp_path: Path, body: bytes, kind: str) -> None:
    (tmp_path / "file").write_bytes(body)
    assert format_of(tmp_path / "file") == kind


def test_a_file_that_does_not_tell(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"hello\n")
    with pytest.raises(InputError, match="name it with --format"):
        format_of(tmp_path / "file")


DIGITS = {"s": b"1777636800", "ms": b"1777636800000", "us": b"1777636800000000", "ns": b"1777636800000000000"}


@pytest.mark.parametrize(("precision", "time"), DIGITS.items(), ids=DIGITS.keys())
def test_the_unit_of_times_by_their_digits(tmp_path: Path, precision: str, time: bytes) -> None:
    (tmp_path / "file").write_bytes(b'# 1\nlink,site=s,station=x event="boot" ' + time + b"\r\n")
    assert precision_of(tmp_path / "file") == precision
