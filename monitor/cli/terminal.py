"""What commands share that list things, take times, or change something in somebody's name."""

import getpass
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from monitor.units import parse_duration

F = TypeVar("F", bound=Callable[..., Any])


class Span(click.ParamType[timedelta]):
    """A duration as files write it."""

    name = "4h"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Fails with an example."""
        try:
            return value if isinstance(value, timedelta) else parse_duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def moment(option: str, text: str, zone: ZoneInfo | None = None) -> datetime:
    """The time that an option names, in UTC; without an offset it is of `zone`. Raises UsageError with an example."""
    example = "write for example 2026-03-01T12:00:00Z"
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(f"{option} {text!r} is no time; {example}") from error
    if at.tzinfo is None and zone is None:
        raise click.UsageError(f"{option} {text!r} has no offset; {example}")
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def by_option(command: F) -> F:
    """`--by NAME`: who decides; without it whoever is logged in on this machine."""
    return click.option(
        "--by", "actor", default=_logged_in, metavar="NAME", help="who decides, for the audit log [default: your login]"
    )(command)


def _logged_in() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "command"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print aligned columns."""
    texts = [[inert(str(each)) for each in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *texts, strict=True)]
    for row in [list(head), *texts]:
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def inert(text: str) -> str:
    """A text that others wrote, on one line: a station's name must not move the cursor."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
