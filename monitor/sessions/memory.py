"""What the assembler knows, in a file from a clean stop to the next start.

Without it each session under way is folded anew from its plug-in: at 30,000 of them that takes minutes. The file is a
shortcut only: it is taken once, and whatever does not fit it is left out and the sessions are read from the store.
"""

import hashlib
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger()


def _code() -> str:
    """What the kept values were made by: another code of this package may mean other things by them."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def keep(file: Path, position: int, known: Mapping[str, Any]) -> None:
    """Write it, readable by the owner only; `position`: where the state database has the sessions."""
    fresh = file.with_suffix(".new")
    try:
        fresh.touch(mode=0o600)
        with fresh.open("wb") as out:
            pickle.dump((_code(), position), out)
            pickle.dump(dict(known), out, pickle.HIGHEST_PROTOCOL)
        fresh.replace(file)
    except OSError as error:
        log.warning("sessions under way are not kept, the next start reads them again", error=str(error))


def take(file: Path, position: int) -> Mapping[str, Any] | None:
    """What was kept at this position of the state database, by this code; None otherwise. The file is gone then."""
    try:
        with file.open("rb") as kept:
            # Ours, in our own folder: who can write there can change the database, too.
            if pickle.load(kept) == (_code(), position):  # noqa: S301  # nosec B301
                known: Mapping[str, Any] = pickle.load(kept)  # noqa: S301  # nosec B301
                return known
    except FileNotFoundError:
        pass
    except Exception as error:  # whatever bytes may stand there
        log.warning("sessions kept by the last stop cannot be read", error=str(error))
    finally:
        file.unlink(missing_ok=True)
    return None
