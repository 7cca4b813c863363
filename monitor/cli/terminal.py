"""What commands share that list things, or that change something in somebody's name."""

import getpass
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


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
