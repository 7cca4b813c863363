"""Which version of the pages this is: a screen on the wall loads itself anew when it changes."""

import hashlib
from functools import cache
from pathlib import Path

from monitor import __version__

_FOLDERS = ("static", "templates", "translations")


@cache
def release() -> str:
    """The version and a digest of what pages are made of, so that an update in between counts too."""
    digest = hashlib.sha256()
    for folder in _FOLDERS:
        for file in sorted(Path(__file__).with_name(folder).rglob("*")):
            if file.is_file():
                digest.update(file.read_bytes())
    return f"{__version__}-{digest.hexdigest()[:12]}"
