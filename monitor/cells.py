"""Values as JSON and CSV carry them, on pages, in the API and in files of commands."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def iso(at: datetime) -> str:
    """ISO 8601 in UTC with `Z`."""
    text = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    return f"{text}Z"


def plain(value: object) -> Any:
    """A value as JSON carries it: ISO 8601 in UTC, numbers for money, seconds for durations."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return float(value)  # money has fewer digits than a double keeps, so its shortest text is the amount
    if isinstance(value, frozenset):
        return sorted(value)
    return value


def jsonable(value: Any) -> Any:
    """The same, all the way down."""
    if isinstance(value, Mapping):
        return {name: jsonable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(each) for each in value]
    return plain(value)


def cell(value: object) -> object:
    """A value as CSV carries it. A text that a spreadsheet would take for a formula gets an apostrophe in front."""
    value = f"{value:f}" if isinstance(value, Decimal) else plain(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(map(str, value))
    return value


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """CSV with one header line, in pieces of some 500 rows."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(_UnixLines(buffer))
    writer.writerow(columns)
    for count, row in enumerate(rows, start=1):
        writer.writerow([cell(row.get(column)) for column in columns])
        if count % 500 == 0:
            yield _taken(buffer)
    yield _taken(buffer)


@dataclass(frozen=True)
class _UnixLines:
    """Ends rows with a line feed: told to do so itself, `csv` leaves a carriage return in a text without quotes."""

    buffer: io.StringIO

    def write(self, row: str) -> None:
        self.buffer.write(row.removesuffix("\r\n") + "\n")


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def json_items(rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """A JSON array, one row a line."""
    begun = False
    for row in rows:
        text = json.dumps({name: plain(value) for name, value in row.items()}, ensure_ascii=False)
        yield f"{',' if begun else '['}\n{text}"
        begun = True
    yield "\n]\n" if begun else "[]\n"
