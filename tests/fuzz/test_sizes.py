"""Files that are too large, or that unpack to something too large, are refused in words before they fill the memory."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor import config_tree, documents
from monitor.errors import FileProblems, InputError
from monitor.ingest import files
from monitor.tariffs import cdr


def empty(path: Path, size: int) -> Path:
    """A file of that many zeros, which takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(size)
    return path


@pytest.mark.parametrize(("read", "largest"), [
    pytest.param(documents.read, documents.LARGEST, id="yaml"),
    pytest.param(lambda path: config_tree.read(path, {}, []), config_tree.LARGEST, id="toml"),
    pytest.param(cdr.read, cdr.LARGEST, id="cdr"),
])  # fmt: skip
def test_a_file_over_the_limit_is_refused(read: Callable[[Path], object], largest: int, tmp_path: Path) -> None:
    path = empty(tmp_path / "large", largest + 1)
    with pytest.raises(FileProblems) as told:
        read(path)
    [problem] = told.value.problems
    assert problem.code == "too-large"
    assert str(problem).startswith(f"{path}:1:1: is larger than {largest // 2**20} MiB")


@pytest.mark.parametrize("format_", ["line-protocol", "ocpp", "sessions"])
def test_a_small_gzip_of_one_endless_line_is_refused(format_: files.Format, tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=1) as bomb:
        bomb.write(b"meter,site=s\n")
        for _ in range(files.LONGEST_LINE // 2**20 * 4):
            bomb.write(bytes(2**20))
    read: Iterator[files.Piece] = files.pieces(path, format_)
    with pytest.raises(InputError, match=r"bomb\.gz: line 2 is longer than 64 MiB"):
        assert sum(len(piece.body) for piece in read) < 100


def test_one_document_of_messages_over_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_DOCUMENT", 2**20)
    path = tmp_path / "messages.json"
    path.write_bytes(b"[\n" + b'{"a": 1},\n' * 2**17 + b"{}]")
    with pytest.raises(InputError, match="one JSON document of more than 1 MiB; write one message a line"):
        list(files.pieces(path, "ocpp"))
    monkeypatch.setattr(files, "LARGEST_DOCUMENT", 2**24)
    assert len(list(files.pieces(path, "ocpp"))) == 1
