"""Batches on disk, in order, while the server of record is away: append-only segment files with checksums.

A record is its length, checksum and rows, then the batch; an append returns after fsync. What is drained is forgotten
by whole segments, so a crash drains some batches again: writing a batch twice is harmless.
"""

import errno
import os
import struct
import threading
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import FileIO
from pathlib import Path

import structlog

from monitor.errors import DiskFull, StoreFull, StoreUnavailable
from monitor.readings.packing import pack, unpack
from monitor.readings.store import Batch
from monitor.units import from_us, to_us

log = structlog.get_logger()

_HEAD = struct.Struct("<4sIIIq")
"""Magic, bytes of the payload, its CRC-32, rows, when it was received."""
_NO_HEAD = (b"", 0, 0, 0, 0)
_MAGIC = b"LVS1"
_SEGMENT_BYTES = 8 * 2**20
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True)
class Waiting:
    """What is in the spool."""

    batches: int
    rows: int
    size_bytes: int


@dataclass(frozen=True)
class _Record:
    segment: int
    offset: int
    size: int
    rows: int
    received_us: int


class Spool:
    """A first-in-first-out of batches under a folder; any thread may append, one drains."""

    def __init__(self, folder: Path, limit: int) -> None:
        """Open or create it with what an earlier process left; `limit`: bytes on disk. Raises StoreUnavailable."""
        self._folder = folder
        self._limit = limit
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._writing: FileIO | None = None
        self._taken = 0
        self._records: deque[_Record] = deque()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._records.extend(record for path in _segments(folder) for record in _recovered(path))
        except OSError as error:
            raise StoreUnavailable(f"the spool {folder} cannot be opened: {error.strerror}") from error
        self._segment = max((int(path.stem) for path in _segments(folder)), default=0)
        for path in _segments(folder):
            self._forget_drained(int(path.stem))

    def append(self, batch: Batch) -> None:
        """Return once the batch is safe on disk.

        Raises StoreFull at the limit, DiskFull when the disk has no room; the spool is as it was then.
        """
        payload = pack(batch)
        head = _HEAD.pack(_MAGIC, len(payload), zlib.crc32(payload), batch.rows, to_us(batch.received_at))
        with self._lock:
            if self._size_bytes() + len(head) + len(payload) > self._limit:
                raise StoreFull(
                    f"the spool holds {self._limit:,} bytes and InfluxDB is still away; send again later, "
                    "or raise spool.limit"
                )
            try:
                offset = self._write(head + payload)
            except OSError as error:
                if error.errno in _NO_ROOM:
                    raise DiskFull(f"the disk of {self._folder} is full; free some space: {error.strerror}") from error
                raise StoreUnavailable(f"the spool {self._folder} cannot be written: {error.strerror}") from error
            size = len(head) + len(payload)
            self._records.append(_Record(self._segment, offset, size, batch.rows, to_us(batch.received_at)))
            self._arrived.notify_all()

    def first(self, rows: int) -> list[Batch]:
        """The oldest batches, in order, of together about `rows` rows; empty when there is none. Nothing is removed.

        A record that the disk has damaged is left out, and logged.
        """
        with self._lock:
            chosen: list[_Record] = []
            for record in self._records:
                rows -= record.rows
                if chosen and rows < 0:
                    break
                chosen.append(record)
        self._taken = len(chosen)
        return [batch for record in chosen if (batch := self._read(record)) is not None]

    def drop_first(self) -> None:
        """Forget what the last `first` gave: it is stored elsewhere now."""
        with self._lock:
            gone = {self._records.popleft().segment for _ in range(self._taken)}
            self._taken = 0
            for segment in sorted(gone):
                self._forget_drained(segment)

    def wait(self, seconds: float) -> None:
        """Return when there is something to drain, at the latest after `seconds`."""
        with self._arrived:
            if not self._records:
                self._arrived.wait(seconds)

    def wake(self) -> None:
        """Let who waits return."""
        with self._arrived:
            self._arrived.notify_all()

    @property
    def waiting(self) -> Waiting:
        """How much there is to drain; its size counts drained batches of a segment that others still wait in."""
        with self._lock:
            return Waiting(len(self._records), sum(record.rows for record in self._records), self._size_bytes())

    @property
    def oldest(self) -> datetime | None:
        """When the batch that has waited longest was received; None when nothing waits."""
        with self._lock:
            return from_us(self._records[0].received_us) if self._records else None

    def __bool__(self) -> bool:
        return bool(self._records)

    def close(self) -> None:
        """Close the files; what waits stays for the next start."""
        with self._lock:
            self._close_segment()

    def _write(self, record: bytes) -> int:
        """Append to the segment in use and fsync; where it was put. On failure the segment is cut back."""
        if self._writing is not None and self._writing.tell() + len(record) > _SEGMENT_BYTES:
            self._close_segment()
        if self._writing is None:
            self._segment += 1
            # Never one that a crash may have torn: behind a torn record nothing would be found again.
            self._writing = FileIO(self._path(self._segment), "xb")
            _sync_folder(self._folder)
        offset = self._writing.tell()
        try:
            view = memoryview(record)
            while view:
                view = view[self._writing.write(view) :]
            os.fsync(self._writing.fileno())
        except OSError:
            self._writing.truncate(offset)
            self._writing.seek(offset)
            raise
        return offset

    def _read(self, record: _Record) -> Batch | None:
        path = self._path(record.segment)
        try:
            with path.open("rb") as file:
                file.seek(record.offset)
                raw = file.read(record.size)
        except OSError as error:
            raise StoreUnavailable(f"the spool {path} cannot be read: {error.strerror}") from error
        payload = _checked(raw)
        if payload is None:
            log.error("a batch in the spool is damaged and left out", file=str(path), rows=record.rows)
            return None
        return unpack(payload)

    def _forget_drained(self, segment: int) -> None:
        """Delete a segment in which nothing waits any more."""
        if any(record.segment == segment for record in self._records):
            return
        if segment == self._segment:
            self._close_segment()
        self._path(segment).unlink(missing_ok=True)

    def _close_segment(self) -> None:
        if self._writing is not None:
            self._writing.close()
            self._writing = None

    def _size_bytes(self) -> int:
        return sum(path.stat().st_size for path in _segments(self._folder))

    def _path(self, segment: int) -> Path:
        return self._folder / f"{segment:010}.segment"


