"""Query parameters read once, strictly: a value that cannot be meant is an error that names its field."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlsplit

from werkzeug.datastructures import MultiDict

from monitor.errors import InputError
from monitor.units import EPOCH, from_us

T = TypeVar("T", bound=str)

LIMIT_DEFAULT = 100
LIMIT_MAX = 500
COMMENT_MAX = 2000
_EPOCH_SECONDS = re.compile(r"\d{1,11}(\.\d{1,6})?")


class BadParameter(InputError):
    """A parameter is wrong. `field` is its name; `others` are what else is wrong, names with messages."""

    def __init__(self, field: str, message: str, others: Sequence[tuple[str, str]] = ()) -> None:
        self.field = field
        self.wrong = ((field, message), *others)
        super().__init__(f"{field}: {message}")


def read_moment(value: object) -> datetime:
    """RFC 3339 with an offset, or epoch seconds; raises ValueError."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no time")  # noqa: TRY004 - what pydantic listens to
    try:
        if _EPOCH_SECONDS.fullmatch(value):
            return from_us(round(float(value) * 1_000_000))
        # A `+` that was not percent-encoded arrives as a blank; RFC 3339 has no other blank before an offset.
        parsed = datetime.fromisoformat(re.sub(r" (?=\d\d:\d\d$)", "+", value))
        at = parsed.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{value!r} is neither RFC 3339 (2026-03-01T12:00:00Z) nor epoch seconds") from error
    if parsed.tzinfo is None:
        raise ValueError(f"{value!r} has no offset; write for example 2026-03-01T12:00:00Z")
    if at < EPOCH:
        raise ValueError(f"{value!r} is before 1970")
    return at


def read_lines(value: str) -> str:
    """What a person has typed, several lines of it; raises ValueError for what cannot be shown."""
    lines = [" ".join(line.split()) for line in value.strip().splitlines()]
    if not all(line.isprintable() for line in lines):
        raise ValueError("holds characters that cannot be shown")
    return "\n".join(lines)


class Parameters:
    """The parameters of one request."""

    def __init__(self, given: MultiDict[str, str]) -> None:
        self._given = given

    def text(self, field: str) -> str | None:
        """The value without blanks around it; None when it is absent or empty."""
        value = self._given.get(field, "").strip()
        if "\x00" in value:
            raise BadParameter(field, "holds a NUL character")
        return value or None

    def line(self, field: str, *, longest: int = 200) -> str:
        """What a person has typed, on one line; "" when it is absent."""
        value = " ".join((self.text(field) or "").split())
        if len(value) > longest:
            raise BadParameter(field, f"is longer than {longest} characters")
        if not value.isprintable():
            raise BadParameter(field, "holds characters that cannot be shown")
        return value

    def lines(self, field: str, *, longest: int = COMMENT_MAX) -> str:
        """What a person has typed, several lines of it; "" when it is absent."""
        try:
            value = read_lines(self._given.get(field, ""))
        except ValueError as error:
            raise BadParameter(field, str(error)) from error
        if len(value) > longest:
            raise BadParameter(field, f"is longer than {longest} characters")
        return value

    def path(self, field: str) -> str | None:
        """An address of ours to go on to; None when it is absent or leads anywhere else."""
        asked = self._given.get(field, "")
        parts = urlsplit(asked)
        # Browsers read a backslash as a slash and leave out tabs and line breaks: //host in disguise.
        ours = asked.startswith("/") and not asked.startswith("//") and not parts.scheme and not parts.netloc
        return asked if ours and asked.isprintable() and "\\" not in asked else None

    def number(self, field: str, *, most: int = 10**18) -> int | None:
        """A whole number from 1 on; None when it is absent."""
        value = self.text(field)
        if value is None:
            return None
        if not value.isascii() or not value.isdecimal() or len(value) > 19 or not 1 <= int(value) <= most:
            raise BadParameter(field, f"{value!r} is not a whole number from 1 to {most}")
        return int(value)

    def choice(self, field: str, allowed: tuple[T, ...]) -> T | None:
        """One of `allowed`; None when it is absent."""
        value = self.text(field)
        if value is None:
            return None
        for name in allowed:
            if value == name:
                return name
        raise BadParameter(field, f"{value!r} is none of {', '.join(allowed)}")

    def moment(self, field: str) -> datetime | None:
        """RFC 3339 with an offset, or epoch seconds."""
        value = self.text(field)
        try:
            return None if value is None else read_moment(value)
        except ValueError as error:
            raise BadParameter(field, str(error)) from error

    def range(self) -> tuple[datetime | None, datetime | None]:
        """`from` (inclusive) and `to` (exclusive)."""
        start, end = self.moment("from"), self.moment("to")
        if start is not None and end is not None and end <= start:
            raise BadParameter("to", "is not after 'from'")
        return start, end

    def limit(self) -> int:
        """How many items a page holds."""
        value = self.text("limit")
        if value is None:
            return LIMIT_DEFAULT
        if not re.fullmatch(r"\d{1,4}", value) or not 1 <= int(value) <= LIMIT_MAX:
            raise BadParameter("limit", f"{value!r} is not a whole number from 1 to {LIMIT_MAX}")
        return int(value)

    def known(self, *fields: str) -> None:
        """Refuse parameters that nobody reads: a misspelt filter must not silently select everything."""
        for field in self._given:
            if field not in fields:
                raise BadParameter(field, f"is not known here; known are {', '.join(sorted(fields))}")
