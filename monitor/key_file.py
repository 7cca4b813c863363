"""Keys that the service makes for itself: files of `paths.var` that only its user can read."""

import os
import secrets
from pathlib import Path

from monitor.errors import InputError, StoreUnavailable

LEAST = 16
"""Characters of a key: with fewer one could be guessed."""


def read_or_make(path: Path, *, purpose: str, remedy: str) -> bytes:
    """The key in the file, which is made the first time.

    Raises StoreUnavailable when the file can be neither read nor made, InputError when it holds no key. `purpose` says
    what the key does, `remedy` what to do when it is lost.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        key = path.read_bytes().strip()
    except OSError as error:
        raise StoreUnavailable(f"{path}: the key that {purpose} cannot be used: {error.strerror}") from error
    if len(key) < LEAST:
        raise InputError(f"{path} holds no key; {remedy}")
    return key


def checked(key: str, setting: str) -> bytes:
    """A key that was given as a setting; raises InputError when it is too short."""
    if len(key) < LEAST:
        raise InputError(f"{setting} has fewer than {LEAST} characters; make one with: openssl rand -hex 32")
    return key.encode()


def _make(path: Path) -> None:
    """Write a new key whole or not at all; of two processes that do so at once, the first one's stays."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