def contents(folder: Path) -> Waiting:
    """What waits in the spool of a process that may be running; raises StoreUnavailable when it cannot be read.

    Batches that were drained out of a segment in which others still wait are counted with them.
    """
    try:
        records = [record for path in _segments(folder) for record in _recovered(path)]
    except OSError as error:
        raise StoreUnavailable(f"the spool {folder} cannot be read: {error.strerror}") from error
    return Waiting(len(records), sum(record.rows for record in records), sum(record.size for record in records))


def _segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.segment"))


def _recovered(path: Path) -> Iterator[_Record]:
    """The whole records of a segment; behind a torn one nothing was ever acknowledged."""
    offset, end = 0, path.stat().st_size
    with path.open("rb") as file:
        while offset < end:
            head = file.read(_HEAD.size)
            magic, length, _, rows, received_us = _HEAD.unpack(head) if len(head) == _HEAD.size else _NO_HEAD
            size = _HEAD.size + length
            if magic != _MAGIC or offset + size > end:
                log.warning("the tail of a spool segment is torn", file=str(path), offset=offset, bytes=end - offset)
                return
            if _checked(head + file.read(length)) is None:
                log.error("a batch in the spool is damaged and left out", file=str(path), rows=rows)
            else:
                yield _Record(int(path.stem), offset, size, rows, received_us)
            offset += size


def _checked(record: bytes) -> bytes | None:
    """A record's payload if it is whole."""
    if len(record) < _HEAD.size:
        return None
    magic, length, checksum, *_ = _HEAD.unpack_from(record)
    payload = record[_HEAD.size :]
    whole = magic == _MAGIC and len(payload) == length and zlib.crc32(payload) == checksum
    return payload if whole else None


def _sync_folder(folder: Path) -> None:
    """Make a new file's name durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
