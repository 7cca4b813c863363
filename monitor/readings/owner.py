"""Who has the embedded store open, and how other processes of the same user ask it: a file beside the store.

`readings.lock` holds the address of the service and a token, and only its owner can read it. DuckDB's own lock says
whether the store is in use; this file says whom to ask then. After a crash it is stale, which nobody minds.
"""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from monitor.errors import StoreUnavailable

LOCK_FILE = "readings.lock"


@dataclass(frozen=True)
class Owner:
    """A service that has the store open: its address without a slash at the end, and what a request has to bring."""

    address: str
    token: str
    pid: int


def announce(folder: Path, address: str) -> Owner:
    """Write the file for this process. Raises StoreUnavailable when it cannot be written."""
    owner = Owner(address, secrets.token_urlsafe(32), os.getpid())
    draft = folder / f"{LOCK_FILE}.{owner.pid}"
    try:
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(owner), file)
        draft.replace(folder / LOCK_FILE)
    except OSError as error:
        raise StoreUnavailable(f"{folder / LOCK_FILE} cannot be written: {error.strerror}") from error
    return owner


def find(folder: Path) -> Owner | None:
    """Who wrote the file last; None where there is none that can be read."""
    try:
        return Owner(**json.loads((folder / LOCK_FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def withdraw(folder: Path, owner: Owner) -> None:
    """Remove the file, unless another process has written its own by now."""
    if find(folder) == owner:
        (folder / LOCK_FILE).unlink(missing_ok=True)
