"""The file of a backup: a ZIP archive with a manifest that says what is in it and who made it.

    laddvakt-backup.json   format, version, when, what of
    state.sqlite           the state database, whichever it was
    readings.duckdb        the embedded readings store, where there is one
    user.key, web.key      keys that the service made for itself

ZIP keeps a checksum of every member and its list at the end, so a file that is cut off or damaged is known as such.
"""

import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from monitor.errors import DiskFull, InputError

FORMAT = 1
STATE, READINGS, MANIFEST = "state.sqlite", "readings.duckdb", "laddvakt-backup.json"
KEYS = ("user.key", "web.key")


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself. `schema`: of the state database; `made_at` RFC 3339; `rows` of the readings."""

    format: int
    version: str
    made_at: str
    schema: str
    store: str
    rows: Mapping[str, int]


@contextmanager
def writing(file: Path) -> Iterator[zipfile.ZipFile]:
    """A new archive that has its name once it is whole, readable by its owner only. Raises InputError, DiskFull."""
    unfinished = file.with_name(f"{file.name}.part")
    try:
        descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w+b") as out:
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                yield archive
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(file)
    except OSError as error:
        raise DiskFull(f"{file} cannot be written: {error.strerror or error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def describe(archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """The last member: what a reader looks at first."""
    archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=2))


@contextmanager
def reading(file: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """A backup that was read from end to end; raises InputError when it is damaged, newer than we, or no backup."""
    try:
        with zipfile.ZipFile(file) as archive:
            if MANIFEST not in archive.namelist():
                raise InputError(f"{file} is no backup of Laddvakt: it holds no {MANIFEST}")
            if damaged := archive.testzip():
                raise _damaged(file, f"the checksum of {damaged} is another")
            yield archive, _manifest(file, archive)
    except FileNotFoundError as error:
        raise InputError(f"there is no file {file}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise _damaged(file, str(error)) from error


def unpack(archive: zipfile.ZipFile, member: str, target: Path) -> None:
    """Write a member to a new file that only its owner can read, and see to it that it is on disk."""
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out, archive.open(member) as packed:
            shutil.copyfileobj(packed, out, 2**20)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise DiskFull(f"{target} cannot be written: {error.strerror or error}") from error


def _manifest(file: Path, archive: zipfile.ZipFile) -> Manifest:
    try:
        told = json.loads(archive.read(MANIFEST))
        if told["format"] > FORMAT:
            raise InputError(
                f"{file} was made by Laddvakt {told['version']}, which is newer than this one: install that"
            )
        return Manifest(**told)
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(file, f"{MANIFEST} cannot be read") from error


def _damaged(file: Path, why: str) -> InputError:
    return InputError(f"{file} is damaged: {why}; take another backup, nothing was changed")
