"""What the commands about tariffs share."""

import difflib
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import click

from monitor.config import Settings
from monitor.errors import UsageError

EXISTING = click.Path(path_type=Path, exists=True, dir_okay=False)


def zone_of(name: str | None, settings: Settings) -> ZoneInfo:
    """The zone named, or the one of the configuration; raises UsageError."""
    asked = name or settings.sessions.zone
    try:
        return ZoneInfo(asked)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        near = difflib.get_close_matches(asked, available_timezones(), n=1)
        advice = f"did you mean {near[0]}?" if near else "write for example Europe/Stockholm"
        raise UsageError(f"there is no time zone {asked!r}; {advice}") from error
