"""What the commands about tariffs share."""

from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from monitor.config import Settings
from monitor.errors import UsageError

EXISTING = click.Path(path_type=Path, exists=True, dir_okay=False)


def zone_of(name: str | None, settings: Settings) -> ZoneInfo:
    """The zone named, or the one of the configuration; raises UsageError."""
    try:
        return ZoneInfo(name or settings.sessions.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UsageError(f"there is no time zone {name!r}; write for example Europe/Stockholm") from error
